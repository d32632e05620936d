import { Link } from "../../../static/js/transport/link.js"
import { CONNECT_TIMEOUT_MS, HEARTBEAT, RELAY_AFTER_MS, World } from "./world.js"

/** A world in which some peers find no path to each other. */
export class Walls extends World {
  /** Peers that reach only those who are public. @type {Set<string>} */
  symmetric = new Set()
  /** Peers that everybody reaches. @type {Set<string>} */
  public = new Set()
  /** Pairs that don't reach each other, as "one two" and in either order. @type {Set<string>} */
  walls = new Set()

  /** @param {"off" | "fallback" | "first"} [relay] */
  constructor(relay = "off") {
    super()
    this.server.terms = { relay }
    this.network.reaches = ({ owner: one }, { owner: two }) => !this.#isWall(one, two) && !this.#isWall(two, one)
  }

  /** @param {string} one @param {string} two */
  #isWall(one, two) {
    return (this.symmetric.has(one) && !this.public.has(two)) || this.walls.has(`${one} ${two}`)
  }

  page(peerId, options = {}) {
    const { clock, network } = this
    const createLink = (setup) => new Link({
      ...setup, clock, heartbeat: HEARTBEAT, connectTimeoutMs: CONNECT_TIMEOUT_MS, relayAfterMs: RELAY_AFTER_MS, RTCPeerConnection: /** @type {any} */ (network.of(peerId)),
    })
    return super.page(peerId, { createLink, ...options })
  }
}

/** What each page is. @param {import("./world.js").Page[]} pages */
export const picture = (pages) => pages.map(({ peer }) => [peer.state, peer.hostPeerId])
