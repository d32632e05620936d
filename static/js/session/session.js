import { Attempts, isExpulsion } from "./reconnection.js"
import { P2pError } from "../base/errors.js"
import { Handover } from "./handover.js"
import { Membership } from "./leadership.js"
import { Talk } from "./messenger.js"

/**
 * The story of one peer: it joins, is given a role, plays it, loses its host, and joins again.
 *
 * Commands go down by method call (to the membership, the role); news comes up through the delegates.
 *
 * @typedef {import("../wire/frames.js").PeerState} PeerState
 * @typedef {Pick<import("../transport/direct_path.js").ConnectionOptions, "peerId" | "negotiationId" | "delegate" | "signal">} ConnectionSetup
 *
 * @typedef {object} PeerDelegate
 * @property {(state: PeerState) => void} peerStateChanged
 * @property {(peers: Map<string, PeerState>) => void} peerPeersChanged
 * @property {(host: { hostPeerId: string, epoch: number }) => void} peerHostChanged
 *
 * @typedef {Omit<import("./leadership.js").MembershipOptions, "delegate" | "conversation" | "acquaintances"> & {
 *   connectTimeoutMls: number,
 *   keepSignaling: boolean,
 *   autoReconnect: boolean,
 *   history?: number,
 *   heartbeat?: { idleTimeoutMls: number },
 *   topics?: import("../messaging/topics.js").Topics,
 *   delegate: PeerDelegate & import("./messenger.js").TalkDelegate,
 *   backoff?: import("../base/backoff.js").Backoff,
 * }} PeerOptions
 */
export class Peer {
  #options
  #delegate
  #attempts
  #membership
  #talk
  #handover
  /** @type {PeerState} */
  #state = "new"
  /** Why this peer has given up last. @type {P2pError | null} */
  #failure = null

  /** @param {PeerOptions} options */
  constructor(options) {
    this.#options = options
    this.#delegate = options.delegate
    this.#attempts = new Attempts(options)
    this.#handover = new Handover(options.clock)
    this.#talk = new Talk({
      ...options,
      role: () => this.#membership.role,
      peers: () => this.#membership.peers,
      isConnected: () => this.isConnected,
      requireVoice: () => this.#requireVoice(),
    })
    this.#membership = new Membership({ ...options, conversation: this.#talk.conversation, acquaintances: this.#talk.acquaintances, delegate: this })
  }

  get state() {
    return this.#state
  }

  get isConnected() {
    return this.#state === "connected"
  }

  get isAttempting() {
    return this.#attempts.isRunning
  }

  get peers() {
    const peers = new Map(this.#membership.peers) // the app's own
    // Nobody tells a peer of itself once it is out.
    if (this.#isOver && peers.has(this.#options.peerId)) peers.set(this.#options.peerId, this.#state)
    return peers
  }

  get hostPeerId() {
    return this.#membership.hostPeerId
  }

  get iamHost() {
    return this.#membership.iamHost
  }

  get epoch() {
    return this.#membership.epoch
  }

  // What the app says

  /** Joins the session, unless that is done or under way. */
  start() {
    if (this.isAttempting || this.isConnected) return
    this.#beginAttempt()
    this.#membership.join()
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
    return this.#talk.send(data, options)
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
    return this.#talk.request(peerId, topic, data, options)
  }

  /**
   * Sends a file to some, or to everybody who is connected now.
   * @param {any} file
   * @param {{ to?: string[], name?: string, type?: string }} [options]
   * @throws {P2pError}
   */
  sendFile(file, options = {}) {
    return this.#talk.sendFile(file, options)
  }

  /**
   * Makes another peer the host; this one becomes its client.
   * @param {string} peerId
   * @returns {Promise<void>} resolves when that peer hosts
   * @throws {P2pError} as a rejection: `forbidden`, `no_such_peer`, `unavailable`
   */
  async handOver(peerId) {
    const { hosting } = this.#membership
    if (!hosting) throw new P2pError("forbidden", { message: "Only the host can hand the session over.", hint: "Call it in the page whose frame.iamHost is true." })
    if (!hosting.appoint(peerId)) throw new P2pError("no_such_peer", { message: `${peerId} is not connected.` })
    return this.#handover.begin(peerId)
  }

  /** Leaves and joins afresh. */
  reconnect() {
    this.#end((role) => role.stop())
    this.#attempts.reset()
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
    else if (!this.#attempts.isWaiting) this.#membership.hurry()
    else if (this.isConnected) this.#joinAgain()
    else this.start()
  }

  #revive() {
    if (this.#state !== "closed" && this.#options.autoReconnect && this.#failure?.retry) this.reconnect()
  }

  #joinAgain() {
    this.#attempts.stop()
    this.#membership.join()
  }

  // What the server says, as far as it doesn't concern the role

  /** @param {{ hostPeerId: string | null, epoch: number }} former */
  membershipBegan(former) {
    const { hostPeerId, epoch } = this
    this.#handover.hostChanged(hostPeerId)
    if (!this.iamHost) this.#beginAttempt()
    if (former.hostPeerId !== hostPeerId || former.epoch !== epoch) this.roleRenumbered()
    this.roleChanged()
    if (!this.iamHost) return
    this.rolePeersChanged()
    this.#talk.resume()
  }

  /** @param {P2pError} error */
  membershipRefused(error) {
    const joinAgain = () => this.#membership.join()
    const { retry, retryAfterMls } = error
    if (this.isAttempting && retry && retryAfterMls !== undefined) return this.#attempts.comeAgain(error, retryAfterMls, joinAgain)
    if (this.isAttempting) return this.#fail(error)
    if (isExpulsion(error) || this.#isDeposed(error)) return this.#stop(error)
    // A session that runs doesn't need the server; only newcomers do.
    const comesAgain = this.iamHost || (this.#options.keepSignaling && this.#attempts.mayTryAgain(error))
    const isNews = !comesAgain || this.#attempts.isNews(error)
    if (comesAgain) this.#attempts.tryAgain(joinAgain, retryAfterMls)
    if (isNews) this.#delegate.peerErrored(error)
  }

  /**
   * Whether this host is none any more. The server won't have it back, and others may have another one by now; or it has nobody, and nobody can come.
   * @param {P2pError} error
   */
  #isDeposed(error) {
    const { hosting } = this.#membership
    return hosting !== null && (!error.retry || (hosting.connected().length === 0 && !this.#attempts.mayTryAgain(error)))
  }

  /** @param {P2pError} error */
  membershipFailed(error) {
    if (this.isAttempting) this.#fail(error)
    else this.#delegate.peerErrored(error)
  }

  // What the role says

  roleRenumbered() {
    const { hostPeerId, epoch } = this
    this.#delegate.peerHostChanged({ hostPeerId: /** @type {string} */ (hostPeerId), epoch })
  }

  roleChanged() {
    const { role } = this.#membership
    if (!role) return
    if (role.state === "connected" && !this.isConnected) this.#connected()
    else this.#setState(role.state)
  }

  rolePeersChanged() {
    this.#talk.update()
    this.#delegate.peerPeersChanged(this.peers)
  }

  roleSynced() {
    this.#talk.resume()
  }

  /** @param {import("../wire/frames.js").RoutedFrame} frame */
  roleRouted(frame) {
    this.#talk.routed(frame)
  }

  roleDrained() {
    this.#talk.drained()
  }

  roleAppointed() {
    this.#membership.prepare()
  }

  roleYields() {
    this.#membership.yield()
  }

  roleFollowed() {
    this.#end((role) => role.stop(new P2pError("host_lost")))
    this.#setState("disconnected")
    this.start()
  }

  /** @param {P2pError} reason */
  roleLost(reason) {
    const error = this.#membership.judge(reason)
    if (this.isAttempting) return this.#fail(error)
    this.#membership.lose()
    if (error.code === "stale_epoch") this.#talk.conversation.fork()
    if (!this.#attempts.mayRecover(error)) this.#stop(error)
    else this.#recover()
    // That a host goes is part of life; what else ended the connection is worth a word, though it is tried again.
    if (this.#attempts.isWaiting && error.code !== "host_lost" && error.code !== "stale_epoch") this.#delegate.peerErrored(error)
    this.rolePeersChanged()
  }

  /** @param {Record<string, PeerState>} roster */
  roleReported(roster) {
    this.#membership.report(roster)
  }

  // How an attempt ends. What comes next is begun before the app is told what was: it may close or reconnect from within.

  #beginAttempt() {
    this.#attempts.begin(() => this.#fail(this.#membership.timeoutError(this.#attempts.refusal)))
  }

  #connected() {
    this.#attempts.succeed()
    this.#setState("connected")
    if (!this.isConnected) return
    this.#membership.succeed(this.#options.keepSignaling)
    this.#talk.flush()
  }

  /**
   * An attempt to connect has failed.
   * @param {P2pError} error
   */
  #fail(error) {
    this.#end((role) => role.stop())
    if (!this.#attempts.mayRecover(error)) return this.#stop(error)
    this.#recover()
    this.#delegate.peerErrored(error)
  }

  /** Comes back after a loss. */
  #recover() {
    this.#attempts.tryAgain(() => this.start())
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
    this.#conclude(this.#attempts.stateAfter(error), error)
    this.#delegate.peerErrored(error)
  }

  /**
   * Ends what is under way; the role's last picture of the peers stays.
   * @param {(role: import("./cast.js").Role) => void} end
   */
  #end(end) {
    this.#attempts.stop()
    this.#talk.rest()
    this.#membership.end(end)
  }

  /**
   * @param {PeerState} state
   * @param {P2pError} error
   */
  #conclude(state, error) {
    this.#handover.end(error)
    // Whoever is only disconnected goes on where it was when the app has it reconnect.
    if (state !== "disconnected") this.#talk.leave(error)
    this.#setState(state)
  }

  get #isOver() {
    return !this.isAttempting && !this.#attempts.isWaiting && this.#membership.role === null && this.#state !== "new"
  }

  #requireVoice() {
    if (!this.#membership.canSend) throw new P2pError("forbidden", { message: "This peer may read, and not send." })
    if (this.#isOver) throw new P2pError("not_joined", { message: `This peer is ${this.#state}.` })
  }

  /** @param {PeerState} state */
  #setState(state) {
    if (this.#state === state) return
    this.#state = state
    this.#talk.update()
    this.#delegate.peerStateChanged(state)
  }
}
