import { ANNOUNCEMENTS, STATES_PER_FRAME } from "../base/limits.js"
import { encodeFrame, STATE } from "../wire/frames.js"
import { MAX_PEERS, Presence } from "../wire/presence.js"
import { News } from "./news.js"

/**
 * The host's list of who is there, and how it tells its clients. A newcomer gets the whole list. Later changes travel together: one frame for all changes of a turn of the event loop,
 * and when turns follow each other quickly, one frame for all changes of a tenth of a second. So a burst of joins costs each client few frames, however many peers join.
 *
 * @typedef {import("../wire/frames.js").PeerState} PeerState
 * @typedef {import("../wire/content.js").Packet} Packet
 *
 * @typedef {object} AnnouncementsOptions
 * @property {string} peerId the host's
 * @property {import("../base/clock.js").Clock} clock
 * @property {() => number} epoch
 * @property {(peerId: string) => boolean} isReader whether a client may only read
 * @property {(packet: Packet) => void} announce sends a frame to all clients
 * @property {() => void} changed called when the clients have been told
 */
export class Announcements {
  #options
  #presence = new Presence()
  /** The changes that the clients haven't been told yet. @type {Map<string, PeerState>} */
  #changes = new Map()
  #isStopped = false
  #news

  /** @param {AnnouncementsOptions} options */
  constructor(options) {
    this.#options = options
    this.#presence.set(options.peerId, "connected")
    this.#news = new News({ rate: ANNOUNCEMENTS, clock: options.clock, tell: () => this.#tell() })
  }

  get peers() {
    return this.#presence.states
  }

  /** The whole list, for a newcomer. @returns {Packet[]} */
  get snapshot() {
    return this.#frames([...this.peers], true)
  }

  /**
   * @param {string} peerId
   * @param {PeerState} state
   * @returns {boolean} whether the state is a new one
   */
  set(peerId, state) {
    if (this.#presence.hides(peerId, state) || this.#changes.size >= MAX_PEERS) this.#news.tellNow()
    // The app may have left from within what it was told.
    if (this.#isStopped || !this.#presence.set(peerId, state)) return false
    this.#changes.set(peerId, state)
    this.#news.add()
    return true
  }

  /** A message of this peer goes out next. If the clients haven't been told yet that the peer is here, they are told first. @param {string} peerId */
  precede(peerId) {
    if (this.#changes.has(peerId)) this.#news.tellNow()
  }

  /** Tells all clients what has changed, and which epoch this is; the peer itself isn't told. */
  announce() {
    this.#news.stop()
    const frames = this.#frames([...this.#changes], false)
    this.#changes.clear()
    this.#presence.told()
    for (const frame of frames) this.#options.announce(frame)
  }

  stop() {
    this.#isStopped = true
    this.#news.stop()
    this.#changes.clear()
  }

  // Private

  #tell() {
    this.announce()
    this.#options.changed()
  }

  /**
   * @param {[string, PeerState][]} states used up
   * @param {boolean} full whether the states replace everything that was told before
   * @returns {Packet[]} at least one, because each frame tells the epoch
   */
  #frames(states, full) {
    const { peerId: senderId, epoch, isReader } = this.#options
    const part = states.splice(0, STATES_PER_FRAME / 2)
    const readers = part.map(([peerId]) => peerId).filter(isReader)
    const frame = encodeFrame({ type: STATE, senderId, data: Object.fromEntries(part), epoch: epoch(), ...(full && { full }), ...(readers.length > 0 && { readers }) })
    return [frame, ...(states.length > 0 ? this.#frames(states, false) : [])]
  }
}
