// A link to one other peer. It outlives its paths.
import { DirectPaths } from "./direct_paths.js"
import { Intake } from "./intake.js"
import { PathSwitch } from "./path_switch.js"
import { Pulse } from "./pulse.js"
import { linkOf, ServerPaths } from "./server_paths.js"
import { statsOf } from "./stats.js"
import { ClientUpkeep, HostUpkeep } from "./upkeep.js"
import { Deadline } from "../base/deadline.js"
import { failureOf, P2pError } from "../base/errors.js"
import { FAST_BYTES, FROM_CLIENT, FROM_HOST } from "../base/limits.js"
import { encodeFrame, GOODBYE, HEARTBEAT, RESUME, SIGNAL } from "../wire/frames.js"

/**
 * A link to one other peer: it sends over the best path that is open, and goes on over another one when that is lost. The host makes the offers, and the client
 * decides which path is taken.
 *
 * @typedef {import("./path.js").Path} Path
 * @typedef {import("../wire/link.js").Packet} Packet
 * @typedef {import("../wire/link.js").Lane} Lane
 * @typedef {import("../wire/sdp.js").Signal} Signal
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
  #switch
  #directPaths
  #serverPaths
  #host
  #client
  /** The time on this side's clock after which an answer to a heartbeat shows that the direct path carries something again. */
  #doubtedAt = -Infinity

  /** @param {LinkOptions} options */
  constructor(options) {
    this.#options = options
    const { clock, heartbeat, isHost, terms, delegate } = options
    this.#intake = new Intake({ ...(isHost ? { rates: FROM_CLIENT, fastBytes: FAST_BYTES } : { rates: FROM_HOST }), clock, exhausted: (error) => this.dismiss(error) })
    this.#pulse = new Pulse({
      heartbeat,
      clock,
      beat: () => this.#beat(),
      missed: () => this.suspect(),
      isExcused: () => this.#serverPaths.isExcused,
      lost: () => this.end(new P2pError("host_lost", { message: `Nothing was heard from ${this.peerId} for ${heartbeat.idleTimeoutMs} ms.` })),
      judged: () => delegate.linkJudged(this),
    })
    this.#switch = new PathSwitch({ isHost, moved: () => this.#moved(), failed: (error) => this.end(error) })
    this.#serverPaths = new ServerPaths({ ...options, delegate: this, intake: this.#intake, failed: (error) => this.#lacksPath(error) })
    this.#directPaths = new DirectPaths({ ...options, delegate: this, intake: this.#intake, signal: (name, signal, restart) => this.#signal(name, signal, restart) })
    this.#host = isHost ? new HostUpkeep({ clock, attempt: (isFirst) => this.#directPaths.attempt(isFirst) }) : null
    this.#client = isHost ? null : new ClientUpkeep({ clock, relay: terms.relay, tasks: { callOverServer: () => this.#serverPaths.call(), ask: () => delegate.linkSuspected(this) } })
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
    return this.state === "connected" ? (this.#switch.primary?.route ?? null) : null
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

  get asksForRepair() {
    return this.#client?.isRepairing ?? false
  }

  get needsServer() {
    return this.state !== "connected" || !this.#switch.isFlowing || this.route === "server" || this.asksForRepair
  }

  /** How many bytes of files wait to be sent. */
  get buffered() {
    return this.#switch.primary?.buffered ?? 0
  }

  // Getting connected, and staying so

  begin() {
    if (this.state === "closed") return
    this.#client?.begin(this.#options.relayAfterMs)
    if (this.#host) this.#directPaths.attempt(false)
  }

  /**
   * @param {string} negotiationId
   * @param {Signal} signal
   * @param {boolean} [restart] whether an offer only restarts ICE
   * @returns {boolean} whether it belongs to this link
   */
  receiveSignal(negotiationId, signal, restart = false) {
    return this.state !== "closed" && this.#directPaths.receive(negotiationId, signal, restart)
  }

  /**
   * @param {string} name
   * @param {import("../wire/link.js").Batch} batch
   */
  receiveBatch(name, batch) {
    if (this.state !== "closed" && linkOf(name) === this.id) this.#serverPaths.receive(name, batch)
  }

  repair() {
    if (this.state !== "closed") this.#host?.repair()
  }

  serverReached() {
    if (this.state !== "closed") this.#client?.serverReached()
  }

  /** @param {number} [patienceMs] */
  suspect(patienceMs = 0) {
    if (this.state !== "connected") return
    if (!this.#client || this.route === "server") return this.#options.delegate.linkSuspected(this)
    if (!this.asksForRepair) this.#doubtedAt = Math.floor(this.#options.clock.now())
    this.#client.suspect(patienceMs)
    this.#beat(true)
  }

  configure() {
    this.#directPaths.configure()
    if (this.route !== "turn") return
    if (this.#host) this.#host.restart()
    else this.#say({ type: SIGNAL, negotiation: this.id, restart: true })
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
    this.#switch.send(packet, lane)
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
    this.#switch.sendFreshest(kind, packet)
  }

  stats() {
    return statsOf(this, this.#switch.primary)
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
    if (!this.#host) error.retry = true
    this.#options.delegate.linkEnded(this, error)
  }

  /**
   * Tells the other side and closes. The delegate isn't told.
   * @param {P2pError} [reason]
   */
  close(reason) {
    if (this.state === "closed") return
    this.#say({ type: GOODBYE, error: reason?.toPayload() })
    this.#release((path) => path.close())
  }

  /** Closes within this turn of the event loop, because the page goes away. */
  abort() {
    const farewell = encodeFrame({ type: GOODBYE })
    if (this.state !== "closed") this.#release((path) => path.abort(farewell))
  }

  // News from the paths

  /** @param {Path} _path @param {P2pError} error */
  pathWarned(_path, error) {
    this.#options.delegate.linkWarned(this, error)
  }

  pathNegotiated() {
    if (this.state === "negotiating") this.#setState("connecting")
  }

  /** @param {Path} path */
  pathOpened(path) {
    if (this.state === "closed") return
    // A client that has, or may have, another path says which one it takes; its host waits for that.
    if (this.state !== "connected" && this.#switch.primary === null && (this.#host || !this.#serverPaths.wereUsed)) {
      this.#switch.primary = path
      this.#settle()
    } else if (!this.#host && (path.route !== "server" || !this.#switch.isFlowing || this.asksForRepair)) this.#switch.choose(path)
  }

  /** @param {Path} path */
  pathRouted(path) {
    if (path === this.#switch.primary) this.#options.delegate.linkRouted(this)
  }

  /**
   * @param {Path} path
   * @param {import("../wire/frames.js").Frame} frame
   * @param {Packet} packet
   * @param {Lane} lane
   */
  pathReceived(path, frame, packet, lane) {
    this.#pulse.heard()
    switch (frame.type) {
      case HEARTBEAT: return this.#beaten(path, frame)
      case RESUME: return this.#switch.resume(path, frame)
      case SIGNAL: return this.#signalled(frame)
      case GOODBYE: return this.end(frame.error ? P2pError.fromPayload(frame.error) : new P2pError("host_lost", { message: `${this.peerId} has left.` }))
    }
    if (!this.#switch.takes(path, packet, lane)) return
    if (this.#switch.owesWord) this.#beat()
    this.#options.delegate.linkReceived(this, frame, packet)
  }

  /** @param {Path} path */
  pathDrained(path) {
    if (path === this.#switch.primary) this.#options.delegate.linkDrained(this)
  }

  /** @param {Path} path */
  pathTroubled(path) {
    if (path === this.#switch.primary) this.suspect()
  }

  /** @param {Path} _path @param {RTCPeerConnectionIceErrorEvent} event */
  pathFailedToGather(_path, { errorCode, errorText, url }) {
    // Other codes are the browser's own (https://www.w3.org/TR/webrtc/#dom-rtcpeerconnectioniceerrorevent-errorcode): it didn't reach the server.
    if (errorCode > 699 || !url?.startsWith("turn")) return
    this.#options.delegate.linkWarned(this, new P2pError("turn_refused", { message: `The TURN server refuses this peer: ${errorCode} ${String(errorText).slice(0, 100)}` }))
  }

  /** @param {Path} path @param {P2pError} error */
  pathEnded(path, error) {
    const { isFlowing, primary } = this.#switch
    const { path: serverPath } = this.#serverPaths
    this.#switch.drop(path)
    this.#directPaths.remove(path)
    if (path === serverPath) this.#serverPaths.ended(error, path === primary)
    if (path !== primary || path === serverPath) this.#lacksPath(error)
    else if (!isFlowing && serverPath?.isOpen) this.#switch.choose(serverPath)
    else this.end(error) // a direct path has carried the link and is closed now: the other page has closed it
  }

  // Private

  get #paths() {
    const { path } = this.#serverPaths
    return /** @type {Path[]} */ ([...this.#directPaths.all, ...(path ? [path] : [])])
  }

  /**
   * Sends a signal over the link while that carries something, and over the server otherwise.
   * @param {string} negotiationId
   * @param {Signal} signal
   * @param {boolean} restart
   */
  #signal(negotiationId, signal, restart) {
    if (this.state === "connected" && this.route !== "server" && this.isHeard && !this.asksForRepair) return this.#say({ type: SIGNAL, negotiation: negotiationId, ...(restart && { restart }), ...signal })
    this.#options.signal(negotiationId, signal, { ...(negotiationId !== this.id && { link: this.id }), ...(restart && { restart }) })
  }

  /** @param {import("../wire/frames.js").SignalFrame} frame */
  #signalled({ negotiation, description, candidates, restart }) {
    if (description) this.receiveSignal(negotiation, { description }, restart)
    else if (candidates) this.receiveSignal(negotiation, { candidates })
    else this.#host?.restart()
  }

  /** Says something that isn't counted, and may be lost. @param {import("../wire/frames.js").Frame} frame */
  #say(frame) {
    failureOf(() => this.#switch.primary?.send(encodeFrame(frame)))
  }

  /** @param {boolean} [ask] whether the other side is to answer at once */
  #beat(ask) {
    const packet = encodeFrame({ type: HEARTBEAT, n: this.#switch.confirm(), ...this.#pulse.stamp(), ...(ask && { ask }) })
    for (const path of this.#paths) if (path.isOpen) path.beat(packet)
  }

  /**
   * @param {Path} path
   * @param {import("../wire/frames.js").HeartbeatFrame} frame
   */
  #beaten(path, frame) {
    if (frame.n !== undefined) this.#switch.confirmed(frame.n)
    this.#pulse.take(frame)
    if (frame.ask) this.#beat()
    const { echo = -Infinity } = frame
    if (path.route === "server") return
    if (this.#host) return void (path === this.#switch.primary && this.#host.heard(echo))
    if (echo < this.#doubtedAt) return
    if (path !== this.#switch.primary) this.#switch.choose(path)
    else if (this.#doubtedAt < Infinity) this.#settle()
  }

  /** Another path carries the link. */
  #moved() {
    this.#settle()
    this.#options.delegate.linkMoved(this)
  }

  /** A path carries the link. Those that aren't needed any more are closed. */
  #settle() {
    const { primary } = this.#switch
    const isDirect = primary !== this.#serverPaths.path
    this.#term.stop()
    this.#pulse.start()
    this.#client?.settled(isDirect)
    this.#doubtedAt = isDirect ? Infinity : Math.ceil(this.#options.clock.now())
    if (isDirect) {
      this.#host?.settled()
      this.#serverPaths.stop()
      this.#directPaths.keepOnly(/** @type {Path} */ (primary))
    } else {
      this.#host?.lacksPath()
      this.#serverPaths.settled()
    }
    if (this.state !== "connected") this.#setState("connected")
    this.#options.delegate.linkRouted(this)
  }

  /** There is no path now, or one less that could be. @param {P2pError} error */
  #lacksPath(error) {
    if (this.state === "closed") return
    const mayUseServer = this.#options.terms.relay() !== "off" && !this.#serverPaths.isRefused
    if (this.state !== "connected" && this.#paths.length === 0 && !mayUseServer) this.end(error)
    else if (this.state !== "connected" && error.code !== "signaling_lost") this.#client?.failed()
    else if (this.#switch.primary === null) this.#client?.suspect(0)
  }

  /** @param {"connecting" | "connected"} state */
  #setState(state) {
    this.state = state
    this.#options.delegate.linkChanged(this)
  }

  /** @param {(path: Path) => void} leave */
  #release(leave) {
    this.state = "closed"
    this.#term.stop()
    this.#pulse.stop()
    this.#client?.stop()
    this.#host?.stop()
    for (const path of this.#paths) leave(path)
    this.#serverPaths.end()
  }
}
