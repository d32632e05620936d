/** How many peers that have gone are still shown. */
export const MAX_GONE_PEERS = 100
/** How many peers are known at all, whatever a host tells. */
export const MAX_PEERS = 2_000

/** @typedef {import("./messages.js").PeerState} PeerState */

/** Who is in the session, and in which state: kept by the host, followed by its clients. */
export class Presence {
  #states

  /** @param {Map<string, PeerState>} [states] */
  constructor(states) {
    this.#states = new Map(states)
  }

  get states() {
    return new Map(this.#states)
  }

  /** @returns {Record<string, PeerState>} */
  toJSON() {
    return Object.fromEntries(this.#states)
  }

  /** @param {string} peerId */
  has(peerId) {
    return this.#states.has(peerId)
  }

  /**
   * @param {string} peerId
   * @param {PeerState} state
   * @returns {boolean} whether that is news
   */
  set(peerId, state) {
    if (this.#states.get(peerId) === state) return false
    if (!this.#states.has(peerId) && this.#states.size >= MAX_PEERS) return false
    this.#states.set(peerId, state)
    if (isGone(state)) this.#forgetOldest()
    return true
  }

  /**
   * Takes over what the host says.
   * @param {Record<string, PeerState>} states
   * @param {boolean} full whether it is all of it
   */
  merge(states, full) {
    if (full) this.#states = new Map()
    for (const [peerId, state] of Object.entries(states)) this.set(peerId, state)
  }

  // Private

  #forgetOldest() {
    const gone = [...this.#states].filter(([, state]) => isGone(state))
    for (const [peerId] of gone.slice(0, Math.max(0, gone.length - MAX_GONE_PEERS))) this.#states.delete(peerId)
  }
}

/** @param {PeerState} state */
function isGone(state) {
  return state === "disconnected" || state === "closed" || state === "failed"
}
