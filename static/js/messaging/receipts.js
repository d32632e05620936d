// Reliable messages from single peers to this one, and their acknowledgements.
import { Timer } from "../base/clock.js"
import { failureOf } from "../base/errors.js"
import { MAX_SENDERS } from "../base/limits.js"
import { RECEIVED } from "../wire/frames.js"

/** Milliseconds between two acknowledgements of the same peer's messages. */
export const ACK_PAUSE_MS = 50

/**
 * Receives reliable messages from single peers: shows each one once, in its sender's order, and acknowledges it.
 *
 * @typedef {import("../wire/frames.js").DirectFrame} DirectFrame
 */
export class Receipts {
  #uplink
  #reader
  /** How far this peer has come with each sender. @type {Map<string, { inc: string, id: number }>} */
  #seen = new Map()
  /** The peers that are owed an acknowledgement. @type {Set<string>} */
  #due = new Set()
  #timer

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {Pick<import("./messenger.js").Uplink, "route">} options.uplink
   * @param {{ letterReceived: (letter: DirectFrame) => void }} options.reader
   */
  constructor({ clock, uplink, reader }) {
    this.#uplink = uplink
    this.#reader = reader
    this.#timer = new Timer(clock)
  }

  /** @param {DirectFrame} frame */
  receive(frame) {
    const { senderId = "", inc, id, after } = frame
    const last = this.#last(senderId, inc)
    // The message before this one was lost on the way. The sender will send both again.
    if (after > last) return
    if (id > last) {
      this.#remember(senderId, inc, id)
      this.#reader.letterReceived(frame)
    }
    // The app may have left the session while it handled the message.
    if (this.#seen.has(senderId)) this.#acknowledge(senderId)
  }

  /** This peer leaves for good. */
  leave() {
    this.#timer.stop()
    this.#due.clear()
    this.#seen.clear()
  }

  // Private

  /**
   * @param {string} senderId
   * @param {string} inc
   */
  #last(senderId, inc) {
    const seen = this.#seen.get(senderId)
    return seen?.inc === inc ? seen.id : 0
  }

  /**
   * @param {string} senderId
   * @param {string} inc
   * @param {number} id
   */
  #remember(senderId, inc, id) {
    this.#seen.delete(senderId)
    if (this.#seen.size >= MAX_SENDERS) this.#seen.delete(/** @type {string} */ (this.#seen.keys().next().value))
    this.#seen.set(senderId, { inc, id })
  }

  /** @param {string} senderId */
  #acknowledge(senderId) {
    this.#due.add(senderId)
    if (!this.#timer.isRunning) this.#sendDue()
  }

  #sendDue() {
    if (this.#due.size === 0) return
    for (const senderId of this.#due) if (this.#isSent(senderId)) this.#due.delete(senderId)
    this.#timer.start(ACK_PAUSE_MS, () => this.#sendDue())
  }

  /** Whether the acknowledgement is settled. If the channel is full, it isn't, and is sent later. @param {string} senderId */
  #isSent(senderId) {
    const seen = this.#seen.get(senderId)
    if (!seen) return true
    return failureOf(() => this.#uplink.route({ type: RECEIVED, to: senderId, ...seen }))?.code !== "rate_limited"
  }
}
