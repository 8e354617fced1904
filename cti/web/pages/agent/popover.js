// Panels that open beside a button and are in nobody's way: not modal, one at a time, Esc or a click elsewhere closes the top one
// and the caret is back where it was.
import { make } from "/pages/shared/dom.js";

/** @typedef {{anchor: HTMLElement, label: () => string, role?: string, class?: string, onClose?: () => void}} Options */

/** @type {{element: HTMLElement, anchor: HTMLElement, name: string, close: (back?: boolean) => void} | null} */
let open = null;

/** Shows `content` beside `anchor`; the same name again closes it. @param {string} name @param {Options} options
 * @param {(close: () => void) => HTMLElement} content @returns {HTMLElement | null} null: it is closed now */
export function togglePopover(name, { anchor, label, role = "dialog", class: className = "", onClose }, content) {
  const same = open?.name === name;
  closePopover();
  if (same) return null;
  const before = document.activeElement;
  const element = make("div", { class: `popover ${className}`, role, "aria-label": label(), tabindex: "-1" });
  const close = (back = true) => {
    if (open?.element !== element) return;
    open = null;
    const inside = element.contains(document.activeElement);
    element.remove();
    grown.disconnect();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    window.removeEventListener("resize", place);
    if (back && inside && before instanceof HTMLElement) before.focus({ preventScroll: true });
    onClose?.();
  };
  const outside = (/** @type {PointerEvent} */ event) => {
    const at = /** @type {Node} */ (event.target);
    if (!element.contains(at) && !anchor.contains(at)) close(false);
  };
  const place = () => {
    const [box, own] = [anchor.getBoundingClientRect(), element.getBoundingClientRect()];
    const below = box.bottom + 6;
    const top = below + own.height > innerHeight - 8 ? Math.max(8, Math.min(innerHeight - own.height - 8, box.top - own.height - 6)) : below;
    element.style.top = `${top}px`;
    element.style.left = `${Math.max(8, Math.min(box.left, innerWidth - own.width - 8))}px`;
  };
  // What comes from the server later makes it longer.
  const grown = new ResizeObserver(place);
  open = { element, anchor, name, close };
  element.append(content(() => close()));
  document.body.append(element);
  anchor.setAttribute("aria-expanded", "true");
  place();
  grown.observe(element);
  window.addEventListener("resize", place);
  document.addEventListener("pointerdown", outside, true);
  const first = element.querySelector("[data-first]");
  if (first instanceof HTMLElement) first.focus({ preventScroll: true });
  else element.focus({ preventScroll: true });
  return element;
}

/** @returns {boolean} whether there was one */
export function closePopover() {
  const one = open;
  one?.close();
  return one !== null;
}

/** @param {string} name */
export function isOpen(name) {
  return open?.name === name;
}

/** Arrow keys go from one of `items` to the next, and around. @param {HTMLElement} group @param {string} items a selector
 * @param {{wrap?: boolean}} [options] */
export function arrows(group, items, { wrap = true } = {}) {
  group.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const all = [...group.querySelectorAll(items)].filter((one) => one instanceof HTMLElement && one.offsetParent !== null);
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (event.ctrlKey || event.altKey || event.isComposing || at < 0 || all.length === 0) return;
    let to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : step === undefined ? -1 : at + step;
    if (to < 0 && step === undefined) return;
    to = wrap ? (to + all.length) % all.length : Math.max(0, Math.min(all.length - 1, to));
    event.preventDefault();
    const target = all[to];
    if (target instanceof HTMLElement) target.focus();
  });
}
