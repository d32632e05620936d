// Counts the frames of a link in both directions, and keeps those that may have to be sent again.
import { P2pError } from "../base/errors.js"
import { MAX_UNCONFIRMED_BYTES, MAX_UNCONFIRMED_FRAMES } from "../base/limits.js"
import { sizeOf } from "../wire/content.js"

/** A side confirms what has arrived after so many frames, or so many characters and bytes; and with each heartbeat. */
export const CONFIRM_FRAMES = 128
export const CONFIRM_BYTES = 128 * 1024

/**
 * The frames of one link, whichever path they take. Each side counts what it sends and what arrives, in order; so a number needn't travel with each frame. What the
 * other side hasn't confirmed yet is kept, because it is sent again when the link goes on over another path.
 *
 * @typedef {import("../wire/content.js").Packet} Packet
 */
export class Ledger {
  /** How many frames have arrived. */
  received = 0
  #sent = 0
  /** The frames that aren't confirmed, the oldest first. @type {Packet[]} */
  #kept = []
  #keptBytes = 0
  /** What has arrived since this side confirmed something the last time. */
  #unconfirmed = { frames: 0, bytes: 0 }

  /** Whether it is time to confirm what has arrived. */
  get owesWord() {
    return this.#unconfirmed.frames >= CONFIRM_FRAMES || this.#unconfirmed.bytes >= CONFIRM_BYTES
  }

  /** Takes note of a frame that has arrived. @param {Packet} packet */
  take(packet) {
    this.received += 1
    this.#unconfirmed.frames += 1
    this.#unconfirmed.bytes += sizeOf(packet)
  }

  /** This side tells the other how much has arrived. */
  confirm() {
    this.#unconfirmed = { frames: 0, bytes: 0 }
    return this.received
  }

  /** Takes note of a frame that was sent. If too many are kept, the oldest one is dropped: then the link can't go on over another path if that one is lost. @param {Packet} packet */
  sent(packet) {
    this.#sent += 1
    this.#kept.push(packet)
    this.#keptBytes += sizeOf(packet)
    while (this.#isOver) this.#drop(1)
  }

  /**
   * Keeps a frame that can't be sent now.
   * @param {Packet} packet
   * @throws {P2pError} `rate_limited` if too many are kept
   */
  hold(packet) {
    if (this.#kept.length >= MAX_UNCONFIRMED_FRAMES || this.#keptBytes + sizeOf(packet) > MAX_UNCONFIRMED_BYTES) {
      throw new P2pError("rate_limited", { message: `More than ${MAX_UNCONFIRMED_BYTES} bytes wait until the other side can be reached.` })
    }
    this.sent(packet)
  }

  /** The other side has got so many frames. More than were sent can't be, and count as all. @param {number} count */
  confirmed(count) {
    const known = this.#sent - this.#kept.length
    if (count > known) this.#drop(count - known)
  }

  /**
   * The frames that the other side lacks.
   * @param {number} count how many frames it has got
   * @returns {Packet[] | null} null if they aren't kept any more, or if the number can't be
   */
  since(count) {
    const first = this.#sent - this.#kept.length
    if (count < first || count > this.#sent) return null
    this.confirmed(count)
    return [...this.#kept]
  }

  // Private

  get #isOver() {
    return this.#kept.length > MAX_UNCONFIRMED_FRAMES || (this.#keptBytes > MAX_UNCONFIRMED_BYTES && this.#kept.length > 1)
  }

  /** @param {number} count */
  #drop(count) {
    for (const packet of this.#kept.splice(0, count)) this.#keptBytes -= sizeOf(packet)
  }
}
