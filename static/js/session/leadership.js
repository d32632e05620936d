// Leadership: who hosts the session, and which role this peer has, the host's or a client's.
import { isExpulsion } from "./reconnection.js"
import { Contact } from "./contact.js"
import { Registration } from "./registration.js"
import { Relocation } from "./relocation.js"
import { OFFER_PATIENCE_MS, Succession } from "./succession.js"
import { Terms } from "./terms.js"
import { Timer } from "../base/clock.js"
import { P2pError } from "../base/errors.js"
import { Follower } from "../messaging/follower.js"
import { Sequencer } from "../messaging/sequencer.js"
import { Downstreams } from "../topology/downstreams.js"
import { Upstream } from "../topology/upstream.js"

/** What is known of the session before there is a role. */
const NOTHING = Object.freeze({ hostPeerId: null, hostEpoch: 0, epoch: 0, peers: new Map() })

/**
 * Knows who hosts the session, and gives this peer the role that follows from it: the host's or a client's, as the server says. It changes the role when the host changes.
 *
 * @typedef {Downstreams | Upstream} Role
 *
 * @typedef {object} LeadershipDelegate what leadership needs to know of the peer, and what it tells the peer
 * @property {boolean} isConnected whether the peer is connected
 * @property {boolean} isAttempting whether an attempt to get connected is under way
 * @property {Pick<import("../messaging/messenger.js").Messenger, "broadcast" | "knownPeers">} messenger what the roles give messages to
 * @property {(former: { hostPeerId: string | null, epoch: number }) => void} leadershipBegan there is another role, or another host; `former` is what was before
 * @property {(error: P2pError, dependents: number | null) => void} leadershipRefused the server refuses or has removed this peer. `dependents`: how many clients are connected to it; null if it is a client itself
 * @property {(error: P2pError) => void} leadershipFailed the role couldn't do what the server asked for
 *
 * @typedef {object} LeadershipOptions
 * @property {string} peerId
 * @property {{ idleTimeoutMs: number }} [heartbeat]
 * @property {number} connectTimeoutMs
 * @property {boolean} keepSignaling whether a client keeps its connection to the server while it is connected to the host
 * @property {(delegate: import("../signaling/signaling.js").SignalingDelegate) => import("../signaling/signaling.js").Signaling} createSignaling
 * @property {(setup: import("../wire/link.js").LinkSetup) => import("../wire/link.js").Link} createLink
 * @property {(ms: number) => void} [iceExpires] called when the server has said how long the credentials of its ICE servers last
 * @property {import("../base/clock.js").Clock} clock
 * @property {LeadershipDelegate & import("../topology/role.js").RoleDelegate} delegate
 */
export class Leadership {
  /** The present role. @type {Role | null} */
  role = null
  /** What the last role knew of the session. It outlives that role. @type {Pick<Role, "peers" | "epoch" | "hostEpoch"> & { hostPeerId: string | null }} */
  picture = NOTHING
  #options
  #delegate
  #terms = new Terms()
  /** The epoch of the last host that the server has told the session of. This peer has a role under it when the server has answered its join. */
  #heardEpoch = 0
  /** Runs out if the host makes no offer. */
  #patience
  /** @param {LeadershipOptions} options */
  constructor(options) {
    this.#options = options
    this.#delegate = options.delegate
    this.#patience = new Timer(options.clock)
    this.registration = new Registration({ ...options, delegate: this })
    this.signaling = options.createSignaling(this)
    this.contact = new Contact({ ...options, signaling: this.signaling })
    this.succession = new Succession({ ...options, signaling: this.signaling, patience: this.#patience })
    this.relocation = new Relocation({ ...options, hosting: () => this.#hosting, isMoving: () => this.succession.isWished, move: (peerId, chain) => this.handOver(peerId, chain) })
  }

  get iamHost() {
    return this.#hosting !== null
  }

  /** The role, if it is the host's. */
  get #hosting() {
    return this.role instanceof Downstreams ? this.role : null
  }

  /** The role, if it is a client's. */
  get #following() {
    return this.role instanceof Upstream ? this.role : null
  }

  // What the session calls

  /**
   * The connection to the host has ended.
   * @param {P2pError} error
   * @returns {P2pError} the reason. If the host says `replaced`, a peer with a connection to the server doesn't believe it: the host may mean this page's own join
   */
  lose(error) {
    if (!this.#delegate.isAttempting) this.registration.lose(this.picture.hostEpoch)
    this.contact.stop()
    return error.code === "peer_replaced" && this.signaling.isConnected ? new P2pError("host_lost") : error
  }

  /** There is no path to the host. */
  miss() {
    this.registration.miss(this.picture.epoch)
  }

  /** The peer is connected. */
  succeed() {
    this.registration.found()
    this.succession.isAppointed = false
    this.#patience.stop()
    this.settle()
  }

  /** A link goes by another way. A client that is connected to its host needs no server, as a rule. */
  settle() {
    const following = this.#following
    if (following && this.#delegate.isConnected && !this.succession.isAppointed) this.contact.settle(following.needsServer)
  }

  /** Whether a client's link to its host needs the server. */
  get needsServer() {
    return this.#following?.needsServer ?? false
  }

  /** The credentials of the ICE servers end, so there are others. @param {RTCIceServer[]} iceServers */
  configure(iceServers) {
    this.#terms.renew(iceServers)
    this.role?.configure()
  }

  /**
   * Makes another peer the host; this one becomes its client.
   * @param {string} peerId
   * @param {import("./relocation.js").Chain} [chain] the hosts before, if the app hasn't chosen that peer
   * @returns {Promise<void>} resolves when that peer is the host
   * @throws {P2pError} as a rejection: `forbidden`, `no_such_peer`, `unavailable`
   */
  async handOver(peerId, chain) {
    if (!this.#hosting) throw new P2pError("forbidden", { message: "Only the host can hand the session over.", hint: "Call it in the page whose frame.iamHost is true." })
    if (!this.#hosting.appoint(peerId, chain)) throw new P2pError("no_such_peer", { message: `${peerId} is not connected.` })
    return this.succession.wish(peerId)
  }

  /** The host wants this client to be its successor. @param {import("../wire/frames.js").SucceedFrame} frame */
  appoint({ tried, hung }) {
    this.relocation.tell(tried && hung && { tried, hung })
    this.succession.prepare()
  }

  /**
   * Gives this peer's place back to the server. What the role last knew of the session is kept.
   * @param {(role: Role) => void} end
   */
  end(end) {
    const { role } = this
    this.#patience.stop()
    this.registration.end()
    this.contact.stop()
    this.relocation.stop()
    this.role = null
    if (role) end(role)
    this.succession.isAppointed = false
    this.signaling.leave("closed")
  }

  /**
   * What a time-out means in the present state.
   * @param {P2pError | null} refusal why the session can't be joined now, if the server has said it
   */
  timeoutError(refusal) {
    if (!this.signaling.isConnected) return refusal ?? this.signaling.loss
    return this.#following?.timeoutError() ?? new P2pError("connect_timeout", { message: "The server did not answer in time." })
  }

  // News from the registration

  registrationLapsed() {
    if (!this.#delegate.isAttempting) this.#delegate.leadershipFailed(new P2pError("signaling_lost", { message: "The server can't be reached: nobody can join until it is.", hint: this.signaling.loss.hint }))
  }

  registrationExpired() {
    this.#refuse(new P2pError("session_expired"))
  }

  // News from the server

  signalingCredentials() {
    return this.registration.claims(this.#delegate.isConnected ? this.picture.hostEpoch : null, this.#following?.brokenLink)
  }

  signalingDropped() {
    this.registration.dropped()
  }

  /** @param {import("../signaling/signaling.js").Ready} ready */
  signalingReady(ready) {
    // Without a role, an older epoch is believed, too: if the server has lost its later record, an earlier host may have its seat again.
    if (this.role && ready.epoch < this.picture.epoch) return
    this.#forsake(ready.host_peer_id)
    this.#terms.learn(ready)
    if (ready.ice_expires_in_ms !== undefined) this.#options.iceExpires?.(ready.ice_expires_in_ms)
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
    if (isOwn) this.role?.serverReached()
    if (isOwn) this.settle()
    // The app may have left the session while it handled the news.
    const hosting = this.#hosting
    this.registration.seat = hosting ? (ready.seat ?? this.registration.seat) : undefined
    if (hosting && !isOwn) this.#attend(() => hosting.peerReady(ready.peer_id, ready.can_send, ready.link, ready.can_host))
  }

  /** @param {import("../signaling/signaling.js").IncomingSignal} incoming */
  signalingReceived({ from, epoch, negotiation, description, candidates, ...details }) {
    const { role } = this
    if (!role || !this.#isOf(epoch)) return
    if (description) this.#attend(() => role.receiveSignal(from, negotiation, { description }, details))
    else if (candidates) this.#attend(() => role.receiveSignal(from, negotiation, { candidates }))
  }

  /** @param {import("../signaling/signaling.js").IncomingBatch} incoming */
  signalingRelayed({ from, epoch, negotiation, ...batch }) {
    if (this.#isOf(epoch)) this.role?.receiveBatch(from, negotiation, batch)
  }

  /** @param {import("../signaling/signaling.js").HostChange} change */
  signalingHostChanged({ host_peer_id, epoch, reason }) {
    const { epoch: toldEpoch } = this.picture
    if (epoch < toldEpoch || host_peer_id === this.#options.peerId) return
    this.#forsake(host_peer_id)
    if (host_peer_id !== null) this.#heardEpoch = epoch
    if (this.#delegate.isConnected && this.#following) return this.succession.hear(host_peer_id, this.picture.hostPeerId)
    const superseded = toldEpoch > 0 && epoch > toldEpoch && host_peer_id !== null
    const forsaken = this.#delegate.isAttempting && this.#isForsaken(host_peer_id, reason)
    // The host would take a second join for another page's, and close a connection that opens meanwhile as replaced.
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

  signalingSeeks() {
    const { epoch, hostEpoch } = this.picture
    if (this.succession.isAppointed || epoch < this.#heardEpoch) return true
    return this.#delegate.isAttempting && this.registration.hasLost(hostEpoch)
  }

  /** @param {P2pError} error */
  signalingRefused(error) {
    this.registration.answered()
    if (this.succession.isAppointed && !isExpulsion(error)) this.succession.decline()
    else this.#refuse(error)
  }

  // Private

  /** There is another host. A client that hears nothing from its own waits for it no longer. @param {string | null} hostPeerId */
  #forsake(hostPeerId) {
    const following = this.#following
    if (following?.brokenLink && hostPeerId !== null && hostPeerId !== following.hostPeerId) following.giveUp(new P2pError("host_lost", { message: `${hostPeerId} is the host now.` }))
  }

  /**
   * Takes the role that the server's notice gives this peer.
   * @param {import("../signaling/signaling.js").Ready} ready
   * @returns {boolean} whether that is another role than before
   */
  #play({ host_peer_id: hostPeerId, epoch }) {
    const RoleHere = hostPeerId === this.#options.peerId ? Downstreams : Upstream
    // The present role of a client can stay: it takes a new offer, which may come even before the server's notice of a rejoin.
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
      signal: (to, negotiation, signal, details) => this.signaling.signal(to, role.hostEpoch, negotiation, signal, details),
      relay: (to, name, batch, answered) => this.signaling.relay(to, role.hostEpoch, name, batch, answered),
      createLink: (setup) => this.#options.createLink({ ...setup, terms: this.#terms.given }),
    })
    this.role = this.picture = role
    if (this.iamHost) this.relocation.begin(this.succession.isAppointed)
    else this.relocation.stop()
  }

  /** Whether the role is of that epoch, according to the server or to its host. @param {number} epoch */
  #isOf(epoch) {
    return epoch === this.picture.epoch || epoch === this.picture.hostEpoch
  }

  /** @param {P2pError} error */
  #refuse(error) {
    this.#delegate.leadershipRefused(error, this.#hosting?.connected().length ?? null)
  }

  /** No offer has come: the host may be gone without the server knowing it, or it wasn't told of this peer. Has the server ask the host. */
  #missOffer() {
    const following = this.#following
    if (!following || following.hasOffer || !this.#delegate.isAttempting) return
    this.registration.lose(this.picture.hostEpoch)
    this.signaling.join()
  }

  /**
   * Lets the role act on news. What the browser refuses outright, such as ICE servers that make no sense, must be reported.
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
   * Whether the host of this attempt no longer knows of it. A host that has made an offer does: it goes on when its connection to the server is back.
   * @param {string | null} hostPeerId
   * @param {string} reason
   */
  #isForsaken(hostPeerId, reason) {
    if (!this.role) return false
    if (hostPeerId !== this.picture.hostPeerId) return true
    return reason === "resumed" && !this.#following?.isNegotiating
  }
}
