import { Attempts, isExpulsion } from "./attempts.js"
import { Cast } from "./cast.js"
import { Timer } from "./clock.js"
import { P2pError } from "./errors.js"
import { Outbox } from "./outbox.js"

/**
 * The story of one peer: it joins, is given a role, plays it, loses its host, and joins again.
 *
 * Commands go down by method call (to the signaling, the role); news comes up through the delegates.
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
 * @typedef {object} PeerOptions
 * @property {string} peerId
 * @property {number} connectTimeoutMls
 * @property {boolean} keepSignaling
 * @property {boolean} autoReconnect
 * @property {(delegate: import("./signaling.js").SignalingDelegate) => import("./signaling.js").Signaling} createSignaling
 * @property {(setup: ConnectionSetup, iceServers: RTCIceServer[]) => import("./connection.js").Connection} createConnection
 * @property {import("./clock.js").Clock} clock
 * @property {PeerDelegate} delegate
 * @property {import("./backoff.js").Backoff} [backoff]
 */
/** The longest that a browser's timer waits, in milliseconds. */
const MAX_TERM_MLS = 2 ** 31

export class Peer {
  #options
  #delegate
  #signaling
  #attempts
  #cast
  #outbox = new Outbox()
  /** @type {PeerState} */
  #state = "new"
  /** The server's proof that this peer hosts. @type {string | undefined} */
  #seat
  /** The epoch whose host this peer has lost. @type {number | undefined} */
  #lostEpoch
  /** @type {RTCIceServer[]} */
  #iceServers = []
  #canSend = true
  /** Runs out with the session. */
  #term

  /** @param {PeerOptions} options */
  constructor(options) {
    this.#options = options
    this.#delegate = options.delegate
    this.#attempts = new Attempts(options)
    this.#term = new Timer(options.clock)
    this.#signaling = options.createSignaling(this)
    this.#cast = new Cast({
      peerId: options.peerId,
      clock: options.clock,
      delegate: this,
      signal: (epoch, to, negotiation, signal) => this.#signaling.signal(to, epoch, negotiation, signal),
      createConnection: (setup) => options.createConnection(setup, this.#iceServers),
    })
  }

  get state() {
    return this.#state
  }

  get peers() {
    return this.#cast.peers
  }

  get hostPeerId() {
    return this.#cast.hostPeerId
  }

  get iamHost() {
    return this.#cast.hosting !== null
  }

  get epoch() {
    return this.#cast.epoch
  }

  // What the app says

  /** Joins the session, unless that is done or under way. */
  start() {
    if (this.#attempts.isRunning || this.#state === "connected") return
    this.#beginAttempt()
    this.#signaling.join()
    this.#setState("negotiating")
  }

  /**
   * Sends a message to everyone, this peer included.
   * @param {any} data any value that JSON can hold
   * @returns {Promise<void>} resolves when the message has come back over the host and was shown here
   * @throws {P2pError}
   */
  async send(data) {
    if (!this.#canSend) throw new P2pError("forbidden", { message: "This peer may read, and not send." })
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
    else this.#signaling.hurry()
  }

  // What the server says

  signalingCredentials() {
    if (this.#seat) return { seat: this.#seat }
    if (this.#state === "connected") return { connected_epoch: this.epoch }
    return this.#lostEpoch === undefined ? {} : { lost_epoch: this.#lostEpoch }
  }

  /** @param {import("./signaling.js").Ready} ready */
  signalingReady(ready) {
    if (ready.epoch < this.epoch) return
    this.#iceServers = ready.ice_servers
    if (ready.peer_id === this.#options.peerId) this.#learn(ready)
    const { hostPeerId, epoch } = this
    if (this.#cast.play(ready)) this.#begin(hostPeerId, epoch)
    // The app may have left from within what it was told.
    const { hosting } = this.#cast
    this.#seat = hosting ? (ready.seat ?? this.#seat) : undefined
    if (hosting && ready.peer_id !== this.#options.peerId) this.#attend(() => hosting.peerReady(ready.peer_id, ready.can_send))
  }

  /** @param {import("./signaling.js").IncomingSignal} incoming */
  signalingReceived({ from, epoch, negotiation, description, candidates }) {
    const { role } = this.#cast
    if (!role || epoch !== role.epoch) return
    if (description) this.#attend(() => role.receiveSignal(from, negotiation, { description }))
    else if (candidates) this.#attend(() => role.receiveSignal(from, negotiation, { candidates }))
  }

  /** @param {import("./signaling.js").HostChange} change */
  signalingHostChanged({ host_peer_id, epoch, reason }) {
    if (epoch < this.epoch || host_peer_id === this.#options.peerId) return
    const superseded = this.epoch > 0 && epoch > this.epoch && host_peer_id !== null
    const forsaken = this.#attempts.isRunning && this.#isForsaken(host_peer_id, reason)
    // The host takes a second join for another page; a connection that opens meanwhile would be closed as replaced.
    if (forsaken) this.#cast.following?.stop()
    if (superseded || forsaken) this.#signaling.join()
  }

  /** @param {string} peerId */
  signalingPeerLeft(peerId) {
    this.#cast.hosting?.peerLeft(peerId)
  }

  /**
   * @param {string} peerId
   * @param {P2pError} error
   */
  signalingExpelled(peerId, error) {
    this.#cast.hosting?.expel(peerId, error)
  }

  /** @param {P2pError} error */
  signalingRefused(error) {
    if (error.retry && error.retryAfterMls !== undefined) return this.#attempts.comeAgain(error, error.retryAfterMls, () => this.#signaling.join())
    if (this.#attempts.isRunning) return this.#fail(error)
    if (isExpulsion(error)) return this.#stop(error)
    // A session that runs doesn't need the server; only newcomers do.
    this.#delegate.peerErrored(error)
    const keepsSocket = this.iamHost || this.#options.keepSignaling
    if (keepsSocket && this.#attempts.mayTryAgain(error)) this.#attempts.tryAgain(() => this.#signaling.join())
  }

  // What the role says

  roleChanged() {
    const { role } = this.#cast
    if (!role) return
    if (role.state === "connected" && this.#state !== "connected") this.#connected()
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
    if (this.#attempts.isRunning) return this.#fail(error)
    this.#lostEpoch = this.epoch
    this.#outbox.rejectSent(hostWent(error))
    if (!this.#attempts.mayRecover(error)) this.#stop(error)
    else this.#recover()
    // That a host goes is part of life; what else ended the connection is worth a word, though it is tried again.
    if (this.#attempts.isWaiting && error.code !== "host_lost") this.#delegate.peerErrored(error)
    this.rolePeersChanged()
  }

  /** @param {Record<string, PeerState>} roster */
  roleReported(roster) {
    this.#signaling.report(this.epoch, roster)
  }

  // Playing a role

  /** @param {import("./signaling.js").Ready} ready */
  #learn({ can_send = true, ends_in_ms }) {
    this.#canSend = can_send
    // A timer holds 24 days; who stays longer joins again before that, and learns it anew.
    if (ends_in_ms !== undefined && ends_in_ms < MAX_TERM_MLS) this.#term.start(ends_in_ms, () => this.#stop(new P2pError("session_expired")))
  }

  /**
   * @param {string | null} formerHost
   * @param {number} formerEpoch
   */
  #begin(formerHost, formerEpoch) {
    const { hostPeerId, epoch } = this
    if (!this.iamHost) this.#beginAttempt()
    if (formerHost !== hostPeerId || formerEpoch !== epoch) this.#delegate.peerHostChanged({ hostPeerId: /** @type {string} */ (hostPeerId), epoch })
    this.roleChanged()
    if (this.iamHost) this.rolePeersChanged()
  }

  /**
   * Lets the role act on a signal. What the browser refuses outright, such as ICE servers that make no sense, ends an attempt; a
   * session that runs goes on.
   * @param {() => void} act
   */
  #attend(act) {
    try {
      act()
    } catch (error) {
      if (!(error instanceof P2pError)) throw error
      if (this.#attempts.isRunning) this.#fail(error)
      else this.#delegate.peerErrored(error)
    }
  }

  /**
   * Whether this attempt's host doesn't know of it any more. One that has offered does: it goes on when its socket is back.
   * @param {string | null} hostPeerId
   * @param {string} reason
   */
  #isForsaken(hostPeerId, reason) {
    if (!this.#cast.role) return false
    if (hostPeerId !== this.hostPeerId) return true
    return reason === "resumed" && !this.#cast.following?.isNegotiating
  }

  #flush() {
    const { role } = this.#cast
    if (role && this.#state === "connected") this.#outbox.flush((text) => role.send(text))
  }

  // How an attempt ends. What comes next is begun before the app is told what was: it may close or reconnect from within.

  #beginAttempt() {
    this.#attempts.begin(() => this.#fail(this.#timeoutError()))
  }

  #connected() {
    this.#attempts.succeed()
    this.#lostEpoch = undefined
    // What went over an earlier connection and has not come back by now never will.
    this.#outbox.rejectSent(hostWent())
    this.#setState("connected")
    if (this.#state !== "connected") return
    if (!this.iamHost && !this.#options.keepSignaling) this.#signaling.leave("connected")
    this.#flush()
  }

  #timeoutError() {
    if (!this.#signaling.isConnected) return this.#attempts.refusal
    return this.#cast.following?.timeoutError() ?? new P2pError("connect_timeout", { message: "The server did not answer in time." })
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
    this.#term.stop()
    this.#cast.end(end)
    this.#seat = undefined
    this.#signaling.leave("closed")
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
    return !this.#attempts.isRunning && !this.#attempts.isWaiting && this.#state !== "connected" && this.#state !== "new"
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
