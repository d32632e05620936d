import { Bucket } from "../base/token_bucket.js"
import { CONNECTIONS, FAST_CHARACTERS, FAST_MESSAGES, FLOOD_CONNECTIONS, MAX_ALLOWANCES, NEWS, RELAYED_CHARACTERS, RELAYED_MESSAGES } from "../base/limits.js"

/** What one peer may still cost its host now. It outlives the peer's connections, so that a new one brings nothing. */
export class Allowance {
  /** @type {Bucket[]} */
  #buckets = []

  /** @param {import("../base/clock.js").Clock} clock */
  constructor(clock) {
    const bucket = (/** @type {import("../base/limits.js").Rate} */ rate) => {
      const made = new Bucket({ ...rate, clock })
      this.#buckets.push(made)
      return made
    }
    this.messages = bucket(RELAYED_MESSAGES)
    this.characters = bucket(RELAYED_CHARACTERS)
    /** Of messages to single peers, which needn't wait for those to all. */
    this.letters = { messages: bucket(RELAYED_MESSAGES), characters: bucket(RELAYED_CHARACTERS) }
    this.fastMessages = bucket(FAST_MESSAGES)
    this.fastCharacters = bucket(FAST_CHARACTERS)
    this.news = bucket(NEWS)
    this.connections = bucket(CONNECTIONS)
  }

  /** It has sent more than can be taken: it gets no connection for a while. */
  punish() {
    this.connections.take(FLOOD_CONNECTIONS)
  }

  /** Whether it has used nothing up. */
  get isFull() {
    return this.#buckets.every(({ isFull }) => isFull)
  }
}

/** Those of all peers that have used something up. */
export class Allowances {
  #clock
  /** @type {Map<string, Allowance>} */
  #known = new Map()

  /** @param {import("../base/clock.js").Clock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  /** @param {string} peerId */
  of(peerId) {
    const allowance = this.#known.get(peerId) ?? new Allowance(this.#clock)
    this.#known.delete(peerId)
    if (this.#known.size >= MAX_ALLOWANCES) this.#forget()
    this.#known.set(peerId, allowance)
    return allowance
  }

  /** Those that have used nothing up, and if there are none, the one that wasn't asked for the longest time. */
  #forget() {
    for (const [peerId, { isFull }] of this.#known) if (isFull) this.#known.delete(peerId)
    if (this.#known.size >= MAX_ALLOWANCES) this.#known.delete(/** @type {string} */ (this.#known.keys().next().value))
  }
}
