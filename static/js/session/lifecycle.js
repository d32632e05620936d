// How a peer joins, gets connected, loses its host, comes back and leaves.
import { Reconnection, isExpulsion } from "./reconnection.js"
import { P2pError } from "../base/errors.js"
import { Leadership } from "./leadership.js"
import { Uplink } from "./uplink.js"
import { Warnings } from "./warnings.js"
import { HEARTBEAT_IDLE_TIMEOUT_MS } from "../base/limits.js"
import { Loader } from "../files/loader.js"
import { Messenger } from "../messaging/messenger.js"
import { Topics } from "../messaging/topics.js"

/**
 * The lifecycle of a peer in a session: it joins, gets a role, gets connected, may lose its host and come back, and leaves.
 *
 * Commands go down by method call (to the leadership, the messenger, the files); news comes up through the delegates.
 *
 * @typedef {import("../wire/frames.js").PeerState} PeerState
 * @typedef {import("./session.js").SessionOptions} SessionOptions
 */
export class Lifecycle {
  /** Set by #setState() only. @type {PeerState} */
  state = "new"
  #options
  #delegate
  #reconnection
  #warnings
  /** Why this peer gave up the last time. @type {P2pError | null} */
  #failure = null
  /** What the app was told of each link. @type {WeakMap<import("../wire/link.js").Link, import("../wire/link.js").Route>} */
  #routes = new WeakMap()

  /** @param {SessionOptions} options */
  constructor(options) {
    const { delegate, heartbeat, topics = new Topics((error) => delegate.sessionErrored(error)) } = options
    this.#options = options
    this.#delegate = delegate
    this.#reconnection = new Reconnection(options)
    this.#warnings = new Warnings(options.clock, (error) => delegate.sessionErrored(error))
    this.leadership = new Leadership({ ...options, delegate: this })
    const uplink = new Uplink(this, this.leadership, options.peerId)
    this.messenger = new Messenger({ ...options, topics, uplink, idleTimeoutMs: heartbeat?.idleTimeoutMs ?? HEARTBEAT_IDLE_TIMEOUT_MS })
    this.files = new Loader({ ...options, carrier: uplink })
    this.messenger.register(this.files)
  }

  get isConnected() {
    return this.state === "connected"
  }

  get isAttempting() {
    return this.#reconnection.isRunning
  }

  /** Whether this peer is in no session, and isn't on its way into one. */
  get isOver() {
    return this.leadership.role === null && this.state !== "new" && !this.isAttempting && !this.#reconnection.isWaiting
  }

  get peers() {
    const peers = new Map(this.leadership.picture.peers) // a copy for the app, which may change it
    // Once this peer has left, nobody else tells it its own state.
    if (this.isOver && peers.has(this.#options.peerId)) peers.set(this.#options.peerId, this.state)
    return peers
  }

  get hostPeerId() {
    return this.leadership.picture.hostPeerId
  }

  get iamHost() {
    return this.leadership.iamHost
  }

  get epoch() {
    return this.leadership.picture.hostEpoch
  }

  // What the app calls

  /** Joins the session, unless this peer has joined or is just joining. */
  start() {
    if (this.isAttempting || this.isConnected) return
    this.#beginAttempt()
    this.leadership.signaling.join()
    this.#setState("negotiating")
  }

  /** Leaves and joins afresh. */
  reconnect() {
    this.#end((role) => role.stop())
    this.#reconnection.reset()
    this.#setState("new")
    this.start()
  }

  /** Leaves the session for good. */
  close() {
    this.#end((role) => role.stop())
    this.#conclude("closed", new P2pError("not_joined", { message: "This peer has left the session." }))
  }

  /** Leaves within this turn of the event loop, because the page goes away. If the page comes back, a peer that had failed still shows why. */
  abort() {
    this.#end((role) => role.abort())
    if (this.state !== "failed") this.#conclude("closed", new P2pError("not_joined", { message: "The page has gone." }))
  }

  /** Gives up before anything was tried. @param {P2pError} error */
  refuse(error) {
    this.#stop(error)
  }

  /** The network is back: an attempt that waits begins at once, and one that failed without the network is made again. */
  hurry() {
    this.leadership.registration.miss(undefined) // it was perhaps this peer's own network
    if (this.isOver) return this.#revive()
    this.leadership.role?.suspect()
    if (!this.#reconnection.isWaiting) return this.leadership.signaling.hurry()
    if (!this.isConnected) return this.start()
    this.#reconnection.stop()
    this.leadership.signaling.join()
  }

  #revive() {
    if (this.state !== "closed" && this.#options.autoReconnect && this.#failure?.retry) this.reconnect()
  }

  // News from the leadership

  /** @param {{ hostPeerId: string | null, epoch: number }} former */
  leadershipBegan(former) {
    const { hostPeerId, epoch } = this
    if (this.leadership.role?.state !== "connected") {
      if (this.isConnected) this.#setState("disconnected")
      this.#beginAttempt()
    }
    if (former.hostPeerId !== hostPeerId || former.epoch !== epoch) this.roleRenumbered()
    this.roleChanged()
    if (!this.leadership.role?.isSynced) return
    this.rolePeersChanged()
    this.roleSynced()
  }

  /**
   * @param {P2pError} error
   * @param {number | null} dependents how many clients are connected to this host; null for a client
   */
  leadershipRefused(error, dependents) {
    const joinAgain = () => this.leadership.signaling.join()
    const { retry, retryAfterMls } = error
    if (this.isAttempting && retry && retryAfterMls !== undefined) return this.#reconnection.comeAgain(error, retryAfterMls, joinAgain)
    if (this.isAttempting) return this.#fail(error)
    // The server doesn't take this host back, and the others may have another host by now; or this host has no clients, and none can come.
    const isDeposed = dependents !== null && (!retry || (dependents === 0 && !this.#reconnection.mayTryAgain(error)))
    if (isExpulsion(error) || isDeposed) return this.#stop(error)
    // Only newcomers need the server: a session that runs goes on without it.
    // A client that keeps no connection to the server has asked for its link's sake only, which has a time of its own, or is whole again.
    const asksForLink = dependents === null && retry
    if (asksForLink && !this.isConnected) return // the link is lost, and the next attempt joins anew
    if (asksForLink && this.leadership.needsServer) return this.leadership.contact.comeAgain(retryAfterMls)
    if (asksForLink && !this.#options.keepSignaling) return
    const comesAgain = dependents !== null || (this.#options.keepSignaling && this.#reconnection.mayTryAgain(error))
    const isNews = !comesAgain || this.#reconnection.isNews(error)
    if (comesAgain) this.#reconnection.tryAgain(joinAgain, retryAfterMls)
    if (isNews) this.#delegate.sessionErrored(error)
  }

  /** @param {P2pError} error */
  leadershipFailed(error) {
    if (this.isAttempting) this.#fail(error)
    else this.#delegate.sessionErrored(error)
  }

  // News from the role

  roleRenumbered() {
    const { hostPeerId, epoch } = this
    this.#delegate.sessionHostChanged({ hostPeerId: /** @type {string} */ (hostPeerId), epoch })
  }

  roleChanged() {
    const { role } = this.leadership
    if (!role) return
    if (role.state === "connected" && !this.isConnected) this.#connected()
    else this.#setState(role.state)
  }

  rolePeersChanged() {
    this.#update()
    this.#delegate.sessionPeersChanged(this.peers)
  }

  roleSynced() {
    this.messenger.resume()
    this.files.resume()
  }

  /** @param {import("../wire/frames.js").RoutedFrame} frame */
  roleRouted(frame) {
    this.messenger.receive(frame)
  }

  roleDrained() {
    this.files.drained()
  }

  /** @param {import("../wire/link.js").Link} link */
  rolePathChanged(link) {
    this.leadership.settle()
    this.leadership.relocation.routed(link)
    if (link.route === null || link.route === this.#routes.get(link)) return
    this.#routes.set(link, link.route)
    this.#delegate.sessionPathChanged(link.peerId, link.route)
  }

  /** @param {import("../wire/link.js").Link} link */
  roleQualityChanged({ peerId, quality }) {
    this.#delegate.sessionQualityChanged(peerId, quality)
  }

  roleMoved() {
    this.files.resume()
  }

  roleSuspects() {
    this.leadership.contact.check()
  }

  /** @param {P2pError} error */
  roleWarned(error) {
    this.#warnings.add(error)
  }

  /** @param {import("../wire/frames.js").SucceedFrame} frame */
  roleAppointed(frame) {
    this.leadership.appoint(frame)
  }

  /** @param {string} peerId */
  roleMissed(peerId) {
    this.leadership.relocation.missed(peerId)
  }

  roleYields() {
    this.leadership.succession.yield()
  }

  roleFollowed() {
    this.#end((role) => role.stop(new P2pError("host_lost")))
    this.#setState("disconnected")
    this.start()
  }

  /** @param {P2pError} reason */
  roleLost(reason) {
    const error = this.leadership.lose(reason)
    if (this.isAttempting) return this.#fail(error)
    if (error.code === "stale_epoch") this.messenger.broadcast.fork()
    if (!this.#reconnection.mayRecover(error)) this.#stop(error)
    else this.#recover()
    // It is normal that a host goes. Any other reason for the end of the connection is reported, although this peer tries again.
    if (this.#reconnection.isWaiting && error.code !== "host_lost" && error.code !== "stale_epoch") this.#delegate.sessionErrored(error)
    this.rolePeersChanged()
  }

  /** @param {Record<string, PeerState>} roster */
  roleReported(roster) {
    this.leadership.signaling.report(this.epoch, roster)
  }

  // How an attempt ends. The next step is begun before the app is told, because the app may call close() or reconnect() while it is told.

  #beginAttempt() {
    this.#reconnection.begin(() => this.#fail(this.leadership.timeoutError(this.#reconnection.refusal)))
  }

  #connected() {
    this.#reconnection.succeed()
    this.#setState("connected")
    if (!this.isConnected) return
    this.leadership.succeed()
    this.messenger.sending.flush()
  }

  /** An attempt to connect has failed. @param {P2pError} error */
  #fail(error) {
    if (error.code === "ice_failed") this.leadership.miss()
    this.#end((role) => role.stop())
    if (!this.#reconnection.mayRecover(error)) return this.#stop(error)
    this.#recover()
    this.#delegate.sessionErrored(error)
  }

  /** Comes back after a loss. */
  #recover() {
    this.#reconnection.tryAgain(() => this.start())
    this.#setState("disconnected")
  }

  /**
   * Gives up.
   * @param {P2pError} error
   */
  #stop(error) {
    // If this host is removed, its clients look for another one. But if the session is over, it is so for everyone.
    const farewell = error.code === "session_expired" ? error : new P2pError("host_lost")
    this.#failure = error
    this.#end((role) => role.stop(farewell))
    if (error.code === "signaling_lost" && this.#options.autoReconnect) this.leadership.signaling.search(() => this.#revive())
    this.#conclude(this.#reconnection.stateAfter(error), error)
    this.#delegate.sessionErrored(error)
  }

  /**
   * Ends what is under way. What the role last knew of the session is kept.
   * @param {(role: import("./leadership.js").Role) => void} end
   */
  #end(end) {
    this.#reconnection.stop()
    this.messenger.sending.rest()
    this.leadership.end(end)
  }

  /**
   * @param {PeerState} state
   * @param {P2pError} error
   */
  #conclude(state, error) {
    this.leadership.succession.giveUp(error)
    // A peer that is only disconnected keeps its messages and files: it goes on with them when the app reconnects it.
    if (state !== "disconnected") for (const part of [this.messenger, this.files]) part.leave(error)
    this.#setState(state)
  }

  /** @param {PeerState} state */
  #setState(state) {
    const isNews = this.state !== state
    this.state = state
    this.#update()
    if (isNews) this.#delegate.sessionStateChanged(state)
  }

  /** A peer has come or gone; this may be the peer itself. */
  #update() {
    this.messenger.update()
    this.files.update()
  }
}
