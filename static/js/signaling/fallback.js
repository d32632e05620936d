// Which transport the next attempt to reach the server takes: a WebSocket, or long polling where that is allowed.
import { importAgain } from "../base/parts.js"

/**
 * Changes between WebSockets and long polling, for networks that pass only one of them.
 *
 * @typedef {typeof import("./polling/transport.js").Polling} Polling
 * @typedef {NonNullable<ConstructorParameters<typeof import("socket.io-client").Manager>[1]>} Options
 */
export class Fallback {
  #options
  /** @type {Polling | null} */
  #polling = null
  /** Whether the next attempt is made by long polling. */
  #isPolling = false
  /** Whether long polling has had its try since the last connection. */
  #hasTried = false
  #isLoading = false

  /** @param {Options} options those of Socket.IO's manager, which reads them at each attempt */
  constructor(options) {
    this.#options = options
  }

  /**
   * An attempt has failed, or takes too long: the next one goes the other way.
   * @returns {Promise<boolean>} whether it should be made at once, because long polling hasn't been tried yet
   */
  async next() {
    if (this.#isLoading) return false
    if (!this.#isPolling && !(await this.#load())) return false
    this.#use(!this.#isPolling)
    const isFirst = this.#isPolling && !this.#hasTried
    this.#hasTried ||= this.#isPolling
    return isFirst
  }

  /** The server is reached. @param {string} [transport] what has worked, and is tried first the next time */
  succeed(transport) {
    this.#hasTried = false
    this.#use(transport === "polling")
  }

  // Private

  /** @param {boolean} isPolling */
  #use(isPolling) {
    this.#isPolling = isPolling && this.#polling !== null
    this.#options.transports = /** @type {any} */ ([this.#isPolling ? this.#polling : "websocket"])
  }

  async #load() {
    this.#isLoading = true
    this.#polling ??= await importPolling().catch(() => null) // The server is away: this is tried again after the next attempt.
    this.#isLoading = false
    return this.#polling !== null
  }
}

/** @returns {Promise<Polling>} */
async function importPolling() {
  const { Polling } = await import("./polling/transport.js").catch(() => importAgain("p2p-polling.js"))
  return Polling
}
