import { isExpulsion } from "./reconnection.js"
import { Cast } from "./cast.js"
import { Timer } from "../base/clock.js"
import { Deadline } from "../base/deadline.js"
import { P2pError } from "../base/errors.js"

/** Milliseconds that a client waits for its host's offer before it says that it can't reach the host. */
export const OFFER_PATIENCE_MLS = 3_000
/** The longest that a browser's timer waits, in milliseconds (https://html.spec.whatwg.org/#timers: a signed 32-bit number). */
export const MAX_TERM_MLS = 2 ** 31 - 1

/**
 * This peer's place in the session, as the server gives it: its role, its seat, what it may do, and for how long.
 *
 * @typedef {object} LeadershipDelegate
 * @property {boolean} isConnected whether the peer is connected
 * @property {boolean} isAttempting whether an attempt to get connected is under way
 * @property {(former: { hostPeerId: string | null, epoch: number }) => void} leadershipBegan with another role, or under another host
 * @property {(error: P2pError) => void} leadershipRefused the server won't have this peer, or has thrown it out
 * @property {(error: P2pError) => void} leadershipFailed the role could not do what the server asked for
 *
 * @typedef {object} LeadershipOptions
 * @property {string} peerId
 * @property {{ idleTimeoutMls: number }} [heartbeat]
 * @property {number} connectTimeoutMls
 * @property {(delegate: import("../signaling/signaling.js").SignalingDelegate) => import("../signaling/signaling.js").Signaling} createSignaling
 * @property {(setup: import("../wire/path.js").PathSetup, iceServers: RTCIceServer[]) => import("../wire/path.js").Path} createPath
 * @property {import("../base/clock.js").Clock} clock
 * @property {import("../messaging/broadcast.js").Broadcast} broadcast
 * @property {import("../messaging/known_peers.js").KnownPeers} knownPeers
 * @property {LeadershipDelegate & import("../topology/role.js").RoleDelegate} delegate
 */
export class Leadership {
  #peerId
  /** For how long this page may stand still, as the server is told for the case that it hosts. @type {{ idle_timeout_ms?: number }} */
  #ownTimeout
  #delegate
  #signaling
  #cast
  /** The server's proof that this peer hosts. @type {string | undefined} */
  #seat
  /** The epoch whose host this peer has lost. @type {number | undefined} */
  #lostEpoch
  /** @type {RTCIceServer[]} */
  #iceServers = []
  /** Runs out with the session. */
  #term
  /** Runs out when the host makes no offer. */
  #patience
  /** Runs out when the server isn't reached again. */
  #outage
  #outageMls
  /** Whether the host wants this client to be the next one. */
  #isAppointed = false
  /** Whether a client keeps its socket while it is connected. */
  #keepsSignaling = false
  /** Whether this peer may send messages. */
  canSend = true

  /** @param {LeadershipOptions} options */
  constructor({ peerId, heartbeat, connectTimeoutMls, createSignaling, createPath, clock, broadcast, knownPeers, delegate }) {
    this.#peerId = peerId
    this.#ownTimeout = heartbeat ? { idle_timeout_ms: Math.round(heartbeat.idleTimeoutMls) } : {}
    this.#delegate = delegate
    this.#term = new Timer(clock)
    this.#patience = new Timer(clock)
    this.#outage = new Deadline(clock)
    this.#outageMls = connectTimeoutMls
    this.#signaling = createSignaling(this)
    this.#cast = new Cast({
      peerId,
      clock,
      broadcast,
      knownPeers,
      delegate,
      signal: (epoch, to, negotiation, signal) => this.#signaling.signal(to, epoch, negotiation, signal),
      createPath: (setup) => createPath(setup, this.#iceServers),
    })
  }

  get role() {
    return this.#cast.role
  }

  get hosting() {
    return this.#cast.hosting
  }

  get iamHost() {
    return this.hosting !== null
  }

  get peers() {
    return this.#cast.peers
  }

  get hostPeerId() {
    return this.#cast.hostPeerId
  }

  get epoch() {
    return this.#cast.epoch
  }

  // What the peer says

  /** Asks the server for a place. */
  join() {
    this.#signaling.join()
  }

  /** The network is back. */
  hurry() {
    this.#signaling.hurry()
  }

  /**
   * Who holds a socket hears from the server that another page has taken its place; what the host takes for one may be this page's own join.
   * @param {P2pError} error why the connection to the host has ended
   */
  judge(error) {
    return error.code === "peer_replaced" && this.#signaling.isConnected ? new P2pError("host_lost") : error
  }

  /** The connection to the host is lost. */
  lose() {
    this.#lostEpoch = this.epoch
  }

  /**
   * The peer is connected.
   * @param {boolean} keepSignaling
   */
  succeed(keepSignaling) {
    this.#lostEpoch = undefined
    this.#isAppointed = false
    this.#keepsSignaling = keepSignaling
    this.#patience.stop()
    if (!this.iamHost && !keepSignaling) this.#signaling.leave("connected")
  }

  /** The host wants this client to be the next one: it shows itself to the server. */
  prepare() {
    this.#isAppointed = true
    this.#signaling.join()
  }

  /** This host gives its seat back, for a client that is ready to take it. If nobody does, the seat's proof is still good. */
  yield() {
    this.#signaling.leave("closed")
    this.#patience.start(OFFER_PATIENCE_MLS, () => this.join())
  }

  /** @param {Record<string, import("../wire/frames.js").PeerState>} roster */
  report(roster) {
    this.#signaling.report(this.epoch, roster)
  }

  /**
   * Gives the place back; the role's last picture of the peers stays.
   * @param {(role: import("./cast.js").Role) => void} end
   */
  end(end) {
    this.#term.stop()
    this.#patience.stop()
    this.#outage.stop()
    this.#cast.end(end)
    this.#seat = undefined
    this.#isAppointed = false
    this.#signaling.leave("closed")
  }

  /**
   * What a time-out means in the present state.
   * @param {P2pError} unreached what it means if the server wasn't reached
   */
  timeoutError(unreached) {
    if (!this.#signaling.isConnected) return unreached
    return this.#cast.following?.timeoutError() ?? new P2pError("connect_timeout", { message: "The server did not answer in time." })
  }

  // What the server says

  signalingCredentials() {
    return { ...this.#ownTimeout, ...this.#claim }
  }

  get #claim() {
    if (this.#seat) return { seat: this.#seat }
    if (this.#delegate.isConnected) return { connected_epoch: this.epoch }
    return this.#lostEpoch === undefined ? {} : { lost_epoch: this.#lostEpoch }
  }

  /** A session that runs doesn't need the server; but nobody can come in, and its app may want to know. */
  signalingDropped() {
    const lost = new P2pError("signaling_lost", { message: "The server can't be reached: nobody can join until it is." })
    this.#outage.start(this.#outageMls, () => { if (!this.#delegate.isAttempting) this.#delegate.leadershipFailed(lost) })
  }

  /** @param {import("../signaling/signaling.js").Ready} ready */
  signalingReady(ready) {
    // Who has let go of all takes the server's word: an earlier host may have its seat again, where the later record was lost.
    if (this.role && ready.epoch < this.#cast.toldEpoch) return
    this.#iceServers = ready.ice_servers
    if (ready.peer_id === this.#peerId) this.#learn(ready)
    this.#patience.start(OFFER_PATIENCE_MLS, () => this.#missOffer())
    const { hostPeerId, epoch } = this
    if (this.#cast.play(ready)) this.#delegate.leadershipBegan({ hostPeerId, epoch })
    if (this.iamHost) this.#isAppointed = false
    else if (this.#isAppointed) this.#cast.following?.volunteer()
    // The app may have left from within what it was told.
    const { hosting } = this.#cast
    this.#seat = hosting ? (ready.seat ?? this.#seat) : undefined
    if (hosting && ready.peer_id !== this.#peerId) this.#attend(() => hosting.peerReady(ready.peer_id, ready.can_send))
  }

  /** @param {import("../signaling/signaling.js").IncomingSignal} incoming */
  signalingReceived({ from, epoch, negotiation, description, candidates }) {
    const { role } = this
    if (!role || !this.#cast.isOf(epoch)) return
    if (description) this.#attend(() => role.receiveSignal(from, negotiation, { description }))
    else if (candidates) this.#attend(() => role.receiveSignal(from, negotiation, { candidates }))
  }

  /** @param {import("../signaling/signaling.js").HostChange} change */
  signalingHostChanged({ host_peer_id, epoch, reason }) {
    const { toldEpoch } = this.#cast
    if (epoch < toldEpoch || host_peer_id === this.#peerId) return
    if (this.#delegate.isConnected && this.#cast.following) return this.#hear(host_peer_id)
    const superseded = toldEpoch > 0 && epoch > toldEpoch && host_peer_id !== null
    const forsaken = this.#delegate.isAttempting && this.#isForsaken(host_peer_id, reason)
    // The host takes a second join for another page; a connection that opens meanwhile would be closed as replaced.
    if (forsaken) this.#cast.following?.stop()
    if (superseded || forsaken) this.join()
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

  /** @param {number} epoch */
  signalingProbed(epoch) {
    return { ok: this.iamHost && epoch === this.epoch, epoch: this.epoch }
  }

  /** @param {P2pError} error */
  signalingRefused(error) {
    this.#outage.stop()
    if (this.#isAppointed && !isExpulsion(error)) this.#decline()
    else this.#delegate.leadershipRefused(error)
  }

  // Private

  /** @param {import("../signaling/signaling.js").Ready} ready */
  #learn({ can_send = true, ends_in_ms = Infinity }) {
    this.canSend = can_send
    this.#outage.stop()
    // Who stays longer than a timer can wait joins again before that, and learns it anew.
    if (ends_in_ms <= MAX_TERM_MLS) this.#term.start(ends_in_ms, () => this.#delegate.leadershipRefused(new P2pError("session_expired")))
  }

  /**
   * A client that is connected stays with its host: that host steps down by itself, or gets its seat back.
   * @param {string | null} hostPeerId
   */
  #hear(hostPeerId) {
    if (hostPeerId === null && this.#isAppointed) return this.join()
    if (this.#isAppointed) this.#decline()
    if (hostPeerId === this.hostPeerId) this.#patience.stop()
    else if (hostPeerId !== null) this.#patience.start(OFFER_PATIENCE_MLS, () => this.join())
  }

  /** This client was to be the next host, and isn't. */
  #decline() {
    this.#isAppointed = false
    if (!this.#keepsSignaling) this.#signaling.leave("connected")
  }

  /** The host may be gone without the server's knowing, or the word of this peer was lost: the server asks it. */
  #missOffer() {
    const { following } = this.#cast
    if (!following || following.hasOffer || !this.#delegate.isAttempting) return
    this.#lostEpoch = this.epoch
    this.join()
  }

  /**
   * Lets the role act on what came. What the browser refuses outright, such as ICE servers that make no sense, must not end in silence.
   * @param {() => void} act
   */
  #attend(act) {
    try {
      act()
    } catch (error) {
      if (!(error instanceof P2pError)) throw error
      this.#delegate.leadershipFailed(error)
    }
  }

  /**
   * Whether this attempt's host doesn't know of it any more. One that has offered does: it goes on when its socket is back.
   * @param {string | null} hostPeerId
   * @param {string} reason
   */
  #isForsaken(hostPeerId, reason) {
    if (!this.role) return false
    if (hostPeerId !== this.hostPeerId) return true
    return reason === "resumed" && !this.#cast.following?.isNegotiating
  }
}
