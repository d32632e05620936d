import { Upstream } from "../topology/upstream.js"
import { Follower } from "../messaging/follower.js"
import { P2pError } from "../base/errors.js"
import { Sequencer } from "../messaging/sequencer.js"
import { Downstreams } from "../topology/downstreams.js"

/**
 * Which role a peer plays: the one place that chooses between host and client.
 *
 * @typedef {Downstreams | Upstream} Role
 * @typedef {Omit<import("../topology/role.js").RoleOptions, "hostPeerId" | "epoch" | "signal" | "peers" | "createSequencer" | "createFollower"> & {
 *   broadcast: import("../messaging/broadcast.js").Broadcast,
 *   knownPeers: import("../messaging/known_peers.js").KnownPeers,
 *   signal: (epoch: number, to: string, negotiation: string, signal: import("../wire/sdp.js").Signal) => void
 * }} CastOptions
 */
export class Cast {
  #options
  /** @type {Role | null} */
  #role = null
  #isPlaying = false

  /** @param {CastOptions} options */
  constructor(options) {
    this.#options = options
  }

  /** The role that is being played. @returns {Role | null} */
  get role() {
    return this.#isPlaying ? this.#role : null
  }

  /** The role as a host's, if it is one. @returns {Downstreams | null} */
  get hosting() {
    return this.role instanceof Downstreams ? this.role : null
  }

  /** The role as a client's, if it is one. @returns {Upstream | null} */
  get following() {
    return this.role instanceof Upstream ? this.role : null
  }

  // What is known of the session outlives the role.

  get peers() {
    return this.#role?.peers ?? new Map()
  }

  get hostPeerId() {
    return this.#role?.hostPeerId ?? null
  }

  get epoch() {
    return this.#role?.hostEpoch ?? 0
  }

  /** The last epoch that the server itself has named. */
  get toldEpoch() {
    return this.#role?.epoch ?? 0
  }

  /** Whether the role is of that epoch, by the server's word or its host's. @param {number} epoch */
  isOf(epoch) {
    return epoch === this.toldEpoch || epoch === this.epoch
  }

  /**
   * Plays the role that the server's notice gives this peer.
   * @param {import("../signaling/signaling.js").Ready} ready
   * @returns {boolean} whether that is another role than before
   */
  play({ host_peer_id: hostPeerId, epoch }) {
    const RoleHere = hostPeerId === this.#options.peerId ? Downstreams : Upstream
    if (this.#plays(RoleHere, hostPeerId, epoch)) {
      /** @type {Role} */ (this.#role).epoch = epoch
      return false
    }
    if (this.hosting && RoleHere === Downstreams) {
      this.hosting.resume(epoch)
      return true
    }
    const { peers } = this
    const { broadcast, knownPeers, clock } = this.#options
    if (this.hosting) broadcast.fork()
    this.#role?.stop(new P2pError("stale_epoch", { message: `${hostPeerId} is the host now.` }))
    /** @type {Role} */
    const role = new RoleHere({
      ...this.#options,
      hostPeerId,
      epoch,
      peers,
      createSequencer: (epochThen) => new Sequencer({ broadcast, knownPeers, clock, epoch: epochThen }),
      createFollower: (options) => new Follower({ broadcast, clock, ...options }),
      signal: (to, negotiation, signal) => this.#options.signal(role.hostEpoch, to, negotiation, signal),
    })
    this.#role = role
    this.#isPlaying = true
    return true
  }

  /**
   * Ends the role.
   * @param {(role: Role) => void} end
   */
  end(end) {
    this.#isPlaying = false
    if (this.#role) end(this.#role)
  }

  /**
   * @param {typeof Downstreams | typeof Upstream} RoleHere
   * @param {string} hostPeerId
   * @param {number} epoch
   */
  #plays(RoleHere, hostPeerId, epoch) {
    // A client's role takes a new offer as it comes, and that may be before the notice of a rejoin.
    return this.role instanceof RoleHere && this.isOf(epoch) && this.role.hostPeerId === hostPeerId
  }
}
