// A recipient of a file that this peer sends.
import { LEAST_PACE_BYTES, LEAST_PACE_MS, OFFER_MS, PATIENCE_MS, RETURN_MS, SILENCE_MS, STALL_MS } from "../limits.js"
import { Meter } from "../progress.js"
import { CongestionWindow } from "./congestion_window.js"

/** @typedef {"offered" | "active" | "paused" | "done" | "failed"} TransferState */

/** One recipient of a file that this peer sends: how far it has come, and for how long it has made no progress. */
export class Recipient {
  /** @type {"waiting" | "offered" | "accepted" | "active" | "done" | "failed"} */
  stage = "waiting"
  /** The position that is sent to it next, the furthest position that was ever sent to it, and how much has reached it. */
  position = 0
  sent = 0
  credited = 0
  isPaused = false
  /** Whether it has been told that the last byte was sent. */
  hasEnd = false
  /** @type {import("../../base/errors.js").P2pError | undefined} */
  error
  #isHere
  #idleMs = 0
  /** The same time, but no new connection and no pause resets it. */
  #stillMs = 0
  #quietMs = 0
  /** For how long others have waited for it, and how much had reached it when that began. */
  #lagMs = 0
  #lagFrom = 0
  #window

  /**
   * @param {string} peerId
   * @param {number} size
   * @param {boolean} isHere whether it can be reached now
   * @param {import("./yielding.js").Yielding} yielding
   * @param {() => void} report
   */
  constructor(peerId, size, isHere, yielding, report) {
    this.peerId = peerId
    this.size = size
    this.#isHere = isHere
    this.meter = new Meter(yielding.clock, report)
    this.#window = new CongestionWindow(yielding)
  }

  get isOver() {
    return this.stage === "done" || this.stage === "failed"
  }

  /** The state that an app is shown. @param {boolean} isFilePaused @returns {TransferState} */
  stateOf(isFilePaused) {
    if (this.stage === "active") return this.isPaused || isFilePaused ? "paused" : "active"
    return this.stage === "waiting" || this.stage === "accepted" ? "offered" : this.stage
  }

  /** Whether it takes chunks now. */
  get isServed() {
    return this.stage === "active" && this.#isHere && !this.isPaused
  }

  /** @param {number} length */
  hasRoom(length) {
    return this.position + length <= this.credited + this.#window.size
  }

  /** How many bytes it is sent at once, at most. */
  get chunkBytes() {
    return this.#window.chunkBytes
  }

  /** @param {"offered" | "accepted" | "active" | "done" | "failed"} stage */
  enter(stage) {
    this.stage = stage
    this.#idleMs = this.#stillMs = 0
  }

  /** @param {number} length */
  advance(length) {
    this.position += length
    this.sent = Math.max(this.sent, this.position)
    this.#window.sent(this.position)
    this.#quietMs = 0
  }

  /**
   * @param {{ offset: number, resume?: boolean }} credit
   * @returns {boolean} whether it has made progress
   */
  credit({ offset, resume }) {
    if (this.stage !== "active" || !Number.isSafeInteger(offset) || offset < this.credited || offset > this.sent) return false
    if (resume) this.position = offset
    if (resume || offset === this.credited) return false
    this.credited = offset
    this.#window.credited(offset)
    this.position = Math.max(this.position, offset)
    this.#idleMs = this.#stillMs = 0
    return true
  }

  /** What was on its way may be lost. Sends again from the position that it has confirmed, until it says more. */
  goBack() {
    this.position = this.credited
    this.#window.reset()
    if (this.stage !== "offered") this.#idleMs = 0 // an offer's time goes on, because it isn't made again
  }

  /**
   * @param {boolean} isHere
   * @returns {boolean} whether it has come back
   */
  reach(isHere) {
    if (isHere === this.#isHere) return false
    this.#isHere = isHere
    this.goBack()
    return isHere
  }

  /**
   * Time has passed. It is counted tick by tick, so that the time in which this page was asleep doesn't count against the recipient.
   * @param {number} ms
   * @param {boolean} isFilePaused
   * @param {boolean} isQueued whether what was sent to it may still wait in this page
   * @returns {"declined" | "stalled" | null} how the transfer to it has failed; null if it goes on
   */
  pass(ms, isFilePaused, isQueued) {
    if (this.#isHere && this.#isExcused(isFilePaused)) this.#idleMs = 0
    else this.#idleMs += ms
    if (!isFilePaused && this.stage !== "waiting") this.#stillMs += ms
    if (this.#idleMs < this.#patience(isQueued) && this.#stillMs < PATIENCE_MS) return null
    return this.stage === "offered" ? "declined" : "stalled"
  }

  /**
   * Time has passed in which other recipients of the same file waited for it, or didn't.
   * @param {number} ms
   * @param {boolean} holdsUp
   * @returns {boolean} whether it keeps them waiting and takes hardly anything
   */
  lag(ms, holdsUp) {
    this.#lagMs += ms
    if (holdsUp && this.credited - this.#lagFrom < LEAST_PACE_BYTES) return this.#lagMs > LEAST_PACE_MS
    this.#lagMs = 0
    this.#lagFrom = this.credited
    return false
  }

  /**
   * @param {number} ms
   * @returns {boolean} whether nothing was sent to it for so long that it may think that the sender is gone
   */
  isKeptWaiting(ms) {
    if (!this.isServed) return false
    this.#quietMs = (this.#quietMs + ms) % (2 * SILENCE_MS)
    return this.#quietMs === 0
  }

  // Private

  /** Whether this recipient has nothing to do at the moment. @param {boolean} isFilePaused */
  #isExcused(isFilePaused) {
    if (this.stage === "waiting" || this.stage === "accepted") return true
    return this.stage === "active" && (isFilePaused || this.isPaused || (this.position === this.credited && this.credited < this.size))
  }

  /** @param {boolean} isQueued */
  #patience(isQueued) {
    if (this.stage === "offered") return OFFER_MS
    return this.#isHere && this.credited < this.size && !isQueued ? STALL_MS : RETURN_MS
  }
}
