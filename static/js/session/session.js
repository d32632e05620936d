import { Reconnection, isExpulsion } from "./reconnection.js"
import { P2pError } from "../base/errors.js"
import { Handover } from "./handover.js"
import { Leadership } from "./leadership.js"
import { Messenger } from "./messenger.js"

/**
 * The story of one peer: it joins, is given a role, plays it, loses its host, and joins again.
 *
 * Commands go down by method call (to the membership, the role); news comes up through the delegates.
 *
 * @typedef {import("../wire/frames.js").PeerState} PeerState
 *
 * @typedef {object} SessionDelegate
 * @property {(state: PeerState) => void} sessionStateChanged
 * @property {(peers: Map<string, PeerState>) => void} sessionPeersChanged
 * @property {(host: { hostPeerId: string, epoch: number }) => void} sessionHostChanged
 *
 * @typedef {Omit<import("./leadership.js").LeadershipOptions, "delegate" | "broadcast" | "knownPeers"> & {
 *   connectTimeoutMls: number,
 *   keepSignaling: boolean,
 *   autoReconnect: boolean,
 *   history?: number,
 *   heartbeat?: { idleTimeoutMls: number },
 *   topics?: import("../messaging/topics.js").Topics,
 *   delegate: SessionDelegate & import("./messenger.js").MessengerDelegate,
 *   backoff?: import("../base/backoff.js").Backoff,
 * }} SessionOptions
 */
export class Session {
  #options
  #delegate
  #reconnection
  #leadership
  #messenger
  #handover
  /** @type {PeerState} */
  #state = "new"
  /** Why this peer has given up last. @type {P2pError | null} */
  #failure = null

  /** @param {SessionOptions} options */
  constructor(options) {
    this.#options = options
    this.#delegate = options.delegate
    this.#reconnection = new Reconnection(options)
    this.#handover = new Handover(options.clock)
    this.#messenger = new Messenger({
      ...options,
      role: () => this.#leadership.role,
      peers: () => this.#leadership.peers,
      isConnected: () => this.isConnected,
      requireVoice: () => this.#requireVoice(),
    })
    this.#leadership = new Leadership({ ...options, broadcast: this.#messenger.broadcast, knownPeers: this.#messenger.knownPeers, delegate: this })
  }

  get state() {
    return this.#state
  }

  get isConnected() {
    return this.#state === "connected"
  }

  get isAttempting() {
    return this.#reconnection.isRunning
  }

  get peers() {
    const peers = new Map(this.#leadership.peers) // the app's own
    // Nobody tells a peer of itself once it is out.
    if (this.#isOver && peers.has(this.#options.peerId)) peers.set(this.#options.peerId, this.#state)
    return peers
  }

  get hostPeerId() {
    return this.#leadership.hostPeerId
  }

  get iamHost() {
    return this.#leadership.iamHost
  }

  get epoch() {
    return this.#leadership.epoch
  }

  // What the app says

  /** Joins the session, unless that is done or under way. */
  start() {
    if (this.isAttempting || this.isConnected) return
    this.#beginAttempt()
    this.#leadership.join()
    this.#setState("negotiating")
  }

  /**
   * Sends a message to everyone, this peer included, or to some.
   * @param {any} data a string, any value that JSON can hold, an ArrayBuffer, a view of one, or a Blob
   * @param {import("./messenger.js").SendOptions} [options]
   * @returns {Promise<void>} resolves when the message is stable: shown here, and kept by another peer, if there is one, besides the host; one that is for some,
   *   when they have been shown it; one that may be lost, at once
   * @throws {P2pError} as a rejection
   */
  async send(data, options = {}) {
    return this.#messenger.send(data, options)
  }

  /**
   * Asks another peer, and waits for its answer.
   * @param {string} peerId
   * @param {string} topic
   * @param {any} data as for send()
   * @param {{ timeout?: number, signal?: AbortSignal }} [options] `timeout` in milliseconds
   * @returns {Promise<any>}
   * @throws {P2pError} as a rejection
   */
  async request(peerId, topic, data, options = {}) {
    return this.#messenger.request(peerId, topic, data, options)
  }

  /**
   * Sends a file to some, or to everybody who is connected now.
   * @param {any} file
   * @param {{ to?: string[], name?: string, type?: string }} [options]
   * @throws {P2pError}
   */
  sendFile(file, options = {}) {
    return this.#messenger.sendFile(file, options)
  }

  /**
   * Makes another peer the host; this one becomes its client.
   * @param {string} peerId
   * @returns {Promise<void>} resolves when that peer hosts
   * @throws {P2pError} as a rejection: `forbidden`, `no_such_peer`, `unavailable`
   */
  async handOver(peerId) {
    const { hosting } = this.#leadership
    if (!hosting) throw new P2pError("forbidden", { message: "Only the host can hand the session over.", hint: "Call it in the page whose frame.iamHost is true." })
    if (!hosting.appoint(peerId)) throw new P2pError("no_such_peer", { message: `${peerId} is not connected.` })
    return this.#handover.begin(peerId)
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

  /** Leaves within this turn of the event loop, for a page that goes away. Should it come back, a peer that has failed still shows why. */
  abort() {
    this.#end((role) => role.abort())
    if (this.#state !== "failed") this.#conclude("closed", new P2pError("not_joined", { message: "The page has gone." }))
  }

  /**
   * Gives up before anything was tried.
   * @param {P2pError} error
   */
  refuse(error) {
    this.#stop(error)
  }

  /** The network is back: nothing waits any longer, and what had failed without it is tried anew. */
  hurry() {
    if (this.#isOver) this.#revive()
    else if (!this.#reconnection.isWaiting) this.#leadership.hurry()
    else if (this.isConnected) this.#joinAgain()
    else this.start()
  }

  #revive() {
    if (this.#state !== "closed" && this.#options.autoReconnect && this.#failure?.retry) this.reconnect()
  }

  #joinAgain() {
    this.#reconnection.stop()
    this.#leadership.join()
  }

  // What the server says, as far as it doesn't concern the role

  /** @param {{ hostPeerId: string | null, epoch: number }} former */
  leadershipBegan(former) {
    const { hostPeerId, epoch } = this
    this.#handover.hostChanged(hostPeerId)
    if (!this.iamHost) this.#beginAttempt()
    if (former.hostPeerId !== hostPeerId || former.epoch !== epoch) this.roleRenumbered()
    this.roleChanged()
    if (!this.iamHost) return
    this.rolePeersChanged()
    this.#messenger.resume()
  }

  /** @param {P2pError} error */
  leadershipRefused(error) {
    const joinAgain = () => this.#leadership.join()
    const { retry, retryAfterMls } = error
    if (this.isAttempting && retry && retryAfterMls !== undefined) return this.#reconnection.comeAgain(error, retryAfterMls, joinAgain)
    if (this.isAttempting) return this.#fail(error)
    if (isExpulsion(error) || this.#isDeposed(error)) return this.#stop(error)
    // A session that runs doesn't need the server; only newcomers do.
    const comesAgain = this.iamHost || (this.#options.keepSignaling && this.#reconnection.mayTryAgain(error))
    const isNews = !comesAgain || this.#reconnection.isNews(error)
    if (comesAgain) this.#reconnection.tryAgain(joinAgain, retryAfterMls)
    if (isNews) this.#delegate.sessionErrored(error)
  }

  /**
   * Whether this host is none any more. The server won't have it back, and others may have another one by now; or it has nobody, and nobody can come.
   * @param {P2pError} error
   */
  #isDeposed(error) {
    const { hosting } = this.#leadership
    return hosting !== null && (!error.retry || (hosting.connected().length === 0 && !this.#reconnection.mayTryAgain(error)))
  }

  /** @param {P2pError} error */
  leadershipFailed(error) {
    if (this.isAttempting) this.#fail(error)
    else this.#delegate.sessionErrored(error)
  }

  // What the role says

  roleRenumbered() {
    const { hostPeerId, epoch } = this
    this.#delegate.sessionHostChanged({ hostPeerId: /** @type {string} */ (hostPeerId), epoch })
  }

  roleChanged() {
    const { role } = this.#leadership
    if (!role) return
    if (role.state === "connected" && !this.isConnected) this.#connected()
    else this.#setState(role.state)
  }

  rolePeersChanged() {
    this.#messenger.update()
    this.#delegate.sessionPeersChanged(this.peers)
  }

  roleSynced() {
    this.#messenger.resume()
  }

  /** @param {import("../wire/frames.js").RoutedFrame} frame */
  roleRouted(frame) {
    this.#messenger.routed(frame)
  }

  roleDrained() {
    this.#messenger.drained()
  }

  roleAppointed() {
    this.#leadership.prepare()
  }

  roleYields() {
    this.#leadership.yield()
  }

  roleFollowed() {
    this.#end((role) => role.stop(new P2pError("host_lost")))
    this.#setState("disconnected")
    this.start()
  }

  /** @param {P2pError} reason */
  roleLost(reason) {
    const error = this.#leadership.judge(reason)
    if (this.isAttempting) return this.#fail(error)
    this.#leadership.lose()
    if (error.code === "stale_epoch") this.#messenger.broadcast.fork()
    if (!this.#reconnection.mayRecover(error)) this.#stop(error)
    else this.#recover()
    // That a host goes is part of life; what else ended the connection is worth a word, though it is tried again.
    if (this.#reconnection.isWaiting && error.code !== "host_lost" && error.code !== "stale_epoch") this.#delegate.sessionErrored(error)
    this.rolePeersChanged()
  }

  /** @param {Record<string, PeerState>} roster */
  roleReported(roster) {
    this.#leadership.report(roster)
  }

  // How an attempt ends. What comes next is begun before the app is told what was: it may close or reconnect from within.

  #beginAttempt() {
    this.#reconnection.begin(() => this.#fail(this.#leadership.timeoutError(this.#reconnection.refusal)))
  }

  #connected() {
    this.#reconnection.succeed()
    this.#setState("connected")
    if (!this.isConnected) return
    this.#leadership.succeed(this.#options.keepSignaling)
    this.#messenger.flush()
  }

  /**
   * An attempt to connect has failed.
   * @param {P2pError} error
   */
  #fail(error) {
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
    // Whoever is thrown out, its clients find another host; a session that is over is so for all.
    const farewell = error.code === "session_expired" ? error : new P2pError("host_lost")
    this.#failure = error
    this.#end((role) => role.stop(farewell))
    this.#conclude(this.#reconnection.stateAfter(error), error)
    this.#delegate.sessionErrored(error)
  }

  /**
   * Ends what is under way; the role's last picture of the peers stays.
   * @param {(role: import("./cast.js").Role) => void} end
   */
  #end(end) {
    this.#reconnection.stop()
    this.#messenger.rest()
    this.#leadership.end(end)
  }

  /**
   * @param {PeerState} state
   * @param {P2pError} error
   */
  #conclude(state, error) {
    this.#handover.end(error)
    // Whoever is only disconnected goes on where it was when the app has it reconnect.
    if (state !== "disconnected") this.#messenger.leave(error)
    this.#setState(state)
  }

  get #isOver() {
    return !this.isAttempting && !this.#reconnection.isWaiting && this.#leadership.role === null && this.#state !== "new"
  }

  #requireVoice() {
    if (!this.#leadership.canSend) throw new P2pError("forbidden", { message: "This peer may read, and not send." })
    if (this.#isOver) throw new P2pError("not_joined", { message: `This peer is ${this.#state}.` })
  }

  /** @param {PeerState} state */
  #setState(state) {
    if (this.#state === state) return
    this.#state = state
    this.#messenger.update()
    this.#delegate.sessionStateChanged(state)
  }
}
