import { Backoff } from "./backoff.js"
import { ClientRole } from "./client_role.js"
import { Timer } from "./clock.js"
import { P2pError } from "./errors.js"
import { HostRole } from "./host_role.js"
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
 * @property {Backoff} [backoff]
 */
export class Peer {
  #options
  #delegate
  #signaling
  #backoff
  #outbox = new Outbox()
  /** @type {HostRole | ClientRole | null} */
  #role = null
  /** Whether the role goes on; the picture of the peers outlives it. */
  #isPlaying = false
  /** @type {PeerState} */
  #state = "new"
  /** The server's proof that this peer hosts. @type {string | undefined} */
  #seat
  /** The epoch whose host this peer has lost. @type {number | undefined} */
  #lostEpoch
  /** Why the server has this peer come again. @type {P2pError | null} */
  #refusal = null
  /** Whether this peer was connected since the app last asked it to join. */
  #wasConnected = false
  /** @type {RTCIceServer[]} */
  #iceServers = []
  /** Runs while an attempt to connect is under way. */
  #attempt
  /** Runs while this peer waits before it joins again. */
  #pause

  /** @param {PeerOptions} options */
  constructor(options) {
    this.#options = options
    this.#delegate = options.delegate
    this.#attempt = new Timer(options.clock)
    this.#pause = new Timer(options.clock)
    this.#backoff = options.backoff ?? new Backoff()
    this.#signaling = options.createSignaling(this)
  }

  get state() {
    return this.#state
  }

  get peers() {
    return this.#role?.peers ?? new Map()
  }

  get hostPeerId() {
    return this.#role?.hostPeerId ?? null
  }

  get iamHost() {
    return this.#role instanceof HostRole && this.#role.state === "connected"
  }

  get epoch() {
    return this.#role?.epoch ?? 0
  }

  // What the app says

  /** Joins the session, unless that is done or under way. */
  start() {
    if (this.#attempt.isRunning || this.#state === "connected") return
    this.#pause.stop()
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
    if (this.#isOver) throw new P2pError("not_joined", { message: `This peer is ${this.#state}.` })
    const shown = this.#outbox.add(data)
    this.#flush()
    return shown
  }

  /** Leaves and joins afresh. */
  reconnect() {
    this.#end((role) => role.stop())
    this.#wasConnected = false
    this.#backoff.reset()
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
    if (this.#pause.isRunning) this.start()
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
    const RoleHere = ready.host_peer_id === this.#options.peerId ? HostRole : ClientRole
    if (!this.#plays(RoleHere, ready)) this.#play(RoleHere, ready)
    if (!this.#isPlaying) return // the app has left from within what it was told
    this.#seat = this.#role instanceof HostRole ? (ready.seat ?? this.#seat) : undefined
    const role = this.#role
    if (role instanceof HostRole && ready.peer_id !== this.#options.peerId) this.#attend(() => role.peerReady(ready.peer_id))
  }

  /** @param {import("./signaling.js").IncomingSignal} incoming */
  signalingReceived({ from, epoch, negotiation, description, candidates }) {
    const role = this.#role
    if (!role || !this.#isPlaying || epoch !== role.epoch) return
    if (description) this.#attend(() => role.receiveSignal(from, negotiation, { description }))
    else if (candidates) this.#attend(() => role.receiveSignal(from, negotiation, { candidates }))
  }

  /** @param {import("./signaling.js").HostChange} change */
  signalingHostChanged({ host_peer_id, epoch, reason }) {
    if (!this.#role || epoch < this.epoch || host_peer_id === this.#options.peerId) return
    const superseded = epoch > this.epoch && host_peer_id !== null
    const forsaken = this.#attempt.isRunning && this.#isForsaken(host_peer_id, reason)
    // The host takes a second join for another page; a connection that opens meanwhile would be closed as replaced.
    if (forsaken) this.#role.stop()
    if (superseded || forsaken) this.#signaling.join()
  }

  /** @param {string} peerId */
  signalingPeerLeft(peerId) {
    if (this.#role instanceof HostRole) this.#role.peerLeft(peerId)
  }

  /** @param {P2pError} error */
  signalingRefused(error) {
    if (error.retry && error.retryAfterMls !== undefined) return this.#comeAgain(error, error.retryAfterMls)
    if (this.#attempt.isRunning) return this.#fail(error)
    if (error.code === "peer_replaced") return this.#stop(error)
    // A session that runs doesn't need the server; only newcomers do.
    this.#delegate.peerErrored(error)
    if (error.retry && this.iamHost && !this.#backoff.isExhausted) this.#pause.start(this.#backoff.next(), () => this.#signaling.join())
  }

  // What the role says

  roleChanged() {
    if (!this.#isPlaying) return
    const role = /** @type {HostRole | ClientRole} */ (this.#role)
    if (role.state === "connected" && this.#state !== "connected") this.#connected()
    else this.#setState(role.state)
    this.#delegate.peerPeersChanged(role.peers)
  }

  /** @param {import("./messages.js").DataFrame} frame */
  roleReceived({ type, senderId = "", id, data }) {
    this.#delegate.peerReceived({ type, senderId, data })
    if (senderId === this.#options.peerId) this.#outbox.confirm(id)
  }

  /** @param {P2pError} error */
  roleLost(error) {
    if (this.#attempt.isRunning) return this.#fail(error)
    this.#lostEpoch = this.epoch
    this.#outbox.rejectSent(hostWent(error))
    if (this.#mayRecover(error)) this.#recover()
    else this.#stop(error)
    this.#delegate.peerPeersChanged(this.peers)
  }

  /** @param {Record<string, PeerState>} roster */
  roleReported(roster) {
    this.#signaling.report(this.epoch, roster)
  }

  // Roles

  /**
   * @param {typeof HostRole | typeof ClientRole} RoleHere
   * @param {import("./signaling.js").Ready} ready
   */
  #plays(RoleHere, { host_peer_id: hostPeerId, epoch }) {
    // A client's role takes a new offer as it comes, and that may be before the notice of a rejoin.
    return this.#isPlaying && this.#role instanceof RoleHere && this.#role.epoch === epoch && this.#role.hostPeerId === hostPeerId
  }

  /**
   * @param {typeof HostRole | typeof ClientRole} RoleHere
   * @param {import("./signaling.js").Ready} ready
   */
  #play(RoleHere, { host_peer_id: hostPeerId, epoch }) {
    const { hostPeerId: formerHost, epoch: formerEpoch } = this
    this.#role?.stop(new P2pError("host_lost", { message: `${hostPeerId} is the host now.` }))
    this.#role = new RoleHere({
      peerId: this.#options.peerId,
      hostPeerId,
      epoch,
      delegate: this,
      signal: (to, negotiation, signal) => this.#signaling.signal(to, epoch, negotiation, signal),
      createConnection: (setup) => this.#options.createConnection(setup, this.#iceServers),
      clock: this.#options.clock,
    })
    this.#isPlaying = true
    this.#refusal = null
    if (this.#role.state !== "connected" && !this.#attempt.isRunning) this.#beginAttempt()
    if (formerHost !== hostPeerId || formerEpoch !== epoch) this.#delegate.peerHostChanged({ hostPeerId, epoch })
    this.roleChanged()
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
      if (this.#attempt.isRunning) this.#fail(error)
      else this.#delegate.peerErrored(error)
    }
  }

  /**
   * Whether this attempt's host doesn't know of it any more. One that has offered does: it goes on when its socket is back.
   * @param {string | null} hostPeerId
   * @param {string} reason
   */
  #isForsaken(hostPeerId, reason) {
    if (hostPeerId !== this.hostPeerId) return true
    return reason === "resumed" && !(this.#role instanceof ClientRole && this.#role.isNegotiating)
  }

  // Attempts. What comes next is begun before the app is told what was: it may close or reconnect from within.

  /** An attempt is over by the time-out at the latest. */
  #beginAttempt() {
    this.#refusal = null
    this.#attempt.start(this.#options.connectTimeoutMls, () => this.#fail(this.#timeoutError()))
  }

  #connected() {
    this.#attempt.stop()
    this.#pause.stop()
    this.#backoff.reset()
    this.#wasConnected = true
    this.#lostEpoch = undefined
    // What went over an earlier connection and has not come back by now never will.
    this.#outbox.rejectSent(hostWent())
    this.#setState("connected")
    if (this.#state !== "connected") return
    if (!this.iamHost && !this.#options.keepSignaling) this.#signaling.leave("connected")
    this.#flush()
  }

  #flush() {
    const role = this.#role
    if (role && this.#state === "connected") this.#outbox.flush((text) => role.send(text))
  }

  #timeoutError() {
    if (!this.#signaling.isConnected) return this.#refusal ?? new P2pError("signaling_lost")
    return this.#role instanceof ClientRole ? this.#role.timeoutError() : new P2pError("connect_timeout", { message: "The server did not answer in time." })
  }

  /**
   * An attempt to connect has failed.
   * @param {P2pError} error
   */
  #fail(error) {
    this.#end((role) => role.stop())
    if (!this.#wasConnected || !this.#mayRecover(error)) return this.#stop(error)
    this.#recover()
    this.#delegate.peerErrored(error)
  }

  /**
   * The server wants this peer to join a little later; the attempt's time goes on.
   * @param {P2pError} refusal
   * @param {number} mls
   */
  #comeAgain(refusal, mls) {
    this.#refusal = refusal
    this.#pause.start(mls, () => this.#signaling.join())
  }

  /** @param {P2pError} error */
  #mayRecover(error) {
    return error.retry && this.#options.autoReconnect && !this.#backoff.isExhausted
  }

  /** Comes back after a loss. */
  #recover() {
    this.#pause.start(this.#backoff.next(), () => this.start())
    this.#setState("disconnected")
  }

  /**
   * Gives up: a peer that was connected is disconnected or, where another page took its place, closed.
   * @param {P2pError} error
   */
  #stop(error) {
    const state = error.code === "peer_replaced" ? "closed" : this.#wasConnected && error.retry ? "disconnected" : "failed"
    this.#end((role) => role.stop(new P2pError("host_lost")))
    this.#conclude(state, error)
    this.#delegate.peerErrored(error)
  }

  /**
   * Ends what is under way; the role's last picture of the peers stays.
   * @param {(role: HostRole | ClientRole) => void} end
   */
  #end(end) {
    this.#attempt.stop()
    this.#pause.stop()
    this.#isPlaying = false
    if (this.#role) end(this.#role)
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
    return !this.#attempt.isRunning && !this.#pause.isRunning && this.#state !== "connected" && this.#state !== "new"
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
