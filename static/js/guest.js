import { P2pError } from "./errors.js"
import { FloodGuard } from "./flood_guard.js"
import { REFUSED } from "./messages.js"

/** A client as its host sees it: its connection, what it may do, and how far it has come. */
export class Guest {
  #guard
  #lastId = 0

  /**
   * @param {object} options
   * @param {import("./connection.js").Connection} options.connection
   * @param {boolean} options.canSend
   * @param {import("./clock.js").Clock} options.clock
   * @param {(error: P2pError) => void} options.flooded called when this client sends more than can be passed on
   */
  constructor({ connection, canSend, clock, flooded }) {
    this.connection = connection
    this.canSend = canSend
    const error = new P2pError("rate_limited", { message: "This peer sends more than its host can pass on." })
    this.#guard = new FloodGuard({ clock, overflowed: () => flooded(error) })
  }

  get isConnected() {
    return this.connection.state === "connected"
  }

  /**
   * Passes a message on, unless it came before or isn't allowed; one that comes too fast has to wait.
   * @param {import("./messages.js").DataFrame} frame
   * @param {number} size in characters
   * @param {() => void} relay
   */
  admit({ id }, size, relay) {
    if (id <= this.#lastId) return // sent twice, which no client of ours does
    this.#lastId = id
    if (this.canSend) this.#guard.pass(size, relay)
    else this.refuse(id, new P2pError("forbidden", { message: "This peer may read, and not send." }))
  }

  /**
   * @param {number} id
   * @param {P2pError} error
   */
  refuse(id, error) {
    this.connection.trySend({ type: REFUSED, id, error: error.toPayload() })
  }

  /** @param {P2pError} [reason] */
  close(reason) {
    this.#guard.stop()
    this.connection.close(reason)
  }

  abort() {
    this.#guard.stop()
    this.connection.abort()
  }
}
