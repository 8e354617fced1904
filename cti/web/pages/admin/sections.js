// The sections of the desk by name: what is listed, what the form of one thing is, how something new is made.
import { audit } from "./section_audit.js";
import { calendar } from "./section_calendar.js";
import { flows } from "./section_flows.js";
import { numbers } from "./section_numbers.js";
import { people } from "./section_people.js";
import { prompts } from "./section_prompts.js";
import { queues } from "./section_queues.js";
import { rules } from "./section_rules.js";
import { skills } from "./section_skills.js";
import { words } from "./section_words.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {{id: string, title: string, sub?: string, side?: string, tone?: string, heading?: boolean}} Item */
/** A section. `signature`: what its form depends on. `whole`: it draws its place by itself, and `modes`: as text it is drawn as all are. `add`: at the foot of the list.
 * @typedef {{
 *   items: (office: Office, search: string) => Item[], chosen: (office: Office) => string, title: (office: Office) => string,
 *   signature: (office: Office) => string, form: (office: Office) => Node[], add?: (office: Office) => Node[], addSignature?: (office: Office) => string,
 *   whole?: (body: HTMLElement, office: Office, editor: import("./editor.js").Editor) => void, noFoot?: boolean, modes?: boolean,
 * }} Section */

/** @type {Record<string, Section>} */
const SECTIONS = { people, skills, queues, rules, flows, prompts, words, numbers, calendar, audit };

/** @param {string} name @returns {Section} */
export function sectionOf(name) {
  return SECTIONS[name] ?? people;
}
