// The outbox: this peer's messages to everyone that aren't known to be stable yet.
import { P2pError } from "../base/errors.js"

/** How many messages, and how many characters of them, may wait to become stable. */
export const MAX_WAITING_MESSAGES = 1_000
export const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024

/**
 * A message of this peer. Its `id` is 0 until it is sent for the first time, its `place` is 0 until it has come back from the host.
 *
 * @typedef {import("../wire/content.js").Content} Content
 *
 * @typedef {object} Entry
 * @property {Content} content
 * @property {number} id
 * @property {number} place
 * @property {number} at when it was taken in, in milliseconds
 * @property {() => void} resolve
 * @property {(error: P2pError) => void} reject
 */

/** The messages that this peer has sent and that aren't known to be stable yet (kept by others), in order. */
export class Outbox {
  /** The messages that were sent over the present connection, by their numbers. @type {Map<number, Entry>} */
  #sent = new Map()
  /** The messages that come after those. @type {Set<Entry>} */
  #unsent = new Set()
  /** The last number that was given to a message. */
  lastId = 0
  #characters = 0
  /** How many messages the host has reported as stable or refused. */
  settled = 0

  get size() {
    return this.#sent.size + this.#unsent.size
  }

  /** The messages that wait here, in order. */
  get waiting() {
    return [...this.#sent.values(), ...this.#unsent]
  }

  /**
   * Takes in a message.
   * @param {Content} content
   * @param {number} [at]
   * @returns {Promise<void>} resolves when the message is stable; rejects with the P2pError that prevented it
   * @throws {P2pError} `rate_limited` when too much waits already
   */
  add(content, at = 0) {
    if (this.size >= MAX_WAITING_MESSAGES || this.#characters + content.size > MAX_WAITING_CHARACTERS) {
      throw new P2pError("rate_limited", { message: `${this.size} messages of ${this.#characters} characters wait already.` })
    }
    this.#characters += content.size
    return new Promise((resolve, reject) => this.#unsent.add({ content, id: 0, place: 0, at, resolve, reject }))
  }

  /**
   * Gives the unsent messages to `send`, in order, with their numbers. An error that `send` throws refuses only that message; but if messages come too fast, or there
   * is no connection, the message waits.
   * @param {(id: number, content: Content) => void} send
   * @returns {boolean} whether no unsent message is left
   */
  flush(send) {
    for (const entry of this.#unsent) {
      const error = this.#send(entry, send)
      if (error?.code === "rate_limited" || error?.code === "not_joined") return false
      if (error) this.#drop(entry)?.reject(error)
    }
    return true
  }

  /**
   * There is a new connection. The messages that the host has are stable, because this peer has them, too. The others are sent again.
   * @param {number} lastId the last number that the host has
   */
  resume(lastId) {
    const entries = this.waiting
    this.#sent.clear()
    this.#unsent = new Set(entries)
    for (const entry of entries) {
      entry.place = 0
      if (entry.id > 0 && entry.id <= lastId) this.#settle(entry)?.resolve()
    }
  }

  /** Whether the message with this number waits here. @param {number} id */
  has(id) {
    return this.#sent.has(id) || [...this.#unsent].some((entry) => entry.id === id)
  }

  /**
   * The message has come back from the host and was shown.
   * @param {number} id
   * @param {number} place
   */
  placed(id, place) {
    const entry = this.#sent.get(id)
    if (entry) entry.place = place
  }

  /**
   * The messages up to this place are kept by others.
   * @param {number} place
   */
  stable(place) {
    // A host gives places in the order of the numbers, so the loop may end at the first one beyond.
    for (const entry of this.#sent.values()) {
      if (entry.place === 0 || entry.place > place) return
      this.#settle(entry)?.resolve()
    }
  }

  /**
   * The host doesn't pass the message on.
   * @param {number} id
   * @param {P2pError} error
   */
  refuse(id, error) {
    const entry = this.#sent.get(id)
    if (entry) this.#settle(entry)?.reject(error)
  }

  /**
   * Gives up the messages that were taken in before a time.
   * @param {number} time
   * @param {P2pError} error
   */
  expire(time, error) {
    for (const entry of this.waiting) {
      if (entry.at >= time) return
      this.#drop(entry)?.reject(error)
    }
  }

  /** @param {P2pError} error */
  rejectAll(error) {
    for (const entry of this.waiting) this.#drop(entry)?.reject(error)
  }

  // Private

  /**
   * @param {Entry} entry
   * @param {(id: number, content: Content) => void} send
   * @returns {P2pError | null}
   */
  #send(entry, send) {
    const isNew = entry.id === 0
    if (isNew) entry.id = ++this.lastId
    // This comes before sending, because a host's own message comes back at once.
    this.#unsent.delete(entry)
    this.#sent.set(entry.id, entry)
    try {
      send(entry.id, entry.content)
      return null
    } catch (error) {
      this.#takeBack(entry, isNew)
      return /** @type {P2pError} */ (error)
    }
  }

  /**
   * @param {Entry} entry
   * @param {boolean} isNew
   */
  #takeBack(entry, isNew) {
    this.#sent.delete(entry.id)
    this.#unsent = new Set([entry, ...this.#unsent])
    // A number that nobody has seen is used for the next message, because the others would wait for it.
    if (!isNew || entry.id !== this.lastId) return
    this.lastId -= 1
    entry.id = 0
  }

  /** @param {Entry} entry */
  #settle(entry) {
    this.settled += 1
    return this.#drop(entry)
  }

  /** @param {Entry} entry */
  #drop(entry) {
    if (!this.#unsent.delete(entry) && !this.#sent.delete(entry.id)) return undefined
    this.#characters -= entry.content.size
    return entry
  }
}
