// Who hosts the session, and which role this peer plays: the host's or a client's.
import { isExpulsion } from "./reconnection.js"
import { Registration } from "./registration.js"
import { OFFER_PATIENCE_MS, Succession } from "./succession.js"
import { Timer } from "../base/clock.js"
import { P2pError } from "../base/errors.js"
import { Follower } from "../messaging/follower.js"
import { Sequencer } from "../messaging/sequencer.js"
import { Downstreams } from "../topology/downstreams.js"
import { Upstream } from "../topology/upstream.js"

/** What is known of the session before there was a role. */
const NOTHING = Object.freeze({ hostPeerId: null, hostEpoch: 0, epoch: 0, peers: new Map() })

/**
 * Who hosts the session, and what follows from that for this peer: it plays the role of the host or of a client, as the server says, and goes over from one to the other.
 *
 * @typedef {Downstreams | Upstream} Role
 *
 * @typedef {object} LeadershipDelegate what the session tells, and is told
 * @property {boolean} isConnected whether the peer is connected
 * @property {boolean} isAttempting whether an attempt to get connected is under way
 * @property {Pick<import("../messaging/messenger.js").Messenger, "broadcast" | "knownPeers">} messenger what the roles pass messages on to
 * @property {(former: { hostPeerId: string | null, epoch: number }) => void} leadershipBegan with another role, or under another host
 * @property {(error: P2pError, dependents: number | null) => void} leadershipRefused the server won't have this peer, or has thrown it out; how many clients are connected to it, null for a client itself
 * @property {(error: P2pError) => void} leadershipFailed the role could not do what the server asked for
 *
 * @typedef {object} LeadershipOptions
 * @property {string} peerId
 * @property {{ idleTimeoutMs: number }} [heartbeat]
 * @property {number} connectTimeoutMs
 * @property {boolean} keepSignaling whether a client keeps its socket while it is connected
 * @property {(delegate: import("../signaling/signaling.js").SignalingDelegate) => import("../signaling/signaling.js").Signaling} createSignaling
 * @property {(setup: import("../wire/path.js").PathSetup, iceServers: RTCIceServer[]) => import("../wire/path.js").Path} createPath
 * @property {import("../base/clock.js").Clock} clock
 * @property {LeadershipDelegate & import("../topology/role.js").RoleDelegate} delegate
 */
export class Leadership {
  /** The role that is being played. @type {Role | null} */
  role = null
  /** What is known of the session, by the last role: it outlives that. @type {Pick<Role, "peers" | "epoch" | "hostEpoch"> & { hostPeerId: string | null }} */
  picture = NOTHING
  #options
  #delegate
  /** @type {RTCIceServer[]} */
  #iceServers = []
  /** Runs out when the host makes no offer. */
  #patience
  /** @param {LeadershipOptions} options */
  constructor(options) {
    this.#options = options
    this.#delegate = options.delegate
    this.#patience = new Timer(options.clock)
    this.registration = new Registration({ ...options, delegate: this })
    this.signaling = options.createSignaling(this)
    this.succession = new Succession({ ...options, signaling: this.signaling, patience: this.#patience })
  }

  get iamHost() {
    return this.#hosting !== null
  }

  /** The role as a host's, if it is one. */
  get #hosting() {
    return this.role instanceof Downstreams ? this.role : null
  }

  /** The role as a client's, if it is one. */
  get #following() {
    return this.role instanceof Upstream ? this.role : null
  }

  // What the session says

  /**
   * The connection to the host has ended.
   * @param {P2pError} error
   * @returns {P2pError} why. Who holds a socket hears from the server that another page has taken its place; what the host takes for one may be this page's own join
   */
  lose(error) {
    if (!this.#delegate.isAttempting) this.registration.lose(this.picture.hostEpoch)
    return error.code === "peer_replaced" && this.signaling.isConnected ? new P2pError("host_lost") : error
  }

  /** The peer is connected. */
  succeed() {
    this.registration.found()
    this.succession.isAppointed = false
    this.#patience.stop()
    if (!this.iamHost && !this.#options.keepSignaling) this.signaling.leave("connected")
  }

  /**
   * Makes another peer the host; this one becomes its client.
   * @param {string} peerId
   * @returns {Promise<void>} resolves when that peer hosts
   * @throws {P2pError} as a rejection: `forbidden`, `no_such_peer`, `unavailable`
   */
  async handOver(peerId) {
    if (!this.#hosting) throw new P2pError("forbidden", { message: "Only the host can hand the session over.", hint: "Call it in the page whose frame.iamHost is true." })
    if (!this.#hosting.appoint(peerId)) throw new P2pError("no_such_peer", { message: `${peerId} is not connected.` })
    return this.succession.wish(peerId)
  }

  /**
   * Gives the place back; the role's last picture of the peers stays.
   * @param {(role: Role) => void} end
   */
  end(end) {
    const { role } = this
    this.#patience.stop()
    this.registration.end()
    this.role = null
    if (role) end(role)
    this.succession.isAppointed = false
    this.signaling.leave("closed")
  }

  /**
   * What a time-out means in the present state.
   * @param {P2pError} unreached what it means if the server wasn't reached
   */
  timeoutError(unreached) {
    if (!this.signaling.isConnected) return unreached
    return this.#following?.timeoutError() ?? new P2pError("connect_timeout", { message: "The server did not answer in time." })
  }

  // What the registration says

  registrationLapsed() {
    if (!this.#delegate.isAttempting) this.#delegate.leadershipFailed(new P2pError("signaling_lost", { message: "The server can't be reached: nobody can join until it is." }))
  }

  registrationExpired() {
    this.#refuse(new P2pError("session_expired"))
  }

  // What the server says

  signalingCredentials() {
    return this.registration.claims(this.#delegate.isConnected ? this.picture.hostEpoch : null)
  }

  signalingDropped() {
    this.registration.dropped()
  }

  /** @param {import("../signaling/signaling.js").Ready} ready */
  signalingReady(ready) {
    // Who has let go of all takes the server's word: an earlier host may have its seat again, where the later record was lost.
    if (this.role && ready.epoch < this.picture.epoch) return
    this.#iceServers = ready.ice_servers
    const isOwn = ready.peer_id === this.#options.peerId
    if (isOwn) this.registration.learn(ready)
    this.#patience.start(OFFER_PATIENCE_MS, () => this.#missOffer())
    const { hostPeerId, hostEpoch: epoch } = this.picture
    if (this.#play(ready)) {
      this.succession.hostChanged(this.picture.hostPeerId)
      this.#delegate.leadershipBegan({ hostPeerId, epoch })
    }
    if (this.iamHost) this.succession.isAppointed = false
    else if (this.succession.isAppointed) this.#following?.volunteer()
    // The app may have left from within what it was told.
    const hosting = this.#hosting
    this.registration.seat = hosting ? (ready.seat ?? this.registration.seat) : undefined
    if (hosting && !isOwn) this.#attend(() => hosting.peerReady(ready.peer_id, ready.can_send))
  }

  /** @param {import("../signaling/signaling.js").IncomingSignal} incoming */
  signalingReceived({ from, epoch, negotiation, description, candidates }) {
    const { role } = this
    if (!role || !this.#isOf(epoch)) return
    if (description) this.#attend(() => role.receiveSignal(from, negotiation, { description }))
    else if (candidates) this.#attend(() => role.receiveSignal(from, negotiation, { candidates }))
  }

  /** @param {import("../signaling/signaling.js").HostChange} change */
  signalingHostChanged({ host_peer_id, epoch, reason }) {
    const { epoch: toldEpoch } = this.picture
    if (epoch < toldEpoch || host_peer_id === this.#options.peerId) return
    if (this.#delegate.isConnected && this.#following) return this.succession.hear(host_peer_id, this.picture.hostPeerId)
    const superseded = toldEpoch > 0 && epoch > toldEpoch && host_peer_id !== null
    const forsaken = this.#delegate.isAttempting && this.#isForsaken(host_peer_id, reason)
    // The host takes a second join for another page; a connection that opens meanwhile would be closed as replaced.
    if (forsaken) this.#following?.stop()
    if (superseded || forsaken) this.signaling.join()
  }

  /** @param {string} peerId */
  signalingPeerLeft(peerId) {
    this.#hosting?.peerLeft(peerId)
  }

  /**
   * @param {string} peerId
   * @param {P2pError} error
   */
  signalingExpelled(peerId, error) {
    this.#hosting?.expel(peerId, error)
  }

  /** @param {number} epoch */
  signalingProbed(epoch) {
    const { hostEpoch } = this.picture
    return { ok: this.iamHost && epoch === hostEpoch, epoch: hostEpoch }
  }

  /** @param {P2pError} error */
  signalingRefused(error) {
    this.registration.answered()
    if (this.succession.isAppointed && !isExpulsion(error)) this.succession.decline()
    else this.#refuse(error)
  }

  // Private

  /**
   * Plays the role that the server's notice gives this peer.
   * @param {import("../signaling/signaling.js").Ready} ready
   * @returns {boolean} whether that is another role than before
   */
  #play({ host_peer_id: hostPeerId, epoch }) {
    const RoleHere = hostPeerId === this.#options.peerId ? Downstreams : Upstream
    // A client's role takes a new offer as it comes, and that may be before the notice of a rejoin.
    if (this.role instanceof RoleHere && this.#isOf(epoch) && this.role.hostPeerId === hostPeerId) {
      this.role.epoch = epoch
      return false
    }
    if (this.#hosting && RoleHere === Downstreams) this.#hosting.resume(epoch)
    else this.#change(RoleHere, hostPeerId, epoch)
    return true
  }

  /**
   * @param {typeof Downstreams | typeof Upstream} RoleHere
   * @param {string} hostPeerId
   * @param {number} epoch
   */
  #change(RoleHere, hostPeerId, epoch) {
    const { clock } = this.#options
    const { broadcast, knownPeers } = this.#delegate.messenger
    const { peers } = this.picture
    if (this.iamHost) broadcast.fork()
    this.role?.stop(new P2pError("stale_epoch", { message: `${hostPeerId} is the host now.` }))
    /** @type {Role} */
    const role = new RoleHere({
      ...this.#options,
      hostPeerId,
      epoch,
      peers,
      createSequencer: (epochThen) => new Sequencer({ broadcast, knownPeers, clock, epoch: epochThen }),
      createFollower: (setup) => new Follower({ broadcast, clock, ...setup }),
      signal: (to, negotiation, signal) => this.signaling.signal(to, role.hostEpoch, negotiation, signal),
      createPath: (setup) => this.#options.createPath(setup, this.#iceServers),
    })
    this.role = this.picture = role
  }

  /** Whether the role is of that epoch, by the server's word or its host's. @param {number} epoch */
  #isOf(epoch) {
    return epoch === this.picture.epoch || epoch === this.picture.hostEpoch
  }

  /** @param {P2pError} error */
  #refuse(error) {
    this.#delegate.leadershipRefused(error, this.#hosting?.connected().length ?? null)
  }

  /** The host may be gone without the server's knowing, or the word of this peer was lost: the server asks it. */
  #missOffer() {
    const following = this.#following
    if (!following || following.hasOffer || !this.#delegate.isAttempting) return
    this.registration.lose(this.picture.hostEpoch)
    this.signaling.join()
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
    if (hostPeerId !== this.picture.hostPeerId) return true
    return reason === "resumed" && !this.#following?.isNegotiating
  }
}
