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
 */
export class Announcements {
  #peerId
  #epoch
  #isReader
  #announce
  #changed
  #presence = new Presence()
  /** What isn't told yet. @type {Map<string, PeerState>} */
  #changes = new Map()
  #news

  /**
   * @param {object} options
   * @param {string} options.peerId the host's
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {() => number} options.epoch
   * @param {(peerId: string) => boolean} options.isReader whether a client may only read
   * @param {(packet: Packet) => void} options.announce sends a frame to all clients
   * @param {() => void} options.changed called when they have been told
   */
  constructor({ peerId, clock, epoch, isReader, announce, changed }) {
    this.#peerId = peerId
    this.#epoch = epoch
    this.#isReader = isReader
    this.#announce = announce
    this.#changed = changed
    this.#presence.set(peerId, "connected")
    this.#news = new News({ rate: ANNOUNCEMENTS, clock, tell: () => this.#tell() })
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
    if (!this.#presence.set(peerId, state)) return false
    this.#changes.set(peerId, state)
    this.#news.add()
    return true
  }

  /** What this peer says is to be told next: that it is here comes before that. @param {string} peerId */
  precede(peerId) {
    if (this.#changes.has(peerId)) this.#news.tellNow()
  }

  /** Tells all clients which epoch this is. */
  announceEpoch() {
    this.#news.tellNow()
  }

  stop() {
    this.#news.stop()
    this.#changes.clear()
  }

  // Private

  #tell() {
    const frames = this.#frames([...this.#changes], false)
    this.#changes.clear()
    this.#presence.told()
    for (const frame of frames) this.#announce(frame)
    this.#changed()
  }

  /**
   * @param {[string, PeerState][]} states
   * @param {boolean} full whether they take the place of what was told before
   * @returns {Packet[]} one at least: each tells the epoch
   */
  #frames(states, full) {
    const part = states.slice(0, STATES_PER_FRAME / 2)
    const rest = states.slice(STATES_PER_FRAME / 2)
    const readers = part.map(([peerId]) => peerId).filter(this.#isReader)
    const frame = encodeFrame({ type: STATE, senderId: this.#peerId, data: Object.fromEntries(part), epoch: this.#epoch(), ...(full && { full }), ...(readers.length > 0 && { readers }) })
    return [frame, ...(rest.length > 0 ? this.#frames(rest, false) : [])]
  }
}
