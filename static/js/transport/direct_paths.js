// The direct paths that a link has, and how new ones are made.
import { DirectPath } from "./direct_path.js"
import { OFFERS } from "../base/limits.js"
import { Bucket } from "../base/token_bucket.js"

/**
 * Makes the direct paths of a link: one at a time, and another one beside it while that one carries the link. The host makes the offers.
 *
 * @typedef {import("../wire/sdp.js").Signal} Signal
 *
 * @typedef {Pick<import("./link.js").LinkOptions, "peerId" | "id" | "isHost" | "terms" | "iceTransportPolicy" | "clock" | "RTCPeerConnection"> & {
 *   delegate: import("./path.js").PathDelegate & import("./direct_path.js").DirectPathDelegate,
 *   intake: import("./intake.js").Intake,
 *   signal: (negotiationId: string, signal: Signal, restart: boolean) => void,
 * }} DirectPathsOptions
 */
export class DirectPaths {
  #options
  /** The newest one, open or not. @type {DirectPath | null} */
  #newest = null
  /** The one that was open when the newest one was begun. @type {DirectPath | null} */
  #former = null
  /** How many negotiations this host has begun, or the number of the last one that this client has heard of. */
  #negotiations = 0
  /** The name of the negotiation that only restarts ICE. */
  #restarts = ""
  #offers

  /** @param {DirectPathsOptions} options */
  constructor(options) {
    this.#options = options
    this.#offers = new Bucket({ ...OFFERS, clock: options.clock })
  }

  get all() {
    return /** @type {DirectPath[]} */ ([this.#newest, this.#former].filter((path) => path !== null))
  }

  /**
   * Makes an offer. Only the host calls this.
   * @param {boolean} mayRestart whether an ICE restart may do, which keeps what is under way in a connection
   */
  attempt(mayRestart) {
    const { id } = this.#options
    const negotiationId = this.#negotiations++ === 0 ? id : `${id}.${this.#negotiations}`
    if (mayRestart && this.#newest?.hasOpened) {
      this.#restarts = negotiationId
      this.#newest.restart(negotiationId)
    } else this.#make(negotiationId).offer()
  }

  /**
   * @param {string} negotiationId
   * @param {Signal} signal
   * @param {boolean} restart whether an offer only restarts ICE
   * @returns {boolean} whether it belongs to one of these paths
   */
  receive(negotiationId, signal, restart) {
    const known = this.all.find((path) => path.negotiationId === negotiationId)
    const type = "description" in signal ? signal.description.type : undefined
    // Only the host makes offers, and a client may send it anything, over the server and over the link itself.
    if (this.#options.isHost ? !known || (type ?? "answer") !== "answer" : !known && type !== "offer") return false
    if (!known) {
      const number = numberOf(negotiationId)
      // A later offer has overtaken it, or the host makes too many.
      if (number <= this.#negotiations || !this.#offers.tryTake(1)) return true
      this.#negotiations = number
    }
    const path = known ?? (restart ? this.#newest : this.#make(negotiationId))
    path?.receiveSignal(signal, negotiationId)
    return true
  }

  /** There are other ICE servers. */
  configure() {
    for (const path of this.all) path.configure(this.#configuration)
  }

  /** A path has ended. @param {import("./path.js").Path} path */
  remove(path) {
    if (path === this.#former) this.#former = null
    if (path === this.#newest) this.#newest = null
  }

  /** This path carries the link, so the others are closed. @param {import("./path.js").Path} path */
  keepOnly(path) {
    const [kept = null] = this.all.filter((each) => each === path)
    for (const other of this.all) if (other !== kept) other.close()
    this.#newest = kept
    this.#former = null
  }

  // Private

  get #configuration() {
    const { terms, iceTransportPolicy } = this.#options
    return { iceServers: terms.iceServers(), ...(iceTransportPolicy && { iceTransportPolicy }) }
  }

  /** @param {string} negotiationId */
  #make(negotiationId) {
    const { isHost, signal, ...options } = this.#options
    const path = new DirectPath({ ...options, negotiationId, offers: isHost, configuration: this.#configuration, signal: (name, said) => signal(name, said, name === this.#restarts) })
    if (this.#newest?.hasOpened) {
      this.#former?.close()
      this.#former = this.#newest
    } else this.#newest?.close()
    return (this.#newest = path)
  }
}

/** The number of a negotiation within its link, from 1. @param {string} negotiationId */
function numberOf(negotiationId) {
  return Number(negotiationId.split(".")[1] ?? 1) || 1
}
