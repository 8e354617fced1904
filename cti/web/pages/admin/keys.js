// Keys of the whole desk: "/" searches, Ctrl+S saves, Escape leaves what was opened last.

/** @param {import("./office.js").Office} office @param {HTMLInputElement} search */
export function listenToKeys(office, search) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const inField = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      // What is still in a field goes into the draft too; the focus comes back to it.
      const active = document.activeElement;
      if (active instanceof HTMLInputElement || active instanceof HTMLSelectElement) active.dispatchEvent(new Event("change", { bubbles: true }));
      void office.line.then(() => office.saveAll()).then(() => {
        office.tell(office.say("note.saved"), "ok");
        office.draw();
      });
    } else if (event.key === "/" && !inField && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape") {
      if (document.activeElement === search) search.blur();
      else if (office.place.view !== "edit") office.go({ view: "edit" });
    }
  });
  addEventListener("beforeunload", (event) => {
    if (office.unsent.size) event.preventDefault();
  });
}
