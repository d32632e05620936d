import { P2pError } from "./errors.js"
import { encodeData } from "./messages.js"

/** How many messages, and how many characters of them, may wait until they are stable. */
export const MAX_WAITING_MESSAGES = 1_000
export const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024

/**
 * A message of this peer's. Its `id` is 0 until it is first sent, its `place` 0 until it has come back.
 *
 * @typedef {object} Entry
 * @property {string} json
 * @property {number} id
 * @property {boolean} isSent over the present connection
 * @property {number} place
 * @property {() => void} resolve
 * @property {(error: P2pError) => void} reject
 */

/** What this peer has sent and doesn't know to be kept by others yet, in order. */
export class Outbox {
  /** @type {Set<Entry>} */
  #entries = new Set()
  #lastId = 0
  #characters = 0

  get size() {
    return this.#entries.size
  }

  /** Whether something waits to be sent. */
  get hasUnsent() {
    return [...this.#entries].some(({ isSent }) => !isSent)
  }

  /**
   * Takes a message in, as it is now: later changes to it don't matter.
   * @param {any} data any value that JSON can hold
   * @returns {Promise<void>} resolves when the message is stable; rejects with the P2pError that prevented it
   * @throws {P2pError} `unsupported`, `too_large`, or `rate_limited` when too much waits already
   */
  add(data) {
    const json = encodeData(data)
    if (this.size >= MAX_WAITING_MESSAGES || this.#characters + json.length > MAX_WAITING_CHARACTERS) {
      throw new P2pError("rate_limited", { message: `${this.size} messages of ${this.#characters} characters wait already.` })
    }
    this.#characters += json.length
    return new Promise((resolve, reject) => this.#entries.add({ json, id: 0, isSent: false, place: 0, resolve, reject }))
  }

  /**
   * Hands what is unsent to `send`, in order, under its number. What it throws refuses that message only; one that comes too fast, or too late, waits.
   * @param {(id: number, json: string) => void} send
   * @returns {boolean} whether nothing is left
   */
  flush(send) {
    for (const entry of this.#entries) {
      if (entry.isSent) continue
      const error = this.#send(entry, send)
      if (error?.code === "rate_limited" || error?.code === "not_joined") return false
      if (error) this.#take(entry)?.reject(error)
    }
    return true
  }

  /**
   * A new connection: what the host has is stable, as this peer has it too; what it hasn't is sent again.
   * @param {number} lastId the last number that the host has
   */
  resume(lastId) {
    for (const entry of this.#entries) {
      entry.isSent = false
      entry.place = 0
      if (entry.id > 0 && entry.id <= lastId) this.#take(entry)?.resolve()
    }
  }

  /** Whether a number is of a message that waits here. @param {number} id */
  has(id) {
    return this.#find(id) !== undefined
  }

  /**
   * The message has come back and was shown.
   * @param {number} id
   * @param {number} place
   */
  placed(id, place) {
    const entry = this.#find(id)
    if (entry) entry.place = place
  }

  /**
   * What has a place up to this one is kept by others.
   * @param {number} place
   */
  stable(place) {
    for (const entry of this.#entries) if (entry.place > 0 && entry.place <= place) this.#take(entry)?.resolve()
  }

  /**
   * The host doesn't pass the message on.
   * @param {number} id
   * @param {P2pError} error
   */
  refuse(id, error) {
    const entry = this.#find(id)
    if (entry) this.#take(entry)?.reject(error)
  }

  /** @param {P2pError} error */
  rejectAll(error) {
    for (const entry of this.#entries) this.#take(entry)?.reject(error)
  }

  // Private

  /**
   * @param {Entry} entry
   * @param {(id: number, json: string) => void} send
   * @returns {P2pError | null}
   */
  #send(entry, send) {
    const isNew = entry.id === 0
    if (isNew) entry.id = ++this.#lastId
    entry.isSent = true // before it is sent, for a host's own message comes back at once
    try {
      send(entry.id, entry.json)
      return null
    } catch (error) {
      entry.isSent = false
      // A number that nobody has seen is given to the next one: the others would wait for it.
      if (isNew && entry.id === this.#lastId) {
        this.#lastId -= 1
        entry.id = 0
      }
      return /** @type {P2pError} */ (error)
    }
  }

  /** @param {number} id */
  #find(id) {
    for (const entry of this.#entries) if (entry.id === id) return entry
    return undefined
  }

  /** @param {Entry} entry */
  #take(entry) {
    if (!this.#entries.delete(entry)) return undefined
    this.#characters -= entry.json.length
    return entry
  }
}
