import { Bucket } from "../base/token_bucket.js"
import { P2pError } from "../base/errors.js"
import { BYTES, EXCESS, PARTS, RUBBISH } from "../base/limits.js"

/**
 * Limits what one connection may bring into this page: bytes, frames of each kind, and a few invalid frames. What is too much is dropped before it costs more than
 * reading it. A connection that goes on sending too much is ended.
 */
export class Intake {
  #rates
  #clock
  #exhausted
  #bytes
  #fastBytes
  #parts
  #rubbish
  #excess
  /** @type {Map<string, Bucket>} */
  #kinds = new Map()

  /**
   * @param {object} options
   * @param {Readonly<Record<string, import("../base/limits.js").Rate & { isForgiven?: boolean }>>} options.rates for the kinds of frames that the other side sends
   * @param {import("../base/limits.js").Rate} [options.fastBytes] bytes on the channel for unreliable messages
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {(error: P2pError) => void} options.exhausted called when the connection has to end
   */
  constructor({ rates, fastBytes = BYTES, clock, exhausted }) {
    this.#rates = rates
    this.#clock = clock
    this.#exhausted = exhausted
    this.#bytes = new Bucket({ ...BYTES, clock })
    this.#fastBytes = new Bucket({ ...fastBytes, clock })
    this.#parts = new Bucket({ ...PARTS, clock })
    this.#rubbish = new Bucket({ ...RUBBISH, clock })
    this.#excess = new Bucket({ ...EXCESS, clock })
  }

  /**
   * @param {number} bytes of a packet
   * @param {string} [lane] the channel that it came over
   * @returns {boolean} whether the packet is to be read
   */
  takes(bytes, lane = "messages") {
    if (this.#bytes.tryTake(bytes) && (lane !== "fast" || this.#fastBytes.tryTake(bytes))) return true
    return this.#lose(lane)
  }

  /**
   * @param {number} parts of JSON
   * @param {string} [lane] the channel that it came over
   * @returns {boolean} whether the values are to be built
   */
  builds(parts, lane = "messages") {
    return this.#parts.tryTake(parts) || this.#lose(lane)
  }

  /**
   * @param {string} type of a frame
   * @returns {boolean} whether such a frame may come now
   */
  admits(type) {
    if (!Object.hasOwn(this.#rates, type)) this.refuse()
    else if (this.#bucket(type).tryTake(1)) return true
    else if (!this.#rates[type].isForgiven && !this.#excess.tryTake(1)) this.#flood()
    return false
  }

  /** Counts a frame that can't be read, or that isn't meant for this side. */
  refuse() {
    if (!this.#rubbish.tryTake(1)) this.#exhausted(new P2pError("bad_request", { message: "What was sent can't be read." }))
  }

  // Private

  /** Too much has come over a channel. Only messages end the connection: on the other channels, what is dropped is asked for again, or may be lost. @param {string} lane */
  #lose(lane) {
    if (lane === "messages") this.#flood()
    return false
  }

  #flood() {
    this.#exhausted(new P2pError("rate_limited", { message: "More was sent than can be taken in." }))
  }

  /** @param {string} type */
  #bucket(type) {
    const bucket = this.#kinds.get(type) ?? new Bucket({ ...this.#rates[type], clock: this.#clock })
    this.#kinds.set(type, bucket)
    return bucket
  }
}
