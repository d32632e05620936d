// Reliable messages from this peer to single peers.
import { Bucket } from "../base/token_bucket.js"
import { Deadline } from "../base/deadline.js"
import { failureOf, P2pError } from "../base/errors.js"
import { ANSWERS_PART, DIRECT_CHARACTERS, DIRECT_MESSAGES, MAX_DIRECT_CHARACTERS, MAX_DIRECT_MESSAGES, MAX_LANE_CHARACTERS, MAX_LANE_MESSAGES } from "../base/limits.js"
import { DIRECT } from "../wire/frames.js"
import { Shares } from "../base/shares.js"

/** Milliseconds that a peer which isn't connected has to come back, before the messages for it are given up. */
export const RETURN_MS = 15_000
/** How many messages for one peer are sent before those for another one get their turn. */
const SLICE_MESSAGES = 20

/**
 * @typedef {import("../wire/content.js").ContentFields} ContentFields
 * @typedef {import("../wire/frames.js").DirectFrame} DirectFrame
 * @typedef {ContentFields & Pick<DirectFrame, "ask" | "answer" | "error" | "note">} Letter what one peer tells another
 *
 * @typedef {object} Entry
 * @property {number} id
 * @property {Letter} letter
 * @property {number} size
 * @property {number} at when it was taken in, in milliseconds
 * @property {() => void} resolve
 * @property {(error: P2pError) => void} reject
 *
 * @typedef {object} Lane the messages that wait for one peer
 * @property {Map<number, Entry>} entries in order
 * @property {number} characters
 * @property {number} lastId
 * @property {number} sentId the number of the last message that has been sent
 * @property {boolean} isReachable
 * @property {Deadline} patience runs out when the peer has been away for too long
 */

/**
 * @typedef {object} UnicastOptions
 * @property {import("../base/clock.js").Clock} clock
 * @property {import("./messenger.js").Uplink} uplink
 * @property {{ inc: string }} stay names this page's stay in the session
 */

/**
 * Sends reliable messages to single peers, through the host. The host doesn't keep them: each message is kept here until the recipient has acknowledged it (see
 * Receipts), and is sent again when one of the two was away or there is a new host.
 */
export class Unicast {
  #options
  #lastId = 0
  #count = 0
  #characters = 0
  /** The answers among the messages that wait. */
  #answers = new Shares()
  /** @type {Map<string, Lane>} */
  #lanes = new Map()
  #bucket
  #characterBucket

  /** @param {UnicastOptions} options */
  constructor(options) {
    this.#options = options
    this.#bucket = new Bucket({ ...DIRECT_MESSAGES, clock: options.clock })
    this.#characterBucket = new Bucket({ ...DIRECT_CHARACTERS, clock: options.clock })
  }

  /** How many messages wait. */
  get size() {
    return this.#count
  }

  /**
   * @param {string} peerId
   * @param {Letter} letter
   * @param {number} [size] about how many characters it has
   * @param {number} [at] the present time, in milliseconds, as counted by the page's watch over what waits
   * @returns {Promise<void>} resolves when the other peer has it; rejects with the P2pError that prevented it, such as `no_such_peer`
   * @throws {P2pError} `rate_limited` when too much waits already
   */
  send(peerId, letter, size = 0, at = 0) {
    this.#requireRoom(peerId, letter, size)
    const id = ++this.#lastId
    const lane = this.#lane(peerId)
    this.#count += 1
    this.#characters += size
    if (isAnswer(letter)) this.#answers.add("", size)
    lane.characters += size
    lane.lastId = id
    return new Promise((resolve, reject) => lane.entries.set(id, { id, letter, size, at, resolve, reject }))
  }

  /**
   * Sends the unsent messages to those recipients that are there.
   * @returns {boolean} whether nothing is left that could be sent now
   */
  flush() {
    for (let hasMore = true; hasMore;) {
      hasMore = false
      for (const [peerId, lane] of this.#lanes) {
        if (!this.#flushLane(peerId, lane)) return false
        hasMore ||= lane.isReachable && lane.sentId < lane.lastId && lane.entries.size > 0
      }
    }
    return true
  }

  /**
   * Gives up the messages that were taken in before a time. They may have arrived, or may still arrive.
   * @param {number} time
   * @param {P2pError} error
   */
  expire(time, error) {
    for (const [peerId, lane] of this.#lanes) {
      for (const entry of lane.entries.values()) {
        if (entry.at >= time) break
        this.#take(lane, entry).reject(error)
      }
      this.#tidy(peerId, lane)
    }
  }

  /** This peer has a new connection. What was on its way may be lost, so it is sent again. */
  resume() {
    for (const lane of this.#lanes.values()) lane.sentId = 0
    this.update()
  }

  /** A peer may have come or gone; this may be the peer itself. */
  update() {
    for (const [peerId, lane] of this.#lanes) {
      const isReachable = this.#options.uplink.reaches(peerId)
      if (isReachable && !lane.isReachable) lane.sentId = 0
      lane.isReachable = isReachable
      this.#watch(peerId, lane)
    }
  }

  /** @param {import("../wire/frames.js").ReceivedFrame} frame */
  acknowledged({ senderId = "", inc, id }) {
    const lane = this.#lanes.get(senderId)
    if (!lane || inc !== this.#options.stay.inc) return
    for (const entry of lane.entries.values()) {
      if (entry.id > id) break
      this.#take(lane, entry).resolve()
    }
    this.#tidy(senderId, lane)
  }

  /**
   * This peer leaves for good.
   * @param {P2pError} error
   */
  leave(error) {
    for (const [peerId, lane] of this.#lanes) this.#giveUp(peerId, lane, error)
  }

  // Private

  /**
   * Makes sure that the messages for one peer leave room for those to the others.
   * @param {string} peerId
   * @param {Letter} letter
   * @param {number} size
   */
  #requireRoom(peerId, letter, size) {
    const { entries: { size: count }, characters } = this.#lanes.get(peerId) ?? { entries: { size: 0 }, characters: 0 }
    const isLaneFull = count >= MAX_LANE_MESSAGES || characters + size > MAX_LANE_CHARACTERS
    const [part, { count: messages, size: waiting }] = isAnswer(letter) ? [ANSWERS_PART, this.#answers] : [1, { count: this.#count, size: this.#characters }]
    if (!isLaneFull && messages < MAX_DIRECT_MESSAGES * part && waiting + size <= MAX_DIRECT_CHARACTERS * part) return
    throw new P2pError("rate_limited", { message: `${count} messages to ${peerId} wait already, and ${this.#count} to all.` })
  }

  /** @param {string} peerId */
  #lane(peerId) {
    const known = this.#lanes.get(peerId)
    if (known) return known
    const lane = { entries: new Map(), characters: 0, lastId: 0, sentId: 0, isReachable: this.#options.uplink.reaches(peerId), patience: new Deadline(this.#options.clock) }
    this.#lanes.set(peerId, lane)
    queueMicrotask(() => this.#watch(peerId, lane))
    return lane
  }

  /**
   * @param {string} peerId
   * @param {Lane} lane
   */
  #watch(peerId, lane) {
    const waits = lane.entries.size > 0 && !lane.isReachable && this.#options.uplink.role !== null
    if (!waits) lane.patience.stop()
    else if (!lane.patience.isRunning) lane.patience.start(RETURN_MS, () => this.#giveUp(peerId, lane, new P2pError("no_such_peer", { message: `${peerId} did not come in time.` })))
  }

  /**
   * @param {string} peerId
   * @param {Lane} lane
   * @returns {boolean} whether more could be sent now
   */
  #flushLane(peerId, lane) {
    if (!lane.isReachable || lane.sentId >= lane.lastId) return true
    let after = 0
    let sent = 0
    for (const entry of lane.entries.values()) {
      if (entry.id > lane.sentId) {
        if (sent++ === SLICE_MESSAGES) return true
        if (!this.#takePace(entry.size)) return this.#putBack(peerId, lane)
        const head = { to: peerId, inc: this.#options.stay.inc, id: entry.id, after }
        const error = failureOf(() => this.#options.uplink.route({ type: DIRECT, ...head, ...entry.letter }))
        if (error?.code === "rate_limited" || error?.code === "not_joined") return false
        if (error) this.#take(lane, entry).reject(error)
        else lane.sentId = entry.id
      }
      if (lane.entries.has(entry.id)) after = entry.id
    }
    lane.sentId = lane.lastId
    this.#tidy(peerId, lane)
    return true
  }

  /** Moves a lane to the end, so that another peer's messages come first the next time. @param {string} peerId @param {Lane} lane */
  #putBack(peerId, lane) {
    this.#lanes.delete(peerId)
    this.#lanes.set(peerId, lane)
    return false
  }

  /** @param {number} size */
  #takePace(size) {
    if (!this.#options.uplink.role?.isPaced) return true
    if (this.#bucket.wait(1) > 0 || this.#characterBucket.wait(size) > 0) return false
    this.#bucket.take(1)
    this.#characterBucket.take(size)
    return true
  }

  /**
   * @param {Lane} lane
   * @param {Entry} entry
   */
  #take(lane, entry) {
    if (lane.entries.delete(entry.id)) {
      lane.characters -= entry.size
      this.#count -= 1
      this.#characters -= entry.size
      if (isAnswer(entry.letter)) this.#answers.remove("", entry.size)
    }
    return entry
  }

  /**
   * @param {string} peerId
   * @param {Lane} lane
   * @param {P2pError} error
   */
  #giveUp(peerId, lane, error) {
    for (const entry of lane.entries.values()) this.#take(lane, entry).reject(error)
    this.#tidy(peerId, lane)
  }

  /**
   * @param {string} peerId
   * @param {Lane} lane
   */
  #tidy(peerId, lane) {
    if (lane.entries.size > 0) return
    lane.patience.stop()
    this.#lanes.delete(peerId)
  }
}

/** @param {Letter} letter */
function isAnswer({ answer }) {
  return answer !== undefined
}
