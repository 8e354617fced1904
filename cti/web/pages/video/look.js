// Light or dark as the telephone is set, and the size of text as the citizen wants it.
import { nextSize, SIZES } from "./visit_logic.js";

const SIZE = "yihu.video.size";

export function followTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => (document.documentElement.dataset["theme"] = dark.matches ? "dark" : "light");
  dark.addEventListener("change", follow);
  follow();
}

/** A mini-program tells the size its user has set by `?size=`. */
export function followSize() {
  const asked = Number(new URLSearchParams(location.search).get("size") ?? localStorage.getItem(SIZE) ?? 0);
  use(SIZES.findLast((size) => size <= asked) ?? 18);
}

export function nextTextSize() {
  use(nextSize(Number.parseInt(document.documentElement.style.fontSize, 10)));
}

/** @param {number} size */
function use(size) {
  document.documentElement.style.fontSize = `${size}px`;
  document.documentElement.dataset["size"] = String(size);
  localStorage.setItem(SIZE, String(size));
}
