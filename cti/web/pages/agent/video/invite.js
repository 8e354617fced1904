// A voice call that could get a picture: a link by the city's messages, or six digits that the agent reads out.
import { make, setText } from "/pages/shared/dom.js";

/** @typedef {import("../desk.js").Desk} Desk */

/** @param {Desk} desk */
export function mountInvite(desk) {
  const button = make("button", { class: "button", type: "button", onclick: () => void invite() });
  const said = make("span", { class: "v-said", role: "status" });
  const element = make("div", { class: "v-invite" }, button, said);
  /** @type {{key: string, values: Record<string, string | number>} | null} */
  let answer = null;
  let callId = "";

  const invite = async () => {
    const id = callId;
    button.disabled = true;
    try {
      const { link, code, until, sent } = await desk.api.post("/api/invitations", { call_id: id });
      const minutes = Math.max(1, Math.round((until - desk.serverNow()) / 60));
      const address = new URL(link).host + "/video";
      if (id === callId) answer = { key: sent ? "video.invite_sent" : "video.invite_read", values: { address, code: `${code.slice(0, 3)} ${code.slice(3)}`, minutes } };
    } catch (error) {
      answer = { key: /** @type {any} */ (error).code === "too_often" ? "video.invite_often" : "video.invite_failed", values: {} };
    }
    button.disabled = false;
    desk.changed();
  };

  return {
    element,
    /** Another call. */
    forget() {
      answer = null;
    },
    /** @param {{call_id: string} | null} call null: nothing to invite to */
    draw(call) {
      element.hidden = call === null;
      callId = call?.call_id ?? "";
      setText(button, desk.dictionary.say("video.invite"));
      setText(said, answer ? desk.dictionary.say(answer.key, answer.values) : "");
      said.title = said.textContent ?? "";
    },
  };
}
