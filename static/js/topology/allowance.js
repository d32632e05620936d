import { Bucket } from "../base/token_bucket.js"
import { CONNECTIONS, FAST_CHARACTERS, FAST_MESSAGES, FLOOD_CONNECTIONS, MAX_ALLOWANCES, NEWS, RELAYED_CHARACTERS, RELAYED_MESSAGES } from "../base/limits.js"

/** How much one peer may still send through its host. It outlives the peer's connections, so that a peer gains nothing by connecting again. */
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
    /** For messages to single peers. They have buckets of their own, so that they needn't wait for messages to everyone. */
    this.letters = { messages: bucket(RELAYED_MESSAGES), characters: bucket(RELAYED_CHARACTERS) }
    this.fastMessages = bucket(FAST_MESSAGES)
    this.fastCharacters = bucket(FAST_CHARACTERS)
    this.news = bucket(NEWS)
    this.connections = bucket(CONNECTIONS)
  }

  /** The peer has sent more than the host can take, so it gets no new connection for a while. */
  punish() {
    this.connections.take(FLOOD_CONNECTIONS)
  }

  /** Whether the peer has its whole allowance left. */
  get isFull() {
    return this.#buckets.every(({ isFull }) => isFull)
  }
}

/** The allowances of all peers that have used some of theirs. */
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

  /** Forgets the allowances that are full. If there are none, it forgets the one that hasn't been used for the longest time. */
  #forget() {
    for (const [peerId, { isFull }] of this.#known) if (isFull) this.#known.delete(peerId)
    if (this.#known.size >= MAX_ALLOWANCES) this.#known.delete(/** @type {string} */ (this.#known.keys().next().value))
  }
}
