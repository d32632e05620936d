import { P2pError } from "../base/errors.js"
import { Allowances } from "./allowance.js"
import { Downstream } from "./downstream.js"
import { Entrance } from "./entrance.js"

/**
 * The paths from a host to its clients: makes them, not too many at once, and knows who is connected.
 *
 * @typedef {import("../wire/path.js").Path} Path
 *
 * @typedef {object} ConnectionsDelegate
 * @property {(downstream: Downstream) => void} removed called when a path has closed and the client is no longer listed
 *
 * @typedef {Pick<import("./role.js").RoleOptions, "signal" | "createPath" | "clock"> & {
 *   epoch: () => number,
 *   delegate: ConnectionsDelegate & import("../wire/path.js").PathDelegate,
 * }} ConnectionsOptions
 */
export class Connections {
  #options
  /** All clients that there is a path to, connected or not. @type {Map<string, Downstream>} */
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

  /** The client at the other end of a path; null if the path is over. @param {Path} path */
  of(path) {
    const downstream = this.#downstreams.get(path.peerId)
    return downstream?.path === path ? downstream : null
  }

  // How they come and go

  /**
   * A peer asks for a path, and gets it when its turn comes.
   * @param {string} peerId
   * @param {boolean} canSend
   */
  ask(peerId, canSend) {
    this.#entrance.ask(peerId, () => this.#connect(peerId, canSend))
  }

  /**
   * A peer has gone, so it no longer needs a path.
   * @param {string} peerId
   * @returns {Downstream | undefined} the client, if there is already a path to it
   */
  forget(peerId) {
    this.#entrance.forget(peerId)
    return this.get(peerId)
  }

  /**
   * Makes a path to a peer. An earlier path to the same peer is closed.
   * @param {string} peerId
   * @param {boolean} canSend
   */
  #connect(peerId, canSend) {
    const former = this.#downstreams.get(peerId)
    if (former) this.#drop(former, new P2pError("peer_replaced"))
    const { createPath, signal, clock, epoch, delegate } = this.#options
    const negotiationId = `${epoch()}-${++this.#negotiations}`
    const path = createPath({ peerId, negotiationId, delegate, signal: (said) => signal(peerId, negotiationId, said) })
    this.#downstreams.set(peerId, new Downstream({ path, canSend, clock, allowance: this.#allowances.of(peerId) }))
    delegate.pathChanged(path)
    path.offer()
  }

  /**
   * @param {string} from
   * @param {string} negotiationId
   * @param {import("../wire/sdp.js").Signal} signal
   */
  receiveSignal(from, negotiationId, signal) {
    const path = this.#downstreams.get(from)?.path
    const offered = "description" in signal && signal.description.type !== "answer"
    if (path?.negotiationId === negotiationId && !offered) path.receiveSignal(signal)
  }

  /** A path is connected, so the host may begin to make another one; unless the path has ended meanwhile. @param {Downstream} downstream */
  add(downstream) {
    if (!downstream.isConnected) return
    this.#connected.set(downstream.peerId, downstream)
    this.#entrance.look()
  }

  /** A path is over, so the host may begin to make another one. @param {Downstream} downstream */
  remove(downstream) {
    this.#drop(downstream)
    this.#entrance.look()
  }

  /** Makes no more paths, and gives all clients to the caller, who closes their paths. */
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
