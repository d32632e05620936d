import { P2pError } from "./errors.js"
import { DATA, encodeFrame } from "./messages.js"

/** How many messages, and how many characters of them, may wait until they are shown. */
export const MAX_WAITING_MESSAGES = 1_000
export const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024

/**
 * @typedef {object} Entry
 * @property {string} text the encoded frame
 * @property {boolean} sent
 * @property {() => void} resolve
 * @property {(error: P2pError) => void} reject
 */

/** What this peer has sent and has not seen come back yet, in order. */
export class Outbox {
  /** @type {Map<number, Entry>} */
  #entries = new Map()
  #lastId = 0
  #characters = 0

  get size() {
    return this.#entries.size
  }

  /**
   * Takes a message in, as it is now: later changes to it don't matter.
   * @param {any} data any value that JSON can hold
   * @returns {Promise<void>} resolves when the message has been shown here; rejects with the P2pError that prevented it
   * @throws {P2pError} `unsupported`, `too_large`, or `rate_limited` when too much waits already
   */
  add(data) {
    const id = this.#lastId + 1
    const text = encodeFrame({ type: DATA, id, data })
    if (this.#entries.size >= MAX_WAITING_MESSAGES || this.#characters + text.length > MAX_WAITING_CHARACTERS) {
      throw new P2pError("rate_limited", { message: `${this.#entries.size} messages of ${this.#characters} characters wait already.` })
    }
    this.#lastId = id
    this.#characters += text.length
    return new Promise((resolve, reject) => this.#entries.set(id, { text, sent: false, resolve, reject }))
  }

  /**
   * Hands what is unsent to `send`, in order; what it throws for one message refuses that message only.
   * @param {(text: string) => void} send
   */
  flush(send) {
    for (const [id, entry] of this.#entries) {
      if (entry.sent) continue
      entry.sent = true // before it is sent, for a host's own message comes back at once
      try {
        send(entry.text)
      } catch (error) {
        this.#take(id)?.reject(/** @type {P2pError} */ (error))
      }
    }
  }

  /**
   * The message has come back and was shown.
   * @param {number} id
   */
  confirm(id) {
    this.#take(id)?.resolve()
  }

  /**
   * The host doesn't pass the message on.
   * @param {number} id
   * @param {P2pError} error
   */
  refuse(id, error) {
    this.#take(id)?.reject(error)
  }

  /**
   * Refuses what was sent and has not come back: nobody here knows whether the others saw it.
   * @param {P2pError} error
   */
  rejectSent(error) {
    for (const [id, { sent }] of this.#entries) if (sent) this.#take(id)?.reject(error)
  }

  /** @param {P2pError} error */
  rejectAll(error) {
    for (const id of this.#entries.keys()) this.#take(id)?.reject(error)
  }

  // Private

  /** @param {number} id */
  #take(id) {
    const entry = this.#entries.get(id)
    if (!entry) return undefined
    this.#entries.delete(id)
    this.#characters -= entry.text.length
    return entry
  }
}
