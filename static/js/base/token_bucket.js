/** A token bucket, which limits a rate: at most `burst` tokens at once, and `rate` tokens a second after that. */
export class Bucket {
  #rate
  #burst
  #clock
  #level
  #filledAt

  /**
   * @param {object} options
   * @param {number} options.rate tokens a second
   * @param {number} options.burst tokens that a full bucket holds
   * @param {import("./clock.js").Clock} options.clock
   */
  constructor({ rate, burst, clock }) {
    this.#rate = rate
    this.#burst = burst
    this.#clock = clock
    this.#level = burst
    this.#filledAt = clock.now()
  }

  get isFull() {
    return this.wait(this.#burst) === 0
  }

  /**
   * How long it takes until so many tokens are there.
   * @param {number} tokens no more than a full bucket holds
   * @returns {number} milliseconds; 0 if they are there now
   */
  wait(tokens) {
    this.#fill()
    return Math.max(0, Math.ceil(((tokens - this.#level) / this.#rate) * 1_000))
  }

  /** @param {number} tokens */
  take(tokens) {
    this.#fill()
    this.#level -= tokens
  }

  /**
   * Takes tokens only if they are there.
   * @param {number} tokens
   * @returns {boolean}
   */
  tryTake(tokens) {
    if (this.wait(tokens) > 0) return false
    this.#level -= tokens
    return true
  }

  #fill() {
    const now = this.#clock.now()
    this.#level = Math.min(this.#burst, this.#level + ((now - this.#filledAt) / 1_000) * this.#rate)
    this.#filledAt = now
  }
}
