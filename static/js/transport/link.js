// A link to one other peer. It outlives its paths.
import { Intake } from "./intake.js"
import { PathKeeper } from "./path_keeper.js"
import { Pulse } from "./pulse.js"
import { statsOf } from "./stats.js"
import { Deadline } from "../base/deadline.js"
import { failureOf, P2pError } from "../base/errors.js"
import { FAST_BYTES, FROM_CLIENT, FROM_HOST } from "../base/limits.js"
import { encodeFrame, GOODBYE, HEARTBEAT } from "../wire/frames.js"

/**
 * A link to one other peer, from its first negotiation to its end: it sends over the best path that is open, and goes on over another one when that is lost.
 *
 * @typedef {import("../wire/link.js").Packet} Packet
 * @typedef {import("../wire/link.js").Lane} Lane
 *
 * @typedef {object} LinkConditions
 * @property {{ intervalMs: number, idleTimeoutMs: number }} heartbeat
 * @property {number} connectTimeoutMs
 * @property {number} relayAfterMs milliseconds that a direct path has before the server carries the link
 * @property {RTCIceTransportPolicy} [iceTransportPolicy]
 * @property {import("../base/clock.js").Clock} clock
 * @property {typeof RTCPeerConnection} [RTCPeerConnection]
 *
 * @typedef {import("../wire/link.js").LinkSetup & LinkConditions} LinkOptions
 * @typedef {import("../wire/link.js").Link} AnyLink
 *
 * @implements {AnyLink}
 */
export class Link {
  /** @type {"negotiating" | "connecting" | "connected" | "closed"} */
  state = "negotiating"
  #options
  #intake
  #pulse
  #term
  #paths

  /** @param {LinkOptions} options */
  constructor(options) {
    this.#options = options
    const { clock, heartbeat, isHost, delegate } = options
    this.#intake = new Intake({ ...(isHost ? { rates: FROM_CLIENT, fastBytes: FAST_BYTES } : { rates: FROM_HOST }), clock, exhausted: (error) => this.dismiss(error) })
    this.#pulse = new Pulse({
      heartbeat,
      clock,
      beat: () => this.beat(),
      missed: () => this.suspect(),
      isExcused: () => this.#paths.isExcused,
      lost: () => this.end(new P2pError("host_lost", { message: `Nothing was heard from ${this.peerId} for ${heartbeat.idleTimeoutMs} ms.` })),
      judged: () => delegate.linkJudged(this),
    })
    this.#paths = new PathKeeper({ ...options, intake: this.#intake, link: this })
    this.#term = new Deadline(clock)
    this.#term.start(options.connectTimeoutMs, () => this.end(this.timeoutError()))
  }

  get peerId() {
    return this.#options.peerId
  }

  get id() {
    return this.#options.id
  }

  get route() {
    return this.state === "connected" ? this.#paths.route : null
  }

  get quality() {
    return this.#pulse.quality
  }

  get rttMs() {
    return this.#pulse.rttMs
  }

  /** Whether something has arrived from the other side lately. */
  get isHeard() {
    return this.#pulse.isHeard
  }

  get isExcused() {
    return this.#paths.isExcused
  }

  get asksForRepair() {
    return this.#paths.asksForRepair
  }

  get needsServer() {
    return this.state !== "connected" || this.#paths.needsServer
  }

  /** How many bytes of files wait to be sent. */
  get buffered() {
    return this.#paths.primary?.buffered ?? 0
  }

  // Getting connected, and staying so

  begin() {
    if (this.state !== "closed") this.#paths.begin()
  }

  /**
   * @param {string} negotiationId
   * @param {import("../wire/sdp.js").Signal} signal
   * @param {boolean} [restart] whether an offer only restarts ICE
   * @returns {boolean} whether it belongs to this link
   */
  receiveSignal(negotiationId, signal, restart) {
    return this.state !== "closed" && this.#paths.receiveSignal(negotiationId, signal, restart)
  }

  /**
   * @param {string} name
   * @param {import("../wire/link.js").Batch} batch
   */
  receiveBatch(name, batch) {
    if (this.state !== "closed") this.#paths.receiveBatch(name, batch)
  }

  repair() {
    if (this.state !== "closed") this.#paths.repair()
  }

  serverReached() {
    if (this.state !== "closed") this.#paths.serverReached()
  }

  /** @param {number} [patienceMs] */
  suspect(patienceMs = 0) {
    if (this.state === "connected") this.#paths.suspect(patienceMs)
  }

  configure() {
    if (this.state !== "closed") this.#paths.configure()
  }

  /** What a time-out means in the present state. */
  timeoutError() {
    if (this.state === "connecting") return new P2pError("ice_failed")
    return new P2pError("connect_timeout", { message: `${this.peerId} did not answer in time.` })
  }

  // Sending

  /**
   * @param {Packet} packet
   * @param {Lane} [lane]
   * @throws {P2pError} `not_joined` when the link isn't connected, `rate_limited` when too much waits, `too_large`
   */
  send(packet, lane = "messages") {
    if (this.state !== "connected") throw new P2pError("not_joined")
    this.#paths.send(packet, lane)
  }

  /**
   * Sends a frame that may be lost.
   * @param {import("../wire/frames.js").Frame} frame
   */
  trySend(frame) {
    failureOf(() => this.send(encodeFrame(frame)))
  }

  /**
   * Sends a frame that may be lost, and of which only the newest of its kind counts.
   * @param {string} kind
   * @param {Packet} packet
   */
  sendFreshest(kind, packet) {
    this.#paths.sendFreshest(kind, packet)
  }

  stats() {
    return statsOf(this, this.#paths.primary)
  }

  // How it ends

  /**
   * Ends the link for a reason that the delegate has to know.
   * @param {P2pError} error
   */
  end(error) {
    if (this.state === "closed") return
    this.#release((path) => path.close())
    this.#options.delegate.linkEnded(this, error)
  }

  /**
   * Ends the link for a reason that both sides are told.
   * @param {P2pError} error
   */
  dismiss(error) {
    if (this.state === "closed") return
    this.close(error)
    // A client that can't understand its host tries again, because there may be another host. A host has no reason to try again with a client that it refuses.
    if (!this.#options.isHost) error.retry = true
    this.#options.delegate.linkEnded(this, error)
  }

  /**
   * Tells the other side and closes. The delegate isn't told.
   * @param {P2pError} [reason]
   */
  close(reason) {
    if (this.state === "closed") return
    this.#paths.say({ type: GOODBYE, error: reason?.toPayload() })
    this.#release((path) => path.close())
  }

  /** Closes within this turn of the event loop, because the page goes away. */
  abort() {
    const farewell = encodeFrame({ type: GOODBYE })
    if (this.state !== "closed") this.#release((path) => path.abort(farewell))
  }

  // News from the paths

  pathsNegotiated() {
    if (this.state === "negotiating") this.#setState("connecting")
  }

  /** @param {boolean} isMoved */
  pathsCarry(isMoved) {
    this.#term.stop()
    this.#pulse.start()
    if (this.state !== "connected") this.#setState("connected")
    this.pathsRouted()
    if (isMoved) this.#options.delegate.linkMoved(this)
  }

  pathsRouted() {
    this.#options.delegate.linkRouted(this)
  }

  pathsHeard() {
    this.#pulse.heard()
  }

  /** @param {import("../wire/frames.js").HeartbeatFrame} frame */
  pathsBeaten(frame) {
    this.#pulse.take(frame)
  }

  /**
   * @param {import("../wire/frames.js").Frame} frame
   * @param {Packet} packet
   */
  pathsReceived(frame, packet) {
    if (frame.type !== GOODBYE) return this.#options.delegate.linkReceived(this, frame, packet)
    this.end(frame.error ? P2pError.fromPayload(frame.error) : new P2pError("host_lost", { message: `${this.peerId} has left.` }))
  }

  pathsDrained() {
    this.#options.delegate.linkDrained(this)
  }

  pathsSuspected() {
    this.#options.delegate.linkSuspected(this)
  }

  /** @param {P2pError} error */
  pathsWarned(error) {
    this.#options.delegate.linkWarned(this, error)
  }

  /** @param {boolean} [ask] whether the other side is to answer at once */
  beat(ask) {
    this.#paths.beat({ type: HEARTBEAT, ...this.#pulse.stamp(), ...(ask && { ask }) })
  }

  // Private

  /** @param {"connecting" | "connected"} state */
  #setState(state) {
    this.state = state
    this.#options.delegate.linkChanged(this)
  }

  /** @param {(path: import("./path.js").Path) => void} leave */
  #release(leave) {
    this.state = "closed"
    this.#term.stop()
    this.#pulse.stop()
    this.#paths.release(leave)
  }
}
