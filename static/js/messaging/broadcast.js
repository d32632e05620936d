// Messages to everyone: which of them this peer has sent, has seen and keeps.
import { encodeEntry, entryFrames, gapFrame, gapFrames } from "./catch_up.js"
import { readContent } from "../wire/content.js"
import { MAX_LOG_MESSAGES, MessageLog } from "./message_log.js"
import { DATA, syncFrames } from "../wire/frames.js"
import { Outbox } from "./outbox.js"

/**
 * The messages to everyone, as one peer knows them: those that it has sent, how far it has come with each sender, and the last messages themselves.
 * It outlives connections and roles, so that nothing is shown twice, and so that one peer can give another the messages that it missed.
 *
 * @typedef {import("./message_log.js").Name & { content: import("../wire/content.js").Content }} Message
 * @typedef {import("../wire/content.js").Packet} Packet
 * @typedef {import("../wire/frames.js").Mark} Mark
 *
 * @typedef {object} Reader
 * @property {(message: { type: "Data", senderId: string, topic?: string, data: any }, mayWait?: boolean) => void} messageShown called with a message that is to be shown
 *
 * @typedef {object} BroadcastDelegate
 * @property {(gap: { senderId: string, from: number, to: number }) => void} messagesMissed called when messages are lost for good
 * @property {() => void} messagesForked called when the session has gone on in two halves, which are joined again now
 */
export class Broadcast {
  #peerId
  #clock
  #reader
  #delegate
  #history
  #log
  /** The messages that this peer has sent. */
  outbox = new Outbox()
  /** The incarnation: a name for this page, because each page counts its messages from 1. */
  inc = newIncarnation()
  /** Whether this peer is new in the session, so that earlier messages aren't meant for it. */
  #isFresh = true
  /** The epoch under which it became the host although it was new and the others had messages that it hadn't; 0 if it was in the session before. */
  #freshEpoch = 0
  /** Whether it is the host now and was new when it became so. */
  #hostsFresh = false
  /** The present host's epoch. */
  #epoch = 0
  /** Whether a message has been shown since this peer said hello. */
  #hasHeard = false
  /** How many frames the host has sent it before it was synced. */
  #heard = 0
  #isInStep = true
  /** Whether the session went on under its host although another host had already followed that one. */
  #isForked = false

  /**
   * @param {object} options
   * @param {string} options.peerId
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {Reader} options.reader
   * @param {BroadcastDelegate} options.delegate
   * @param {number} [options.history] how many messages a newcomer is shown, and keeps for later newcomers
   */
  constructor({ peerId, clock, reader, delegate, history = 0 }) {
    this.#peerId = peerId
    this.#clock = clock
    this.#reader = reader
    this.#delegate = delegate
    this.#history = history
    this.#log = new MessageLog({ clock, history })
  }

  /**
   * A number that grows with each sign that the host does its part: with each frame of the host until this peer is synced, and later with each of this peer's messages
   * that becomes stable or is refused.
   */
  get progress() {
    return this.outbox.settled + this.#heard
  }

  /** The place of the last message, if this peer is the host. */
  get lastPlace() {
    return this.#log.lastPlace
  }

  /**
   * Leaves the session for good: a peer that comes back is a newcomer.
   * @param {import("../base/errors.js").P2pError} error rejects the messages that aren't stable
   */
  leave(error) {
    this.#log = new MessageLog({ clock: this.#clock, history: this.#history })
    this.inc = newIncarnation()
    this.#isFresh = true
    this.#freshEpoch = 0
    const outbox = this.outbox
    this.outbox = new Outbox()
    outbox.rejectAll(error)
  }

  /** The session has gone on under a host although another one had already followed it. */
  fork() {
    this.#isForked = true
  }

  // As a client

  /**
   * What a client tells its host first.
   * @param {number} epoch
   */
  hello(epoch) {
    this.#epoch = epoch
    this.#hasHeard = this.#isInStep = false
    return syncFrames({ inc: this.inc, fresh: this.#isFresh, history: this.#history }, this.#log.marks)
  }

  /**
   * Shows a message that the host sent, unless it was shown before.
   * @param {import("../wire/frames.js").DataFrame} frame
   * @param {Packet} packet the frame as it arrived
   */
  receive(frame, packet) {
    const { senderId = "", inc = "", id, n = 0 } = frame
    if (!this.#isInStep) this.#heard += 1
    if (this.#isOwn(senderId, inc)) {
      if (id > this.outbox.lastId) return // only this page itself may send under its incarnation
      this.outbox.placed(id, n)
    }
    if (!this.#log.add({ senderId, inc, id }, this.#epoch, packet)) return
    this.#hasHeard = true
    this.#reader.messageShown({ type: DATA, senderId, ...readContent(frame) })
  }

  /**
   * Skips a message that its sender had no right to send.
   * @param {import("../wire/frames.js").DataFrame} frame
   */
  ignore({ senderId = "", inc = "", id }) {
    if (this.#isOwn(senderId, inc) && id > this.outbox.lastId) return
    this.#log.skip(senderId, inc, id)
  }

  /** @param {import("../wire/frames.js").GapFrame} gap */
  miss({ senderId, inc, from, to }) {
    if (this.#isOwn(senderId, inc)) return this.#showWaiting(senderId, inc, to)
    if (!this.#log.skip(senderId, inc, to)) return
    this.#hasHeard = true
    this.#delegate.messagesMissed({ senderId, from, to })
  }

  /**
   * Whether a peer has seen numbers of this page that the page hasn't used yet. Then a host has made them up, and peers that believe it would skip the messages that
   * get these numbers later.
   * @param {Mark[]} marks
   */
  disowns(marks) {
    return marks.some(([senderId, inc, id]) => this.#isOwn(senderId, inc) && id > this.outbox.lastId)
  }

  /** Takes a new incarnation, as if this were another page: nobody has heard of its numbers. */
  renew() {
    this.inc = newIncarnation()
  }

  /**
   * The host has sent everything that this peer lacked, and says how far it has come itself.
   * @param {Mark[]} marks
   * @returns {Packet[]} frames with the messages that the host lacks
   */
  meet(marks) {
    this.#isInStep = true
    this.#heard += 1
    const { entries } = this.#log.missing(marks)
    if (this.#isForked && (entries.length > 0 || this.#hasHeard)) this.#delegate.messagesForked()
    this.#isFresh = this.#isForked = false
    for (const mark of marks) this.#log.skip(...mark)
    this.outbox.resume(marks.find(([senderId, inc]) => this.#isOwn(senderId, inc))?.[2] ?? 0)
    return entries.filter((entry) => !this.#isWaiting(entry)).flatMap((entry) => encodeEntry(entry, { epoch: entry.epoch }) ?? [])
  }

  // As a host

  /**
   * This peer becomes the host.
   * @param {number} epoch
   */
  host(epoch) {
    this.#epoch = epoch
    this.#hostsFresh = this.#isFresh
    if (this.#isFresh) this.#freshEpoch = epoch
    this.#isFresh = false
    this.#log.replace()
    this.outbox.resume(this.lastId(this.#peerId, this.inc) ?? 0)
  }

  /** @param {number} epoch this host's epoch from now on */
  resume(epoch) {
    this.#epoch = epoch
  }

  /**
   * The last number that is known of a page of a sender.
   * @param {string} senderId
   * @param {string} inc
   */
  lastId(senderId, inc) {
    return this.#log.lastId(senderId, inc)
  }

  /**
   * Whether another peer may give the host a message whose sender isn't here.
   * @param {Message} message
   * @param {boolean} wasHere whether its sender was in the session before
   */
  accepts({ senderId, inc, id }, wasHere) {
    if (this.#isOwn(senderId, inc)) return false
    const lastId = this.lastId(senderId, inc)
    // This peer itself was here before: its earlier page may have sent a message that only some have got.
    if (lastId === undefined) return wasHere || this.#hostsFresh || senderId === this.#peerId
    // The bound is the size of a log. Without it, someone could use up the numbers that the sender needs when it comes back.
    return id > lastId && id <= lastId + MAX_LOG_MESSAGES
  }

  /**
   * Gives a message its place, unless it has one already.
   * @param {Message} message
   * @returns {{ packet: Packet, place: number, gap: import("../wire/frames.js").GapFrame | null } | null} what is sent to all other peers
   * @throws {import("../base/errors.js").P2pError} `too_large`
   */
  admit(message) {
    const { senderId, inc, id, content } = message
    const last = this.lastId(senderId, inc)
    if (last !== undefined && id <= last) return null
    const packet = content.packet({ type: DATA, senderId, inc, id, n: this.lastPlace + 1 })
    const gap = last !== undefined && id > last + 1 ? gapFrame({ senderId, inc, from: last + 1, to: id - 1 }) : null
    this.#log.add({ senderId, inc, id }, this.#epoch, packet)
    if (this.#isOwn(senderId, inc)) this.outbox.placed(id, this.lastPlace)
    return { packet, place: this.lastPlace, gap }
  }

  /**
   * Shows a message that was admitted, unless it was sent before this host came into the session: such a message isn't meant for it.
   * @param {Message} message
   * @param {number} epoch under which it was sent
   */
  present({ senderId, content }, epoch) {
    if (epoch >= this.#freshEpoch) this.#reader.messageShown({ type: DATA, senderId, ...content.read() })
  }

  /**
   * @param {import("../wire/frames.js").GapFrame} gap
   * @param {number} epoch under which the message after the gap was sent
   */
  presentGap({ senderId, from, to }, epoch) {
    if (epoch >= this.#freshEpoch) this.#delegate.messagesMissed({ senderId, from, to })
  }

  /** Counts a number as seen whose message the host doesn't pass on. @param {string} senderId @param {string} inc @param {number} id */
  skip(senderId, inc, id) {
    this.#log.skip(senderId, inc, id)
  }

  /**
   * The frames that a client is sent first.
   * @param {import("../wire/frames.js").Hello} hello
   * @param {number} [since] after this place, all messages are for the client, even if it is a newcomer
   * @returns {Packet[]} frames
   */
  welcome({ fresh, history, seen }, since = this.lastPlace) {
    if (this.disowns(seen)) this.renew()
    const { entries, gaps } = fresh ? { entries: this.#log.latest(Math.max(history, this.lastPlace - since)), gaps: [] } : this.#log.missing(seen)
    return [...gapFrames(gaps), ...entryFrames(entries), ...syncFrames({ n: this.lastPlace }, this.#log.marks)]
  }

  // Private

  /** @param {string} senderId @param {string} inc */
  #isOwn(senderId, inc) {
    return senderId === this.#peerId && inc === this.inc
  }

  /**
   * Shows messages of this page that the host knows of and can't give, as a host that came after them can't. They wait here; those that don't were rejected.
   * @param {string} senderId
   * @param {string} inc
   * @param {number} to the last one
   */
  #showWaiting(senderId, inc, to) {
    if (to > this.outbox.lastId) return
    for (const { id, content } of this.outbox.waiting) {
      const frame = /** @type {const} */ ({ type: DATA, senderId, inc, id })
      // The app may leave the session while it is shown one of them.
      if (id > (this.lastId(senderId, inc) ?? 0) && id <= to && inc === this.inc) this.receive({ ...frame, ...content.fields }, content.packet(frame))
    }
  }

  /** Whether a message still waits in the outbox, which sends it anyway. @param {import("./message_log.js").Entry} entry */
  #isWaiting({ senderId, inc, id }) {
    return this.#isOwn(senderId, inc) && this.outbox.has(id)
  }
}

function newIncarnation() {
  return crypto.getRandomValues(new Uint32Array(1))[0].toString(36)
}
