/** Passes chunks on by hand, at each receiver's pace: what some of them haven't got yet waits in memory. */
export class Forwarder {
  /** @type {Uint8Array[]} */
  #chunks = []
  /** @type {(() => void)[]} */
  #waiting = []

  /** @param {import("./bare.js").Link[]} links */
  constructor(links) {
    for (const link of links) void this.#serve(link)
  }

  /** @param {Uint8Array} chunk */
  push(chunk) {
    this.#chunks.push(chunk)
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** @param {import("./bare.js").Link} link */
  async #serve(link) {
    for (let place = 0; ; place += 1) {
      while (place >= this.#chunks.length) await new Promise((resolve) => { this.#waiting.push(resolve) })
      await link.chunksDrain()
      link.sendChunk(this.#chunks[place])
    }
  }
}
