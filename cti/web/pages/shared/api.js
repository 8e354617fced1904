// The daemon's REST API as pages use it: cookie and CSRF token, errors as ApiError.

/** @typedef {{id: string, name: string, roles: string[], agent: boolean}} User */
/** @typedef {{user: User, csrf: string}} Me */

/** A refusal: `code` is stable, `status` 0 means that the server was not reached. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {any} body */
  constructor(status, code, body) {
    super(code);
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

export class Api {
  constructor() {
    /** Of the session; "" before anybody is logged in. */
    this.csrf = "";
  }

  /** @param {string} path @returns {Promise<any>} */
  get(path) {
    return this.#ask("GET", path);
  }

  /** @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  post(path, body = {}) {
    return this.#ask("POST", path, body);
  }

  /** @param {string} path @param {unknown} body @returns {Promise<any>} */
  patch(path, body) {
    return this.#ask("PATCH", path, body);
  }

  /** @param {string} path @param {unknown} body @returns {Promise<any>} */
  put(path, body) {
    return this.#ask("PUT", path, body);
  }

  /** A file as it is. @param {string} path @param {BodyInit} body @param {string} type @returns {Promise<any>} */
  putBytes(path, body, type) {
    return this.#send(path, { method: "PUT", headers: { "X-CSRF-Token": this.csrf, "Content-Type": type }, body });
  }

  /** @param {string} path @returns {Promise<any>} */
  delete(path) {
    return this.#ask("DELETE", path);
  }

  /** Who is logged in; null: nobody. @returns {Promise<Me | null>} */
  async me() {
    try {
      const me = /** @type {Me} */ (await this.get("/api/me"));
      this.csrf = me.csrf;
      return me;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  }

  /** For the first message of a WebSocket, once, within 30 s. @returns {Promise<string>} */
  async socketTicket() {
    return (await this.post("/api/socket-ticket")).ticket;
  }

  /** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  async #ask(method, path, body) {
    /** @type {RequestInit} */
    const init = { method, headers: { "X-CSRF-Token": this.csrf } };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { ...init.headers, "Content-Type": "application/json" };
    }
    return this.#send(path, init);
  }

  /** @param {string} path @param {RequestInit} init @returns {Promise<any>} */
  async #send(path, init) {
    let response;
    try {
      response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...init });
    } catch {
      throw new ApiError(0, "network", null);
    }
    const answer = await response.json().catch(() => null);
    if (!response.ok) throw new ApiError(response.status, answer?.error ?? "http", answer);
    return answer;
  }
}
