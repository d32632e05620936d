// The message log: how far a peer has come with each sender, and the last messages themselves.
import { sizeOf } from "../wire/content.js"
import { MAX_PAGES_OF_SENDER, MAX_SENDERS } from "../base/limits.js"

/** The last messages that a peer keeps for those that missed them: how many messages, how many characters, and for how long, in milliseconds. */
export const MAX_LOG_MESSAGES = 1_000
export const MAX_LOG_CHARACTERS = 4 * 1024 * 1024
export const LOG_TERM_MS = 60_000
/** How many messages that are no longer needed may stay in the list, so that it is compacted seldom. */
const SURPLUS_MESSAGES = 100

/**
 * `inc` names the sender's page, because each page counts from 1. `id` is the message's number on that page, `epoch` that of the host under which the message was
 * shown, `packet` the frame in which it arrived.
 *
 * @typedef {{ senderId: string, inc: string, id: number }} Name
 * @typedef {Name & { epoch: number, packet: import("../wire/content.js").Packet, at: number, place: number }} Entry
 * @typedef {import("../wire/frames.js").Mark} Mark
 * @typedef {{ senderId: string, inc: string, from: number, to: number }} Gap messages that are lost for good, both ends included
 */

/** How far a peer has come with each sender, and the last messages themselves. The log knows nothing of channels. */
export class MessageLog {
  #clock
  #history
  /** The messages in the order in which they were shown. Those before `#first` are no longer needed, and are removed many at a time. @type {Entry[]} */
  #shown = []
  #first = 0
  /** The last number of each page of each sender. The page that sent last is at the end. @type {Map<string, Mark>} */
  #seen = new Map()
  /** How many of these pages each sender has. They are counted because looking through all of them for each new page would take too long. @type {Map<string, number>} */
  #pages = new Map()
  #characters = 0
  /** The place of the last message in the order that this peer gives them as a host. */
  lastPlace = 0

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {number} [options.history] how many messages are kept for newcomers, whatever their age
   */
  constructor({ clock, history = 0 }) {
    this.#clock = clock
    this.#history = Math.min(history, MAX_LOG_MESSAGES)
  }

  /** How far this peer has come with each page of each sender. @returns {Mark[]} */
  get marks() {
    return [...this.#seen.values()]
  }

  /**
   * The last number seen of a page; undefined if the page isn't known.
   * @param {string} senderId
   * @param {string} inc
   */
  lastId(senderId, inc) {
    return this.#seen.get(key(senderId, inc))?.[2]
  }

  /**
   * Takes in a message that is being shown.
   * @param {Name} name
   * @param {number} epoch
   * @param {import("../wire/content.js").Packet} packet the frame that it came in
   * @returns {boolean} false if it was shown before
   */
  add({ senderId, inc, id }, epoch, packet) {
    if (!this.skip(senderId, inc, id)) return false
    this.#shown.push({ senderId, inc, id, epoch, packet, at: this.#clock.now(), place: ++this.lastPlace })
    this.#characters += sizeOf(packet)
    this.#prune()
    return true
  }

  /**
   * Counts a number, and all before it, as seen.
   * @param {string} senderId
   * @param {string} inc
   * @param {number} id
   * @returns {boolean} false if the number counted as seen already
   */
  skip(senderId, inc, id) {
    const name = key(senderId, inc)
    if (id <= (this.#seen.get(name)?.[2] ?? 0)) return false
    if (!this.#seen.delete(name)) this.#makeRoom(senderId)
    this.#seen.set(name, [senderId, inc, id])
    return true
  }

  /** Makes room for a new page. A sender with many pages loses one of its own, so that it can't push out those of others. @param {string} senderId */
  #makeRoom(senderId) {
    if ((this.#pages.get(senderId) ?? 0) >= MAX_PAGES_OF_SENDER) this.#forget(([, mark]) => mark[0] === senderId)
    else if (this.#seen.size >= MAX_SENDERS) this.#forget(() => true)
    this.#pages.set(senderId, (this.#pages.get(senderId) ?? 0) + 1)
  }

  /** Forgets the page that has been quiet for the longest time, of those that `isMeant` picks. @param {(page: [string, Mark]) => boolean} isMeant */
  #forget(isMeant) {
    for (const page of this.#seen) {
      if (!isMeant(page)) continue
      const [name, [senderId]] = page
      this.#seen.delete(name)
      const rest = /** @type {number} */ (this.#pages.get(senderId)) - 1
      if (rest > 0) this.#pages.set(senderId, rest)
      else this.#pages.delete(senderId)
      return
    }
  }

  /** Numbers the places anew, for a peer that becomes the host. */
  replace() {
    this.#prune()
    this.#compact()
    this.#entries.forEach((entry, index) => { entry.place = index + 1 })
    this.lastPlace = this.#entries.length
  }

  /**
   * The messages that another peer lacks, in order, and gaps for those that aren't kept any more.
   * @param {Mark[]} marks how far the other peer has come
   * @returns {{ entries: Entry[], gaps: Gap[] }}
   */
  missing(marks) {
    this.#prune()
    const theirs = new Map(marks.map(([senderId, inc, id]) => [key(senderId, inc), id]))
    const entries = this.#entries.filter(({ senderId, inc, id }) => id > (theirs.get(key(senderId, inc)) ?? 0))
    return { entries, gaps: this.#gaps(theirs, entries) }
  }

  /**
   * The messages that a newcomer is shown.
   * @param {number} count
   */
  latest(count) {
    this.#prune()
    return count > 0 ? this.#entries.slice(-count) : []
  }

  /** @param {Map<string, number>} theirs @param {Entry[]} entries what they lack */
  #gaps(theirs, entries) {
    const firsts = new Map([...entries].reverse().map(({ senderId, inc, id }) => [key(senderId, inc), id]))
    const gaps = []
    for (const [name, [senderId, inc, last]] of this.#seen) {
      const from = (theirs.get(name) ?? 0) + 1
      const to = (firsts.get(name) ?? last + 1) - 1
      if (from <= to) gaps.push({ senderId, inc, from, to })
    }
    return gaps
  }

  get #entries() {
    return this.#first === 0 ? this.#shown : this.#shown.slice(this.#first)
  }

  #prune() {
    const oldest = this.#clock.now() - LOG_TERM_MS
    while (this.#first < this.#shown.length && this.#isSurplus(this.#shown.length - this.#first, this.#shown[this.#first], oldest)) {
      this.#characters -= sizeOf(this.#shown[this.#first].packet)
      this.#shown[this.#first].packet = "" // frees the memory
      this.#first += 1
    }
    // Many at a time, because each removal moves all the others.
    if (this.#first >= SURPLUS_MESSAGES) this.#compact()
  }

  #compact() {
    this.#shown = this.#entries
    this.#first = 0
  }

  /** @param {number} length @param {Entry} entry @param {number} oldest */
  #isSurplus(length, { at }, oldest) {
    return length > MAX_LOG_MESSAGES || this.#characters > MAX_LOG_CHARACTERS || (at < oldest && length > this.#history)
  }
}

/** @param {string} senderId @param {string} inc */
function key(senderId, inc) {
  return `${inc.length}/${inc}/${senderId}` // either may have any characters in it
}
