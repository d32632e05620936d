import { P2pError } from "../base/errors.js"
import { Allowances } from "./allowance.js"
import { Downstream } from "./downstream.js"
import { Entrance } from "./entrance.js"

/**
 * The links from a host to its clients: makes them, not too many at once, and knows who is connected.
 *
 * @typedef {import("../wire/link.js").Link} Link
 *
 * @typedef {object} ConnectionsDelegate
 * @property {(downstream: Downstream) => void} removed called when a link has closed and the client is no longer listed
 *
 * @typedef {Pick<import("./role.js").RoleOptions, "signal" | "relay" | "createLink" | "clock"> & {
 *   epoch: () => number,
 *   delegate: ConnectionsDelegate & import("../wire/link.js").LinkDelegate,
 * }} ConnectionsOptions
 */
export class Connections {
  #options
  /** All clients that there is a link to, connected or not. @type {Map<string, Downstream>} */
  #downstreams = new Map()
  /** The clients that are connected. @type {Map<string, Downstream>} */
  #connected = new Map()
  #negotiations = 0
  #allowances
  #entrance

  /** @param {ConnectionsOptions} options */
  constructor(options) {
    this.#options = options
    const { clock } = options
    this.#allowances = new Allowances(clock)
    this.#entrance = new Entrance({ clock, allowances: this.#allowances, negotiating: () => this.#downstreams.size - this.#connected.size })
  }

  // Who is there

  /** All clients that are connected. */
  get all() {
    return [...this.#connected.values()]
  }

  /** @param {string} peerId */
  get(peerId) {
    return this.#downstreams.get(peerId)
  }

  /** @param {string} peerId */
  connectedTo(peerId) {
    return this.#connected.get(peerId)
  }

  /** The client at the other end of a link; null if the link is over. @param {Link} link */
  of(link) {
    const downstream = this.#downstreams.get(link.peerId)
    return downstream?.link === link ? downstream : null
  }

  // How they come and go

  /**
   * A peer asks for a link, and gets it when its turn comes.
   * @param {string} peerId
   * @param {boolean} canSend
   * @param {string} [brokenLink] the link that it wants to have mended; if there is none of that name any more, it gets a new one
   * @param {boolean} [canHost]
   */
  ask(peerId, canSend, brokenLink, canHost = true) {
    this.#entrance.ask(peerId, () => {
      const link = this.get(peerId)?.link
      if (brokenLink !== undefined && link?.id === brokenLink && link.state === "connected") link.repair()
      else this.#connect(peerId, canSend, canHost)
    })
  }

  /**
   * A peer has gone, so it no longer needs a link.
   * @param {string} peerId
   * @returns {Downstream | undefined} the client, if there is already a link to it
   */
  forget(peerId) {
    this.#entrance.forget(peerId)
    return this.get(peerId)
  }

  /**
   * Makes a link to a peer. An earlier link to the same peer is closed.
   * @param {string} peerId
   * @param {boolean} canSend
   * @param {boolean} canHost
   */
  #connect(peerId, canSend, canHost) {
    const former = this.#downstreams.get(peerId)
    if (former) this.#drop(former, new P2pError("peer_replaced"))
    const { createLink, signal, relay, clock, epoch, delegate } = this.#options
    const link = createLink({
      peerId,
      id: `${epoch()}-${++this.#negotiations}`,
      isHost: true,
      delegate,
      signal: (negotiationId, said, details) => signal(peerId, negotiationId, said, details),
      relay: (name, batch, answered) => relay(peerId, name, batch, answered),
    })
    this.#downstreams.set(peerId, new Downstream({ link, canSend, canHost, clock, allowance: this.#allowances.of(peerId) }))
    delegate.linkChanged(link)
    link.begin()
  }

  /**
   * @param {string} from
   * @param {string} negotiationId
   * @param {import("../wire/sdp.js").Signal} signal
   */
  receiveSignal(from, negotiationId, signal) {
    this.get(from)?.link.receiveSignal(negotiationId, signal)
  }

  /** A link is connected, so the host may begin to make another one; unless the link has ended meanwhile. @param {Downstream} downstream */
  add(downstream) {
    if (!downstream.isConnected) return
    this.#connected.set(downstream.peerId, downstream)
    this.#entrance.look()
  }

  /** A link is over, so the host may begin to make another one. @param {Downstream} downstream */
  remove(downstream) {
    this.#drop(downstream)
    this.#entrance.look()
  }

  /** Makes no more links, and gives all clients to the caller, who closes their links. */
  release() {
    this.#entrance.stop()
    const downstreams = [...this.#downstreams.values()]
    this.#downstreams.clear()
    this.#connected.clear()
    return downstreams
  }

  // Private

  /**
   * @param {Downstream} downstream
   * @param {P2pError} [reason]
   */
  #drop(downstream, reason) {
    downstream.close(reason)
    this.#downstreams.delete(downstream.peerId)
    this.#connected.delete(downstream.peerId)
    this.#options.delegate.removed(downstream)
  }
}
