// What supervisors tell the agent, and what they do to him: a message to read, somebody beside his talk, an order and why.

/** @typedef {import("./desk.js").Desk} Desk */

/** Under which the login page finds why he was logged out. */
const FORCED = "yihu.forced";

/** @param {Desk} desk */
export function listenToSupervisors(desk) {
  let shownAt = 0;
  desk.on("broadcast", ({ id, by_name: name, text, urgent }) => {
    const read = () => void desk.post(`/api/broadcasts/${id}/seen`);
    desk.messages.tell(`broadcast ${id}`, { text: { key: urgent ? "note.broadcast_urgent" : "note.broadcast", values: { name, text } }, tone: urgent ? "bad" : "warn", action: { text: { key: "act.have_read" }, run: read } });
    desk.say(urgent ? "note.broadcast_come_urgent" : "note.broadcast_come", urgent ? "assertive" : "polite");
  });
  desk.on("supervision", ({ on, mode, by_name: name }) => {
    if (on) desk.messages.tell("supervision", { text: { key: `note.supervision_${mode}`, values: { name } }, tone: "warn" });
    else desk.messages.takeBack("supervision");
  });
  desk.on("desk", ({ desk: { forced } }) => {
    if (!forced) {
      shownAt = 0;
      desk.messages.takeBack("forced");
    } else if (forced.at !== shownAt) {
      shownAt = forced.at;
      const values = { name: forced.by_name, why: forced.why };
      desk.messages.tell("forced", { text: { key: `note.forced_${forced.status}`, values }, tone: "warn", action: { text: { key: "act.have_read" }, run: () => {} } });
    }
  });
  desk.on("logged_out", ({ forced }) => {
    if (forced) sessionStorage.setItem(FORCED, JSON.stringify({ name: forced.by_name, why: forced.why }));
  });
}
