// Every page says everything in both languages.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const pages = join(import.meta.dirname, "../../cti/web/pages");
const folders = readdirSync(pages, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.name === "words.zh.json")
  .map((entry) => entry.parentPath ?? entry.path);

const read = (/** @type {string} */ folder, /** @type {string} */ lang) =>
  JSON.parse(readFileSync(join(folder, `words.${lang}.json`), "utf8"));
const holes = (/** @type {string} */ text) => (text.match(/\{\w+\}/g) ?? []).sort().join();

test("there are pages with words", () => assert.ok(folders.length > 0));

for (const folder of folders) {
  test(`both languages of ${folder.slice(pages.length)} have the same words`, () => {
    const zh = read(folder, "zh");
    const en = read(folder, "en");
    assert.deepEqual(Object.keys(en).sort(), Object.keys(zh).sort());
    for (const key of Object.keys(zh)) assert.equal(holes(en[key]), holes(zh[key]), key);
  });
}
