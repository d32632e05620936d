/** How many peers that have gone are still shown. */
export const MAX_GONE_PEERS = 100
/** How many peers are known at all, whatever a host tells. */
export const MAX_PEERS = 2_000

/** @typedef {import("./frames.js").PeerState} PeerState */

/** Who is in the session, and in which state: kept by the host, followed by its clients. */
export class Presence {
  /** @type {Map<string, PeerState>} */
  #states = new Map()
  /** Those that have gone, who has been so for longest first. @type {Set<string>} */
  #gone = new Set()
  /** The states as they are told, until one changes. @type {Map<string, PeerState> | null} */
  #told = null

  /** @param {Map<string, PeerState>} [states] */
  constructor(states = new Map()) {
    for (const [peerId, state] of states) this.set(peerId, state)
  }

  /** A picture that doesn't change any more; many look at the same one. @returns {Map<string, PeerState>} */
  get states() {
    return (this.#told ??= new Map(this.#states))
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
    this.#told = null
    this.#states.set(peerId, state)
    if (isGone(state)) this.#gone.add(peerId)
    else this.#gone.delete(peerId)
    if (this.#gone.size > MAX_GONE_PEERS) this.#forgetOldest()
    return true
  }

  /**
   * Takes over what the host says.
   * @param {Record<string, PeerState>} states
   * @param {boolean} full whether it is all of it
   */
  merge(states, full) {
    if (full) {
      this.#told = null
      this.#states.clear()
      this.#gone.clear()
    }
    for (const [peerId, state] of Object.entries(states)) this.set(peerId, state)
  }

  // Private

  #forgetOldest() {
    const [oldest] = this.#gone
    this.#gone.delete(oldest)
    this.#states.delete(oldest)
  }
}

/** @param {PeerState} state */
function isGone(state) {
  return state === "disconnected" || state === "closed" || state === "failed"
}
