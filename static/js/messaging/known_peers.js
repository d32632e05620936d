// Which peers were seen in the session, and when they left.
import { RETURN_MS } from "./unicast.js"
import { MAX_PEERS } from "../wire/presence.js"

/**
 * Whom a peer has seen in the session, as long as it stays there: after a change of host the picture is empty at first, and who was in it comes back, or has
 * said something that others bring.
 */
export class KnownPeers {
  #peerId
  #clock
  /** How each was seen last, and since when it is missing, those first that are missing for longest. @type {Map<string, { state: import("../wire/presence.js").PeerState, goneAt: number }>} */
  #seen = new Map()

  /**
   * @param {object} options
   * @param {string} options.peerId this peer's own id, which is none of them
   * @param {import("../base/clock.js").Clock} options.clock
   */
  constructor({ peerId, clock }) {
    this.#peerId = peerId
    this.#clock = clock
  }

  /**
   * Takes in who is there now.
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

  /** Whether a peer is in the session, or was a moment ago. @param {string} peerId */
  knows(peerId) {
    return this.#isWithin(RETURN_MS, this.#seen.get(peerId)?.goneAt)
  }

  /** Whether a peer was ever in the session. @param {string} peerId */
  hasMet(peerId) {
    return this.#seen.has(peerId)
  }

  /** Whether somebody was connected less than so long ago, and wasn't seen to go. @param {number} ms */
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
