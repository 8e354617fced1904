// Draws a part of the page anew without disturbing who works in it: the focus, the caret, what he has typed and has not left
// yet, and how far he has scrolled stay. What is drawn names its inputs by `data-key`.

/** @type {WeakMap<Element, string>} */
const drawn = new WeakMap();

/** `signature`: what the drawing depends on; while it is the same nothing is drawn.
 * @param {Element} place @param {string} signature @param {() => Node[]} build */
export function redraw(place, signature, build) {
  if (drawn.get(place) === signature) return;
  drawn.set(place, signature);
  const active = place.contains(document.activeElement) ? document.activeElement : null;
  const key = active?.getAttribute("data-key");
  const typed = isField(active) ? { value: active.value, dirty: active.value !== active.dataset["shown"], from: caret(active) } : null;
  const scrolled = new Map([...place.querySelectorAll("[data-scroll]")].map((one) => [one.getAttribute("data-scroll"), [one.scrollTop, one.scrollLeft]]));
  place.replaceChildren(...build());
  for (const one of place.querySelectorAll("[data-scroll]")) {
    const [top = 0, left = 0] = scrolled.get(one.getAttribute("data-scroll")) ?? [];
    one.scrollTo(left, top);
  }
  if (!key) return;
  const again = /** @type {HTMLElement | null} */ (place.querySelector(`[data-key="${CSS.escape(key)}"]`));
  if (!again) return;
  again.focus({ preventScroll: true });
  if (typed && isField(again)) {
    if (typed.dirty) again.value = typed.value;
    if (typed.from !== null) again.setSelectionRange?.(typed.from, typed.from);
  }
}

/** Forgets what was drawn: the next drawing is done in any case. @param {Element} place */
export function forget(place) {
  drawn.delete(place);
}

/** @param {Element | null} element @returns {element is HTMLInputElement | HTMLTextAreaElement} */
function isField(element) {
  return (element instanceof HTMLInputElement && !["checkbox", "radio", "file"].includes(element.type)) || element instanceof HTMLTextAreaElement;
}

/** @param {HTMLInputElement | HTMLTextAreaElement} field @returns {number | null} */
function caret(field) {
  return field instanceof HTMLInputElement && ["number", "date", "time", "datetime-local"].includes(field.type) ? null : field.selectionStart;
}
