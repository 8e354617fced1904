// Drafts kept on this computer until the server has all of them: IndexedDB, so that a reload, a crash of the tab or a lost
// network loses no text. Each user's own; what is done with is removed, because people share computers.

/** @typedef {import("./save_logic.js").Kept} Kept */

/** What a page could write while it went: storage of its tab that is written at once. */
const GOING = "yihu.draft.";
const NAME = "yihu.drafts";
const STORE = "drafts";

export class KeptDrafts {
  /** @type {Promise<IDBDatabase> | null} */
  #database = null;

  /** The newest copy. @param {string} key @returns {Promise<Kept | null>} */
  async get(key) {
    const going = sessionStorage.getItem(GOING + key);
    sessionStorage.removeItem(GOING + key);
    const last = /** @type {Kept | null} */ (going ? JSON.parse(going) : null);
    const kept = /** @type {Kept | undefined} */ (await this.#do("readonly", (store) => store.get(key)).catch(() => undefined)) ?? null;
    return last && last.at >= (kept?.at ?? 0) ? last : kept;
  }

  /** Those of one user, the newest first. @param {string} user @returns {Promise<Kept[]>} */
  async of(user) {
    const all = /** @type {Kept[]} */ ((await this.#do("readonly", (store) => store.getAll())) ?? []);
    return all.filter((kept) => kept.user === user).sort((a, b) => b.at - a.at);
  }

  /** @param {Kept} kept */
  async put(kept) {
    await this.#do("readwrite", (store) => store.put(kept));
  }

  /** As `put`, by a page that is going: the database may be too slow for it. @param {Kept} kept */
  putGoing(kept) {
    sessionStorage.setItem(GOING + kept.key, JSON.stringify(kept));
  }

  /** @param {string} key */
  async remove(key) {
    await this.#do("readwrite", (store) => store.delete(key));
  }

  /** @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} ask @returns {Promise<T>} */
  async #do(mode, ask) {
    this.#database ??= opened();
    const database = await this.#database;
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "relaxed" });
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
      // Now, not when this task ends: the page may be on its way out.
      transaction.commit();
    });
  }
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => {
      // Another tab wants to change it: it may.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
}
