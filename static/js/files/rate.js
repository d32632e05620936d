// Measures the rate of a transfer, in bytes per second.
/** Milliseconds over which a rate is measured, and milliseconds between two samples. */
export const RATE_MS = 2_000
const SAMPLE_MS = 100

/** The rate at which a number of bytes has grown lately. */
export class Rate {
  /** @type {{ at: number, bytes: number }[]} */
  #samples = []

  /**
   * @param {number} at
   * @param {number} bytes the number of bytes now
   */
  add(at, bytes) {
    const samples = this.#samples
    if (at - (samples.at(-2)?.at ?? -Infinity) < SAMPLE_MS) samples.pop()
    samples.push({ at, bytes })
    while (samples.length > 2 && at - samples[0].at > RATE_MS) samples.shift()
  }

  /**
   * @param {number} now
   * @returns {number} in bytes per second
   */
  at(now) {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (!first || !last || now <= first.at || now - last.at > RATE_MS) return 0
    return Math.round((last.bytes - first.bytes) * 1_000 / (now - first.at))
  }
}
