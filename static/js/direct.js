import { Timer } from "./clock.js"
import { P2pError } from "./errors.js"
import { MAX_SENDERS } from "./message_log.js"
import { DIRECT, RECEIVED } from "./messages.js"

/** How many messages for single peers, and how many characters of them, may wait until they are acknowledged. */
export const MAX_WAITING_MESSAGES = 1_000
export const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024
/** Milliseconds that a peer which isn't connected has to come, before what is for it is given up. */
export const RETURN_MLS = 15_000
/** Milliseconds between two acknowledgements of one peer's messages. */
export const ACK_PAUSE_MLS = 50

/**
 * @typedef {import("./contents.js").ContentFields} ContentFields
 * @typedef {import("./messages.js").DirectFrame} DirectFrame
 * @typedef {ContentFields & Pick<DirectFrame, "ask" | "answer" | "error" | "note">} Letter what one peer tells another
 *
 * @typedef {object} Entry
 * @property {number} id
 * @property {Letter} letter
 * @property {number} size
 * @property {() => void} resolve
 * @property {(error: P2pError) => void} reject
 *
 * @typedef {object} Lane what waits for one peer
 * @property {Map<number, Entry>} entries in order
 * @property {number} sentId the last one that is on its way there
 * @property {boolean} isReachable
 * @property {Timer} patience
 *
 * @typedef {object} DirectOptions
 * @property {import("./clock.js").Clock} clock
 * @property {() => string} inc names this page's stay in the session
 * @property {(frame: import("./messages.js").RoutedFrame) => void} route throws where the channel doesn't take it
 * @property {(peerId: string) => boolean} reaches whether that peer is connected, and this one to its host
 * @property {() => boolean} isConnected whether this peer is
 * @property {(letter: DirectFrame) => void} received called once for each, in its sender's order
 */

/**
 * Reliable messages from one peer to one other, through the host, which keeps nothing of them: each is kept here until the other has acknowledged it, and
 * sent again when one of the two was away or there is another host.
 */
export class Direct {
  #options
  #lastId = 0
  #count = 0
  #characters = 0
  /** @type {Map<string, Lane>} */
  #lanes = new Map()
  /** How far this peer has come with each sender. @type {Map<string, { inc: string, id: number }>} */
  #seen = new Map()
  /** Whom an acknowledgement is due to. @type {Set<string>} */
  #due = new Set()
  #ackTimer

  /** @param {DirectOptions} options */
  constructor(options) {
    this.#options = options
    this.#ackTimer = new Timer(options.clock)
  }

  /**
   * @param {string} peerId
   * @param {Letter} letter
   * @param {number} [size] about how many characters it has
   * @returns {Promise<void>} resolves when the other peer has it; rejects with a P2pError: `no_such_peer`, or what else prevented it
   * @throws {P2pError} `rate_limited` when too much waits already
   */
  send(peerId, letter, size = 0) {
    if (this.#count >= MAX_WAITING_MESSAGES || this.#characters + size > MAX_WAITING_CHARACTERS) {
      throw new P2pError("rate_limited", { message: `${this.#count} messages to single peers wait already.` })
    }
    const id = ++this.#lastId
    this.#count += 1
    this.#characters += size
    return new Promise((resolve, reject) => this.#lane(peerId).entries.set(id, { id, letter, size, resolve, reject }))
  }

  /**
   * Sends what is unsent to those who are there.
   * @returns {boolean} whether nothing is left that could be sent now
   */
  flush() {
    return [...this.#lanes].every(([peerId, lane]) => this.#flushLane(peerId, lane))
  }

  /** This peer has a new connection: what was on its way may be lost. */
  resume() {
    for (const lane of this.#lanes.values()) lane.sentId = 0
    this.update()
  }

  /** Somebody may have come or gone, this peer too. */
  update() {
    for (const [peerId, lane] of this.#lanes) {
      const isReachable = this.#options.reaches(peerId)
      if (isReachable && !lane.isReachable) lane.sentId = 0
      lane.isReachable = isReachable
      this.#watch(peerId, lane)
    }
  }

  // What comes

  /** @param {DirectFrame} frame */
  receive(frame) {
    const { senderId = "", inc, id, after } = frame
    const last = this.#last(senderId, inc)
    // The one before it was lost on the way: its sender sends both again.
    if (after > last) return
    if (id > last) {
      this.#remember(senderId, inc, id)
      this.#options.received(frame)
    }
    // The app may have left from within what it was told.
    if (this.#seen.has(senderId)) this.#acknowledge(senderId)
  }

  /** @param {import("./messages.js").ReceivedFrame} frame */
  acknowledged({ senderId = "", inc, id }) {
    const lane = this.#lanes.get(senderId)
    if (!lane || inc !== this.#options.inc()) return
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
    this.#ackTimer.stop()
    this.#due.clear()
    this.#seen.clear()
    for (const [peerId, lane] of this.#lanes) this.#giveUp(peerId, lane, error)
  }

  // Private

  /** @param {string} peerId */
  #lane(peerId) {
    const known = this.#lanes.get(peerId)
    if (known) return known
    const lane = { entries: new Map(), sentId: 0, isReachable: this.#options.reaches(peerId), patience: new Timer(this.#options.clock) }
    this.#lanes.set(peerId, lane)
    queueMicrotask(() => this.#watch(peerId, lane))
    return lane
  }

  /**
   * @param {string} peerId
   * @param {Lane} lane
   */
  #watch(peerId, lane) {
    const waits = lane.entries.size > 0 && !lane.isReachable && this.#options.isConnected()
    if (!waits) lane.patience.stop()
    else if (!lane.patience.isRunning) lane.patience.start(RETURN_MLS, () => this.#giveUp(peerId, lane, new P2pError("no_such_peer", { message: `${peerId} did not come in time.` })))
  }

  /**
   * @param {string} peerId
   * @param {Lane} lane
   */
  #flushLane(peerId, lane) {
    if (!lane.isReachable) return true
    let after = 0
    for (const entry of lane.entries.values()) {
      if (entry.id > lane.sentId) {
        const error = this.#post({ type: DIRECT, to: peerId, inc: this.#options.inc(), id: entry.id, after, ...entry.letter })
        if (error?.code === "rate_limited" || error?.code === "not_joined") return false
        if (error) this.#take(lane, entry).reject(error)
        else lane.sentId = entry.id
      }
      if (lane.entries.has(entry.id)) after = entry.id
    }
    this.#tidy(peerId, lane)
    return true
  }

  /**
   * @param {import("./messages.js").RoutedFrame} frame
   * @returns {P2pError | null}
   */
  #post(frame) {
    try {
      this.#options.route(frame)
      return null
    } catch (error) {
      return /** @type {P2pError} */ (error)
    }
  }

  /**
   * @param {Lane} lane
   * @param {Entry} entry
   */
  #take({ entries }, entry) {
    if (entries.delete(entry.id)) {
      this.#count -= 1
      this.#characters -= entry.size
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

  /**
   * @param {string} senderId
   * @param {string} inc
   */
  #last(senderId, inc) {
    const seen = this.#seen.get(senderId)
    return seen?.inc === inc ? seen.id : 0
  }

  /**
   * @param {string} senderId
   * @param {string} inc
   * @param {number} id
   */
  #remember(senderId, inc, id) {
    this.#seen.delete(senderId)
    if (this.#seen.size >= MAX_SENDERS) this.#seen.delete(/** @type {string} */ (this.#seen.keys().next().value))
    this.#seen.set(senderId, { inc, id })
  }

  /** @param {string} senderId */
  #acknowledge(senderId) {
    this.#due.add(senderId)
    if (!this.#ackTimer.isRunning) this.#sendAcks()
  }

  #sendAcks() {
    if (this.#due.size === 0) return
    for (const senderId of this.#due) {
      const seen = this.#seen.get(senderId)
      const error = seen && this.#post({ type: RECEIVED, to: senderId, inc: seen.inc, id: seen.id })
      if (error?.code !== "rate_limited") this.#due.delete(senderId)
    }
    this.#ackTimer.start(ACK_PAUSE_MLS, () => this.#sendAcks())
  }
}
