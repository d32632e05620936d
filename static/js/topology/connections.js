import { P2pError } from "../base/errors.js"
import { Allowances } from "./allowance.js"
import { Downstream } from "./downstream.js"
import { Entrance } from "./entrance.js"

/**
 * The paths from a host to its clients: makes them, not too many at once, and keeps account of who is connected.
 *
 * @typedef {import("../wire/path.js").Path} Path
 *
 * @typedef {object} ConnectionsDelegate
 * @property {(downstream: Downstream) => void} removed one that is closed is known no more
 *
 * @typedef {Pick<import("./role.js").RoleOptions, "signal" | "createPath" | "clock"> & {
 *   epoch: () => number,
 *   delegate: ConnectionsDelegate & import("../wire/path.js").PathDelegate,
 * }} ConnectionsOptions
 */
export class Connections {
  #options
  /** All that there is a path to. @type {Map<string, Downstream>} */
  #downstreams = new Map()
  /** Those of them that are connected. @type {Map<string, Downstream>} */
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

  /** All that are connected. */
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

  /** Whose path it is; null for one that is over. @param {Path} path */
  of(path) {
    const downstream = this.#downstreams.get(path.peerId)
    return downstream?.path === path ? downstream : null
  }

  // How they come and go

  /**
   * A peer gets a path when it is its turn.
   * @param {string} peerId
   * @param {boolean} canSend
   */
  ask(peerId, canSend) {
    this.#entrance.ask(peerId, () => this.#connect(peerId, canSend))
  }

  /**
   * A peer has gone: it needs none.
   * @param {string} peerId
   * @returns {Downstream | undefined} the one that there is
   */
  forget(peerId) {
    this.#entrance.forget(peerId)
    return this.get(peerId)
  }

  /**
   * An earlier path to the same peer is over.
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

  /** A path is connected, which makes room for another to be made; unless it is over by now. @param {Downstream} downstream */
  add(downstream) {
    if (!downstream.isConnected) return
    this.#connected.set(downstream.peerId, downstream)
    this.#entrance.look()
  }

  /** One is over, which makes room for another. @param {Downstream} downstream */
  remove(downstream) {
    this.#drop(downstream)
    this.#entrance.look()
  }

  /** Lets go of all of them. */
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
