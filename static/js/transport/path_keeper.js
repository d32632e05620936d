// The paths that a link has, which of them carries it, and what is done so that one does.
import { DirectPaths } from "./direct_paths.js"
import { PathSwitch } from "./path_switch.js"
import { ServerPaths } from "./server_paths.js"
import { ClientUpkeep, HostUpkeep } from "./upkeep.js"
import { failureOf, P2pError } from "../base/errors.js"
import { encodeFrame, GOODBYE, HEARTBEAT, RESUME, SIGNAL } from "../wire/frames.js"
import { linkOf } from "../wire/link.js"

/**
 * Keeps the paths of a link: a direct one, one over the server, or both for a while. The client decides which one carries the link: a direct one where there is one
 * that is alive. The host makes the offers.
 *
 * @typedef {import("./path.js").Path} Path
 * @typedef {import("../wire/link.js").Packet} Packet
 * @typedef {import("../wire/link.js").Lane} Lane
 * @typedef {import("../wire/sdp.js").Signal} Signal
 *
 * @typedef {object} KeptLink what the paths need to know of their link, and what they tell it
 * @property {"negotiating" | "connecting" | "connected" | "closed"} state
 * @property {boolean} isHeard whether something has arrived from the other side lately
 * @property {() => void} pathsNegotiated a direct path has both descriptions
 * @property {(isMoved: boolean) => void} pathsCarry a path carries the link, after another one or for the first time
 * @property {() => void} pathsRouted it goes by another way, or by none for now
 * @property {() => void} pathsHeard something has arrived, of whatever kind
 * @property {(frame: import("../wire/frames.js").Frame, packet: Packet) => void} pathsReceived
 * @property {(frame: import("../wire/frames.js").HeartbeatFrame) => void} pathsBeaten a heartbeat has arrived
 * @property {(ask?: boolean) => void} beat sends a heartbeat, which may ask for an answer at once
 * @property {() => void} pathsDrained
 * @property {() => void} pathsSuspected nothing is heard any more
 * @property {(error: P2pError) => void} pathsWarned
 * @property {(error: P2pError) => void} end there is no path, and none that can be made; or the other page has closed the one that carried the link
 *
 * @typedef {import("./link.js").LinkOptions & { intake: import("./intake.js").Intake, link: KeptLink }} PathKeeperOptions
 */
export class PathKeeper {
  #options
  #link
  #switch
  #directPaths
  #serverPaths
  #host
  #client
  /** The time on this side's clock after which an answer to a heartbeat shows that the direct path carries something again. */
  #doubtedAt = -Infinity

  /** @param {PathKeeperOptions} options */
  constructor(options) {
    this.#options = options
    const { clock, isHost, link } = options
    this.#link = link
    this.#switch = new PathSwitch({ isHost, moved: () => this.#settle(true), failed: (error) => link.end(error) })
    this.#serverPaths = new ServerPaths({ ...options, delegate: this, failed: (error) => this.#lacksPath(error), replaced: (path) => this.#switch.drop(path) })
    this.#directPaths = new DirectPaths({ ...options, delegate: this, signal: (name, signal, restart) => this.#signal(name, signal, restart) })
    this.#host = isHost ? new HostUpkeep({ clock, attempt: (isFirst) => this.#try(() => this.#directPaths.attempt(isFirst)) }) : null
    this.#client = isHost ? null : new ClientUpkeep({ clock, tasks: { callOverServer: () => this.#serverPaths.call(), ask: () => link.pathsSuspected() } })
  }

  /** By what way the link goes; null as long as that isn't known. */
  get route() {
    return this.#switch.primary?.route ?? null
  }

  /** The path that carries the link. */
  get primary() {
    return this.#switch.primary
  }

  get asksForRepair() {
    return this.#client?.isRepairing ?? false
  }

  get needsServer() {
    return !this.#switch.isFlowing || this.route === "server" || this.asksForRepair
  }

  /** Whether a silence is the server's fault. */
  get isExcused() {
    return this.#serverPaths.isExcused
  }

  // What the link calls

  begin() {
    this.#client?.begin(this.#options.relayAfterMs)
    if (!this.#host) return
    if (this.#options.terms.relay() !== "first") return this.#directPaths.attempt(false)
    this.#serverPaths.call()
    this.#host.hold()
  }

  /**
   * @param {string} negotiationId
   * @param {Signal} signal
   * @param {boolean} [restart] whether an offer only restarts ICE
   * @returns {boolean} whether it belongs to this link
   */
  receiveSignal(negotiationId, signal, restart = false) {
    return this.#directPaths.receive(negotiationId, signal, restart)
  }

  /**
   * @param {string} name
   * @param {import("../wire/link.js").Batch} batch
   */
  receiveBatch(name, batch) {
    if (linkOf(name) === this.#options.id) this.#serverPaths.receive(name, batch)
  }

  repair() {
    this.#host?.repair()
  }

  serverReached() {
    if (!this.#client) return
    const { path } = this.#serverPaths
    // The server is there, and nothing is heard over it: the other side may have lost something, or have taken another path that carries nothing by now, and have ended this one.
    if (path?.isOpen && !this.#link.isHeard) {
      this.#serverPaths.stop()
      this.#switch.drop(path)
    }
    this.#client.serverReached()
  }

  /** @param {number} patienceMs */
  suspect(patienceMs) {
    if (!this.#client || this.route === "server") return this.#link.pathsSuspected()
    if (!this.asksForRepair) this.#doubtedAt = Math.floor(this.#options.clock.now())
    this.#client.suspect(patienceMs)
    this.#link.beat(true)
  }

  configure() {
    this.#directPaths.configure()
    if (this.route !== "turn") return
    if (this.#host) this.#host.restart()
    else this.say({ type: SIGNAL, negotiation: this.#options.id, restart: true })
  }

  /**
   * @param {Packet} packet
   * @param {Lane} lane
   * @throws {P2pError}
   */
  send(packet, lane) {
    this.#switch.send(packet, lane)
  }

  /**
   * @param {string} kind
   * @param {Packet} packet
   */
  sendFreshest(kind, packet) {
    this.#switch.sendFreshest(kind, packet)
  }

  /** Says something that isn't counted, and may be lost. @param {import("../wire/frames.js").Frame} frame */
  say(frame) {
    failureOf(() => this.#switch.primary?.send(encodeFrame(frame)))
  }

  /** Sends a heartbeat over all paths that are open, and confirms with it what has arrived. @param {import("../wire/frames.js").HeartbeatFrame} frame */
  beat(frame) {
    const packet = encodeFrame({ ...frame, n: this.#switch.confirm() })
    for (const path of this.#paths) if (path.isOpen) path.beat(packet)
  }

  /** The link is over. @param {(path: Path) => void} leave */
  release(leave) {
    this.#client?.stop()
    this.#host?.stop()
    for (const path of this.#paths) leave(path)
    this.#serverPaths.end()
  }

  // News from the paths

  pathNegotiated() {
    this.#link.pathsNegotiated()
  }

  /** @param {Path} path */
  pathOpened(path) {
    if (this.#link.state === "closed") return
    // A client that has called over the server says which path it takes. A host that has called waits for what the client says: it may come over the other path.
    const isClear = this.#host ? path.route === "server" || !this.#serverPaths.path : this.#serverPaths.isCallable
    if (this.#isUnset && isClear) this.#start(path)
    else if (!this.#host && (path.route !== "server" || !this.#switch.isFlowing || this.asksForRepair)) this.#switch.choose(path)
  }

  /** @param {Path} path */
  pathRouted(path) {
    if (path === this.#switch.primary) this.#link.pathsRouted()
  }

  /**
   * @param {Path} path
   * @param {import("../wire/frames.js").Frame} frame
   * @param {Packet} packet
   * @param {Lane} lane
   */
  pathReceived(path, frame, packet, lane) {
    this.#link.pathsHeard()
    switch (frame.type) {
      case HEARTBEAT: return this.#beaten(path, frame)
      case RESUME: return this.#switch.resume(path, frame)
      case SIGNAL: return this.#signalled(frame)
      case GOODBYE: return this.#link.pathsReceived(frame, packet)
    }
    if (this.#host && this.#isUnset) this.#start(path)
    if (!this.#switch.takes(path, packet, lane)) return
    if (this.#switch.owesWord) this.#link.beat()
    this.#link.pathsReceived(frame, packet)
  }

  /** @param {Path} path */
  pathDrained(path) {
    if (path === this.#switch.primary) this.#link.pathsDrained()
  }

  /** @param {Path} path */
  pathTroubled(path) {
    if (path === this.#switch.primary && this.#link.state === "connected") this.suspect(0)
  }

  /** @param {Path} _path @param {RTCPeerConnectionIceErrorEvent} event */
  pathFailedToGather(_path, { errorCode, errorText, url }) {
    // Other codes are the browser's own (https://www.w3.org/TR/webrtc/#dom-rtcpeerconnectioniceerrorevent-errorcode): it didn't reach the server.
    if (errorCode > 699 || !url?.startsWith("turn")) return
    this.#link.pathsWarned(new P2pError("turn_refused", { message: `The TURN server refuses this peer: ${errorCode} ${String(errorText).slice(0, 100)}` }))
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
    else this.#link.end(error) // a direct path has carried the link and is closed now: the other page has closed it
  }

  /** @param {Path} _path @param {P2pError} error */
  pathWarned(_path, error) {
    this.#link.pathsWarned(error)
  }

  // Private

  /** Whether no path has carried the link yet. */
  get #isUnset() {
    return this.#link.state !== "connected" && this.#switch.primary === null
  }

  /** The first path carries the link: there is nothing to make up for. @param {Path} path */
  #start(path) {
    this.#switch.primary = path
    this.#settle(false)
  }

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
    if (this.#link.state === "connected" && this.route !== "server" && this.#link.isHeard && !this.asksForRepair) return this.say({ type: SIGNAL, negotiation: negotiationId, ...(restart && { restart }), ...signal })
    this.#options.signal(negotiationId, signal, { ...(negotiationId !== this.#options.id && { link: this.#options.id }), ...(restart && { restart }) })
  }

  /** @param {import("../wire/frames.js").SignalFrame} frame */
  #signalled({ negotiation, description, candidates, restart }) {
    if (description) this.#try(() => this.receiveSignal(negotiation, { description }, restart))
    else if (candidates) this.receiveSignal(negotiation, { candidates })
    else if (this.route && this.route !== "server") this.#host?.restart() // without a direct path, it would make another connection each time
  }

  /** Looks for another path beside the one that there is. If the browser makes no connection for it, that is no loss. @param {() => void} act */
  #try(act) {
    const failure = failureOf(act)
    if (failure) this.#link.pathsWarned(failure)
  }

  /**
   * @param {Path} path
   * @param {import("../wire/frames.js").HeartbeatFrame} frame
   */
  #beaten(path, frame) {
    if (frame.n !== undefined) this.#switch.confirmed(frame.n)
    this.#link.pathsBeaten(frame)
    if (frame.ask) this.#link.beat()
    const { echo = -Infinity } = frame
    if (path.route === "server") return
    if (this.#host) return void (path === this.#switch.primary && this.#host.heard(echo))
    if (echo < this.#doubtedAt) return
    if (path !== this.#switch.primary) this.#switch.choose(path)
    else if (this.#doubtedAt < Infinity) this.#settle(false)
  }

  /** A path carries the link. Those that aren't needed any more are closed. @param {boolean} isMoved whether another one has carried it */
  #settle(isMoved) {
    const { primary } = this.#switch
    const isDirect = primary !== this.#serverPaths.path
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
    this.#link.pathsCarry(isMoved)
  }

  /** There is no path now, or one less that could be. @param {P2pError} error */
  #lacksPath(error) {
    if (this.#link.state === "closed") return
    if (this.#link.state !== "connected" && this.#paths.length === 0 && this.#serverPaths.isOff && !this.#host?.isTrying) this.#link.end(error)
    else if (this.#link.state !== "connected" && error.code !== "signaling_lost") this.#client?.failed()
    else if (this.#switch.primary === null) {
      this.#client?.suspect(0)
      this.#link.pathsRouted()
    }
  }
}
