// The progress of a transfer, and when it is reported.
import { REPORT_MS } from "./limits.js"
import { Rate } from "./rate.js"

/**
 * The progress of one transfer with one peer.
 *
 * @typedef {object} Progress
 * @property {string} id the transfer's id
 * @property {string} peerId the other peer
 * @property {"in" | "out"} direction
 * @property {string} name
 * @property {string} type
 * @property {number} size
 * @property {number} transferred at the recipient: bytes that it has written; at the sender: bytes that have reached the recipient, which are a few more
 * @property {number} rate bytes per second
 * @property {import("./sending/recipient.js").TransferState} state
 * @property {import("../base/errors.js").P2pError} [error]
 */

/** Reports the progress of one transfer: not too often, but at each change of its state. */
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

  /** The transfer's rate, in bytes per second. */
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
