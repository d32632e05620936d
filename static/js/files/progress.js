// Reports the progress of a transfer.
import { REPORT_MS } from "./limits.js"
import { Rate } from "./rate.js"

/**
 * How one transfer gets on with one peer.
 *
 * @typedef {object} Progress
 * @property {string} id the transfer's
 * @property {string} peerId the other peer
 * @property {"in" | "out"} direction
 * @property {string} name
 * @property {string} type
 * @property {number} size
 * @property {number} transferred bytes that the recipient has written; where this is the sender's, a little more, that have come to it
 * @property {number} rate bytes per second
 * @property {import("./sending/recipient.js").TransferState} state
 * @property {import("../base/errors.js").P2pError} [error]
 */

/** Tells how one transfer gets on: not too often, and always when its state changes. */
export class Meter {
  #clock
  #report
  #rate = new Rate()
  #reportedAt = -Infinity

  /**
   * @param {import("../base/clock.js").Clock} clock
   * @param {() => void} report
   */
  constructor(clock, report) {
    this.#clock = clock
    this.#report = report
  }

  /** In bytes per second. */
  get rate() {
    return this.#rate.at(this.#clock.now())
  }

  /** @param {number} transferred all bytes so far */
  moved(transferred) {
    this.#rate.add(this.#clock.now(), transferred)
    if (this.#clock.now() - this.#reportedAt >= REPORT_MS) this.report()
  }

  report() {
    this.#reportedAt = this.#clock.now()
    this.#report()
  }
}
