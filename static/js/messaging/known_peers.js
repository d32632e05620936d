// The peers that were seen in the session, and when they left.
import { RETURN_MS } from "./unicast.js"
import { MAX_PEERS } from "../wire/presence.js"

/**
 * The peers that this peer has seen during its stay in the session. They are remembered because the list of peers is empty at first after a change of host: those
 * who were on it come back, or have sent messages that other peers bring to the new host.
 */
export class KnownPeers {
  #peerId
  #clock
  /** The last known state of each peer, and when it left; those that have been away longest come first. @type {Map<string, { state: import("../wire/presence.js").PeerState, goneAt: number }>} */
  #seen = new Map()

  /**
   * @param {object} options
   * @param {string} options.peerId this peer's own id, which isn't remembered
   * @param {import("../base/clock.js").Clock} options.clock
   */
  constructor({ peerId, clock }) {
    this.#peerId = peerId
    this.#clock = clock
  }

  /**
   * Takes in the list of those who are there now.
   * @param {Map<string, import("../wire/presence.js").PeerState>} peers
   */
  meet(peers) {
    const now = this.#clock.now()
    for (const [peerId, seen] of this.#seen) if (!peers.has(peerId)) seen.goneAt = Math.min(seen.goneAt, now)
    for (const [peerId, state] of peers) {
      this.#seen.delete(peerId)
      if (peerId !== this.#peerId) this.#seen.set(peerId, { state, goneAt: Infinity })
    }
    for (const peerId of [...this.#seen.keys()].slice(0, -MAX_PEERS)) this.#seen.delete(peerId)
  }

  /** Whether a peer is in the session, or left it less than `RETURN_MS` ago. @param {string} peerId */
  knows(peerId) {
    return this.#isWithin(RETURN_MS, this.#seen.get(peerId)?.goneAt)
  }

  /** Whether a peer was ever in the session. @param {string} peerId */
  hasMet(peerId) {
    return this.#seen.has(peerId)
  }

  /** Whether there is a peer that was connected less than so long ago, and that nobody has seen leave. @param {number} ms */
  expects(ms) {
    return [...this.#seen.values()].some(({ state, goneAt }) => state === "connected" && this.#isWithin(ms, goneAt))
  }

  forget() {
    this.#seen.clear()
  }

  /** @param {number} ms @param {number} [goneAt] */
  #isWithin(ms, goneAt = -Infinity) {
    return this.#clock.now() - goneAt <= ms
  }
}
