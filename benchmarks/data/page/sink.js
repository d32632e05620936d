import { now } from "./clock.js"

const decoder = new TextDecoder()

/** Counts what has come, until it is all that was expected. */
export class Sink {
  /** Milliseconds that texts took that say when they were sent. @type {number[]} */
  latencies = []
  #system = ""
  #missing = 0
  #countsTexts = false
  #isTimed = false
  #finished = Promise.resolve(0)
  /** @type {(at: number) => void} */
  #finish = () => undefined

  /**
   * Forgets what was before.
   * @param {object} expected
   * @param {string} expected.system what others bring doesn't count
   * @param {number} [expected.texts]
   * @param {number} [expected.bytes]
   * @param {boolean} [expected.isTimed] whether the texts say when they were sent
   */
  expect({ system, texts = 0, bytes = 0, isTimed = false }) {
    this.latencies = []
    this.#system = system
    this.#missing = texts + bytes
    this.#countsTexts = texts > 0
    this.#isTimed = isTimed
    this.#finished = new Promise((resolve) => { this.#finish = resolve })
  }

  /** Resolves with the time at which all had come. */
  get finished() {
    return this.#finished
  }

  get isFinished() {
    return this.#missing <= 0
  }

  /**
   * @param {string} system
   * @param {string | ArrayBuffer | Uint8Array} data
   */
  takeText(system, data) {
    if (system !== this.#system) return
    if (this.#isTimed) this.#time(typeof data === "string" ? data : decoder.decode(data))
    if (this.#countsTexts) this.#take(1)
  }

  /**
   * @param {string} system
   * @param {number} bytes
   */
  takeBytes(system, bytes) {
    if (system === this.#system) this.#take(bytes)
  }

  // Private

  /** @param {string} text */
  #time(text) {
    const sentAt = /@([0-9.]+)\|/.exec(text)?.[1]
    if (sentAt) this.latencies.push(now() - Number(sentAt))
  }

  /** @param {number} amount */
  #take(amount) {
    this.#missing -= amount
    if (this.#missing <= 0) this.#finish(now())
  }
}
