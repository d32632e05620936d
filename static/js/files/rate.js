// How fast a transfer is, in bytes per second.
/** Milliseconds over which a rate is taken, and between two of its samples. */
export const RATE_MS = 2_000
const SAMPLE_MS = 100

/** How fast something has grown of late. */
export class Rate {
  /** @type {{ at: number, bytes: number }[]} */
  #samples = []

  /**
   * @param {number} at
   * @param {number} bytes how large it is now
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
