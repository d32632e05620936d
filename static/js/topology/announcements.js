import { ANNOUNCEMENTS, STATES_PER_FRAME } from "../base/limits.js"
import { encodeFrame, STATE } from "../wire/frames.js"
import { MAX_PEERS, Presence } from "../wire/presence.js"
import { News } from "./news.js"

/**
 * Who is there, as a host keeps account of it and tells its clients. A newcomer is told of all; what changes then is told together: all changes of a turn by one frame,
 * and where there are many turns, all of a tenth of a second. So a burst of joins costs each client few frames, however many join.
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
 * @property {() => void} changed called when they have been told
 */
export class Announcements {
  #options
  #presence = new Presence()
  /** What isn't told yet. @type {Map<string, PeerState>} */
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

  /** The whole picture, for a newcomer. @returns {Packet[]} */
  get snapshot() {
    return this.#frames([...this.peers], true)
  }

  /**
   * @param {string} peerId
   * @param {PeerState} state
   * @returns {boolean} whether that is news
   */
  set(peerId, state) {
    if (this.#presence.hides(peerId, state) || this.#changes.size >= MAX_PEERS) this.#news.tellNow()
    // The app may have left from within what it was told.
    if (this.#isStopped || !this.#presence.set(peerId, state)) return false
    this.#changes.set(peerId, state)
    this.#news.add()
    return true
  }

  /** What this peer says is to be told next: that it is here comes before that. @param {string} peerId */
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
   * @param {boolean} full whether they take the place of what was told before
   * @returns {Packet[]} one at least: each tells the epoch
   */
  #frames(states, full) {
    const { peerId: senderId, epoch, isReader } = this.#options
    const part = states.splice(0, STATES_PER_FRAME / 2)
    const readers = part.map(([peerId]) => peerId).filter(isReader)
    const frame = encodeFrame({ type: STATE, senderId, data: Object.fromEntries(part), epoch: epoch(), ...(full && { full }), ...(readers.length > 0 && { readers }) })
    return [frame, ...(states.length > 0 ? this.#frames(states, false) : [])]
  }
}
