// Messages to everybody: what this peer has sent, has seen and keeps.
import { encodeEntry, entryFrames, gapFrame, gapFrames } from "./catch_up.js"
import { readContent } from "../wire/content.js"
import { MAX_LOG_MESSAGES, MessageLog } from "./message_log.js"
import { DATA, syncFrames } from "../wire/frames.js"
import { Outbox } from "./outbox.js"

/**
 * The messages to everybody, as one peer knows them: what it has sent, what it has seen of everybody, and the last messages themselves.
 * It outlives connections and roles, so that nothing is shown twice and what one peer missed another can give it.
 *
 * @typedef {import("./message_log.js").Name & { content: import("../wire/content.js").Content }} Message
 * @typedef {import("../wire/content.js").Packet} Packet
 * @typedef {import("../wire/frames.js").Mark} Mark
 *
 * @typedef {object} Reader
 * @property {(message: { type: "Data", senderId: string, topic?: string, data: any }, mayWait?: boolean) => void} messageShown a message is to be shown
 *
 * @typedef {object} BroadcastDelegate
 * @property {(gap: { senderId: string, from: number, to: number }) => void} messagesMissed messages can't be had any more
 * @property {() => void} messagesForked the session went on in two halves, which meet again
 */
export class Broadcast {
  #peerId
  #clock
  #reader
  #delegate
  #history
  #log
  /** What this peer has sent. */
  outbox = new Outbox()
  /** Names this page's numbers. */
  inc = newIncarnation()
  /** Whether this peer is new in the session, and owed nothing of what was said before. */
  #isFresh = true
  /** Under which epoch it became the host as such, while the others knew what it didn't; 0 if it was in the session before. */
  #freshEpoch = 0
  /** Whether it hosts now as such. */
  #hostsFresh = false
  /** The present host's. */
  #epoch = 0
  /** Whether it has been shown something since it said hello. */
  #hasHeard = false
  /** How much it was told before it was in step. */
  #heard = 0
  #isInStep = true
  /** Whether its host had been followed by another while the session went on under it. */
  #isForked = false

  /**
   * @param {object} options
   * @param {string} options.peerId
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {Reader} options.reader
   * @param {BroadcastDelegate} options.delegate
   * @param {number} [options.history] how many messages a newcomer is shown, and keeps for the next ones
   */
  constructor({ peerId, clock, reader, delegate, history = 0 }) {
    this.#peerId = peerId
    this.#clock = clock
    this.#reader = reader
    this.#delegate = delegate
    this.#history = history
    this.#log = new MessageLog({ clock, history })
  }

  /** What grows with each sign that the host does its part: until it is in step, with all that it tells, and then with what comes to an end of what this peer has said. */
  get progress() {
    return this.outbox.settled + this.#heard
  }

  /** The place of the last message, where this peer is the host. */
  get lastPlace() {
    return this.#log.lastPlace
  }

  /**
   * Leaves it for good: who comes back is a newcomer.
   * @param {import("../base/errors.js").P2pError} error for what isn't stable
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

  /** The session went on under a host that had been followed by another. */
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
   * @param {Packet} packet the frame as it came
   */
  receive(frame, packet) {
    const { senderId = "", inc = "", id, n = 0 } = frame
    if (!this.#isInStep) this.#heard += 1
    if (this.#isOwn(senderId, inc)) {
      if (id > this.outbox.lastId) return // nobody else says something as this page
      this.outbox.placed(id, n)
    }
    if (!this.#log.add({ senderId, inc, id }, this.#epoch, packet)) return
    this.#hasHeard = true
    this.#reader.messageShown({ type: DATA, senderId, ...readContent(frame) })
  }

  /**
   * Passes over a message that its sender had no right to send.
   * @param {import("../wire/frames.js").DataFrame} frame
   */
  ignore({ senderId = "", inc = "", id }) {
    if (this.#isOwn(senderId, inc) && id > this.outbox.lastId) return
    this.#log.skip(senderId, inc, id)
  }

  /** @param {import("../wire/frames.js").GapFrame} gap */
  miss({ senderId, inc, from, to }) {
    if (this.#isOwn(senderId, inc) && to > this.outbox.lastId) return
    if (!this.#log.skip(senderId, inc, to)) return
    this.#hasHeard = true
    this.#delegate.messagesMissed({ senderId, from, to })
  }

  /**
   * Whether somebody knows of numbers of this page that it hasn't given: a host has told them so, and whoever believes it would pass over what comes under them.
   * @param {Mark[]} marks
   */
  disowns(marks) {
    return marks.some(([senderId, inc, id]) => this.#isOwn(senderId, inc) && id > this.outbox.lastId)
  }

  /** What this page says from now on is another one's: nobody has been told anything of that. */
  renew() {
    this.inc = newIncarnation()
  }

  /**
   * The host has sent all that this peer lacked, and says how far it has come itself.
   * @param {Mark[]} marks
   * @returns {Packet[]} frames with what the host lacks
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

  /** @param {number} epoch this host's, from now on */
  resume(epoch) {
    this.#epoch = epoch
  }

  /**
   * The last number that is known of a sender's page.
   * @param {string} senderId
   * @param {string} inc
   */
  lastId(senderId, inc) {
    return this.#log.lastId(senderId, inc)
  }

  /**
   * Whether a message of somebody who isn't here may be taken from others.
   * @param {Message} message
   * @param {boolean} wasHere whether its sender was in the session before
   */
  accepts({ senderId, inc, id }, wasHere) {
    if (this.#isOwn(senderId, inc)) return false
    const lastId = this.lastId(senderId, inc)
    // This peer itself was here: its page before may have said something that only some have.
    if (lastId === undefined) return wasHere || this.#hostsFresh || senderId === this.#peerId
    // No log holds more; who came back would find its own numbers taken.
    return id > lastId && id <= lastId + MAX_LOG_MESSAGES
  }

  /**
   * Gives a message its place, unless it has one.
   * @param {Message} message
   * @returns {{ packet: Packet, place: number, gap: import("../wire/frames.js").GapFrame | null } | null} what all the others are sent
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
   * Shows a message that was admitted; what was said before this host came isn't news to it.
   * @param {Message} message
   * @param {number} epoch under which it was said
   */
  present({ senderId, content }, epoch) {
    if (epoch >= this.#freshEpoch) this.#reader.messageShown({ type: DATA, senderId, ...content.read() })
  }

  /**
   * @param {import("../wire/frames.js").GapFrame} gap
   * @param {number} epoch under which the message after it was said
   */
  presentGap({ senderId, from, to }, epoch) {
    if (epoch >= this.#freshEpoch) this.#delegate.messagesMissed({ senderId, from, to })
  }

  /** The host doesn't pass a number on. @param {string} senderId @param {string} inc @param {number} id */
  skip(senderId, inc, id) {
    this.#log.skip(senderId, inc, id)
  }

  /**
   * What a client is sent first.
   * @param {import("../wire/frames.js").Hello} hello
   * @param {number} [since] the place from which on all is for it, however new it is
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

  /** Whether the outbox sends it anyway. @param {import("./message_log.js").Entry} entry */
  #isWaiting({ senderId, inc, id }) {
    return this.#isOwn(senderId, inc) && this.outbox.has(id)
  }
}

function newIncarnation() {
  return crypto.getRandomValues(new Uint32Array(1))[0].toString(36)
}
