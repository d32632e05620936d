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

  /** Those that have lost their connection since the last picture was told. @type {Set<string>} */
  #lost = new Set()

  /** @param {Map<string, PeerState>} [states] */
  constructor(states = new Map()) {
    for (const [peerId, state] of states) this.set(peerId, state)
  }

  /** A picture that doesn't change any more; many look at the same one. @returns {Map<string, PeerState>} */
  get states() {
    return (this.#told ??= new Map(this.#states))
  }

  /** @param {string} peerId */
  has(peerId) {
    return this.#states.has(peerId)
  }

  /**
   * Whether nobody would learn any more that a peer was away for a moment, in which something may have been lost: what is known by now has to be told first.
   * @param {string} peerId
   * @param {PeerState} state
   */
  hides(peerId, state) {
    return state === "connected" && this.#lost.has(peerId)
  }

  /** What is known by now has been told. */
  told() {
    this.#lost.clear()
  }

  /**
   * @param {string} peerId
   * @param {PeerState} state
   * @returns {boolean} whether that is news
   */
  set(peerId, state) {
    const former = this.#states.get(peerId)
    if (former === state || (!former && this.#states.size >= MAX_PEERS)) return false
    if (former === "connected" && this.#lost.size < MAX_PEERS) this.#lost.add(peerId)
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
