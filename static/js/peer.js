import { Attempts, isExpulsion } from "./attempts.js"
import { P2pError } from "./errors.js"
import { Membership } from "./membership.js"
import { Outbox } from "./outbox.js"

/**
 * The story of one peer: it joins, is given a role, plays it, loses its host, and joins again.
 *
 * Commands go down by method call (to the membership, the role); news comes up through the delegates.
 *
 * @typedef {import("./messages.js").PeerState} PeerState
 * @typedef {Pick<import("./connection.js").ConnectionOptions, "peerId" | "negotiationId" | "delegate" | "signal">} ConnectionSetup
 *
 * @typedef {object} PeerDelegate
 * @property {(state: PeerState) => void} peerStateChanged
 * @property {(error: P2pError) => void} peerErrored
 * @property {(message: { type: "Data", senderId: string, data: any }) => void} peerReceived
 * @property {(peers: Map<string, PeerState>) => void} peerPeersChanged
 * @property {(host: { hostPeerId: string, epoch: number }) => void} peerHostChanged
 *
 * @typedef {Omit<import("./membership.js").MembershipOptions, "delegate"> & {
 *   connectTimeoutMls: number,
 *   keepSignaling: boolean,
 *   autoReconnect: boolean,
 *   delegate: PeerDelegate,
 *   backoff?: import("./backoff.js").Backoff,
 * }} PeerOptions
 */
export class Peer {
  #options
  #delegate
  #attempts
  #membership
  #outbox = new Outbox()
  /** @type {PeerState} */
  #state = "new"

  /** @param {PeerOptions} options */
  constructor(options) {
    this.#options = options
    this.#delegate = options.delegate
    this.#attempts = new Attempts(options)
    this.#membership = new Membership({ ...options, delegate: this })
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
    return this.#membership.peers
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
   * Sends a message to everyone, this peer included.
   * @param {any} data any value that JSON can hold
   * @returns {Promise<void>} resolves when the message has come back over the host and was shown here
   * @throws {P2pError}
   */
  async send(data) {
    if (!this.#membership.canSend) throw new P2pError("forbidden", { message: "This peer may read, and not send." })
    if (this.#isOver) throw new P2pError("not_joined", { message: `This peer is ${this.#state}.` })
    const shown = this.#outbox.add(data)
    this.#flush()
    return shown
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

  /** Leaves within this turn of the event loop, for a page that goes away. */
  abort() {
    this.#end((role) => role.abort())
    this.#conclude("closed", new P2pError("not_joined", { message: "The page has gone." }))
  }

  /**
   * Gives up before anything was tried.
   * @param {P2pError} error
   */
  refuse(error) {
    this.#stop(error)
  }

  /** The network is back. */
  hurry() {
    if (this.#attempts.isWaiting) this.start()
    else this.#membership.hurry()
  }

  // What the server says, as far as it doesn't concern the role

  /** @param {{ hostPeerId: string | null, epoch: number }} former */
  membershipBegan(former) {
    const { hostPeerId, epoch } = this
    if (!this.iamHost) this.#beginAttempt()
    if (former.hostPeerId !== hostPeerId || former.epoch !== epoch) this.#delegate.peerHostChanged({ hostPeerId: /** @type {string} */ (hostPeerId), epoch })
    this.roleChanged()
    if (this.iamHost) this.rolePeersChanged()
  }

  /** @param {P2pError} error */
  membershipRefused(error) {
    const joinAgain = () => this.#membership.join()
    const { retry, retryAfterMls } = error
    if (this.isAttempting && retry && retryAfterMls !== undefined) return this.#attempts.comeAgain(error, retryAfterMls, joinAgain)
    if (this.isAttempting) return this.#fail(error)
    if (isExpulsion(error)) return this.#stop(error)
    // A session that runs doesn't need the server; only newcomers do.
    const comesAgain = (this.iamHost || this.#options.keepSignaling) && this.#attempts.mayTryAgain(error)
    // To be asked for a little patience is no trouble.
    if (!comesAgain || retryAfterMls === undefined) this.#delegate.peerErrored(error)
    if (comesAgain) this.#attempts.tryAgain(joinAgain, retryAfterMls)
  }

  /** @param {P2pError} error */
  membershipFailed(error) {
    if (this.isAttempting) this.#fail(error)
    else this.#delegate.peerErrored(error)
  }

  // What the role says

  roleChanged() {
    const { role } = this.#membership
    if (!role) return
    if (role.state === "connected" && !this.isConnected) this.#connected()
    else this.#setState(role.state)
  }

  rolePeersChanged() {
    this.#delegate.peerPeersChanged(this.peers)
  }

  /** @param {import("./messages.js").DataFrame} frame */
  roleReceived({ type, senderId = "", id, data }) {
    this.#delegate.peerReceived({ type, senderId, data })
    if (senderId === this.#options.peerId) this.#outbox.confirm(id)
  }

  /**
   * @param {number} id
   * @param {P2pError} error
   */
  roleRefused(id, error) {
    this.#outbox.refuse(id, error)
  }

  /** @param {P2pError} error */
  roleLost(error) {
    if (this.isAttempting) return this.#fail(error)
    this.#membership.lose()
    this.#outbox.rejectSent(hostWent(error))
    if (!this.#attempts.mayRecover(error)) this.#stop(error)
    else this.#recover()
    // That a host goes is part of life; what else ended the connection is worth a word, though it is tried again.
    if (this.#attempts.isWaiting && error.code !== "host_lost") this.#delegate.peerErrored(error)
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
    // What went over an earlier connection and has not come back by now never will.
    this.#outbox.rejectSent(hostWent())
    this.#setState("connected")
    if (!this.isConnected) return
    this.#membership.succeed(this.#options.keepSignaling)
    this.#flush()
  }

  #flush() {
    const { role } = this.#membership
    if (role && this.isConnected) this.#outbox.flush((text) => role.send(text))
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
    this.#membership.end(end)
  }

  /**
   * @param {PeerState} state
   * @param {P2pError} error
   */
  #conclude(state, error) {
    this.#outbox.rejectAll(error)
    this.#setState(state)
  }

  get #isOver() {
    return !this.isAttempting && !this.#attempts.isWaiting && !this.isConnected && this.#state !== "new"
  }

  /** @param {PeerState} state */
  #setState(state) {
    if (this.#state === state) return
    this.#state = state
    this.#delegate.peerStateChanged(state)
  }
}

/**
 * Why a message that was sent is not known to have arrived.
 * @param {P2pError} [cause]
 */
function hostWent(cause) {
  return new P2pError("host_lost", { message: "The host went before the message came back; the others may have seen it or not.", cause })
}
