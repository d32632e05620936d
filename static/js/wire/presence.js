// The list of peers: who is in the session, and in which state.
/** How many peers that have gone are still shown. */
export const MAX_GONE_PEERS = 100
/** How many peers are known at all, even if a host lists more. */
export const MAX_PEERS = 2_000

/** @typedef {import("./frames.js").PeerState} PeerState */

/** The list of peers: who is in the session, and in which state. The host keeps it, and its clients copy it. */
export class Presence {
  /** @type {Map<string, PeerState>} */
  #states = new Map()
  /** The peers that have gone; those that have been gone longest come first. @type {Set<string>} */
  #gone = new Set()
  /** The states as a map to hand out, until one of them changes. @type {Map<string, PeerState> | null} */
  #told = null

  /** The peers that have lost their connection since the list was last told. @type {Set<string>} */
  #lost = new Set()

  /** @param {Map<string, PeerState>} [states] */
  constructor(states = new Map()) {
    for (const [peerId, state] of states) this.set(peerId, state)
  }

  /** The list as it is now. The map never changes later, so that many can share it. @returns {Map<string, PeerState>} */
  get states() {
    return (this.#told ??= new Map(this.#states))
  }

  /** @param {string} peerId */
  has(peerId) {
    return this.#states.has(peerId)
  }

  /**
   * Whether this new state would hide that a peer was away for a moment. Messages may have been lost then, so the list has to be told first, as it is now.
   * @param {string} peerId
   * @param {PeerState} state
   */
  hides(peerId, state) {
    return state === "connected" && this.#lost.has(peerId)
  }

  /** The list has been told as it is now. */
  told() {
    this.#lost.clear()
  }

  /**
   * @param {string} peerId
   * @param {PeerState} state
   * @returns {boolean} whether the state is a new one
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
   * Takes over the states that the host has sent.
   * @param {Record<string, PeerState>} states
   * @param {boolean} full whether they are the whole list
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
