import { Deadline } from "../base/deadline.js"
import { Content } from "../wire/content.js"
import { P2pError } from "../base/errors.js"
import { LOOK_MLS, WITNESS_MLS } from "../base/limits.js"
import { ACK } from "../wire/frames.js"
import { Orphans } from "./recovery.js"
import { Watch } from "../base/watch.js"

/** How many clients say at once what they have been shown, so that senders needn't wait: two, as none can vouch for its own messages. */
export const WITNESSES = 2

/** Milliseconds that a new host waits for those who were there before it takes itself to be alone. */
export const ALONE_AFTER_MLS = 5_000

/**
 * What a host does with messages: it gives each its place, passes it on, and says when it is stable.
 *
 * @typedef {import("../topology/downstream.js").Guest} Guest
 * @typedef {import("./broadcast.js").Message} Message
 *
 * @typedef {object} RelayDelegate
 * @property {() => Guest[]} synced the clients that get messages
 * @property {(packet: import("../wire/content.js").Packet) => void} relayed a frame for all of them
 * @property {(guest: Guest, error: P2pError) => void} relayFailed a client's connection can't go on
 */
export class Relay {
  #broadcast
  #delegate
  #orphans
  #knownPeers
  /** Runs while others are expected who were in the session before. */
  #expecting
  #watch
  /** The last place at each look of late, and the one up to which all should have been acknowledged by now. */
  #places = [0]
  #due = 0

  /**
   * @param {object} options
   * @param {import("./broadcast.js").Broadcast} options.broadcast
   * @param {RelayDelegate} options.delegate
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {number} options.epoch
   * @param {import("./known_peers.js").KnownPeers} options.knownPeers
   */
  constructor({ broadcast, knownPeers, delegate, clock, epoch }) {
    this.#broadcast = broadcast
    this.#delegate = delegate
    this.#expecting = new Deadline(clock)
    this.#watch = new Watch({ clock, look: () => this.#look() })
    this.#knownPeers = knownPeers
    if (knownPeers.expects(ALONE_AFTER_MLS)) this.#expecting.start(ALONE_AFTER_MLS, () => this.settle())
    this.#orphans = new Orphans({ clock, adopt: (orphans) => orphans.forEach((orphan) => this.#adopt(orphan)) })
    broadcast.host(epoch)
  }

  /**
   * The server has this host back under a later epoch.
   * @param {number} epoch
   */
  resume(epoch) {
    this.#broadcast.resume(epoch)
    this.#orphans.resume()
  }

  stop() {
    this.#orphans.stop()
    this.#expecting.stop()
    this.#watch.stop()
  }

  // What this peer says

  /**
   * @param {string} senderId
   * @param {number} id
   * @param {Content} content
   */
  sendOwn(senderId, id, content) {
    this.#relay({ senderId, inc: this.#broadcast.inc, id, content }, Infinity)
  }

  // What the clients say

  /** @param {Guest} guest */
  connected(guest) {
    guest.since = this.#broadcast.lastPlace
  }

  /**
   * A client says how far it has come, and is given what it lacks.
   * @param {Guest} guest
   * @param {import("../wire/frames.js").SyncFrame} frame
   */
  meet(guest, frame) {
    const hello = guest.hear(frame)
    if (!hello) return
    const { peerId } = guest.connection
    for (const packet of this.#broadcast.welcome(hello, guest.since)) {
      const error = guest.connection.failureToSend(packet)
      if (error) return this.#delegate.relayFailed(guest, error)
    }
    guest.meet(hello.inc, this.#broadcast.lastId(peerId, hello.inc) ?? 0, this.#watch.now)
    this.#expecting.stop()
    this.settle()
  }

  /**
   * A client's message, or what it kept of another's.
   * @param {Guest} guest
   * @param {import("../wire/frames.js").DataFrame} frame
   * @param {number} size in characters
   */
  admit(guest, frame, size) {
    if (!guest.isSynced) return
    const { senderId = guest.connection.peerId, inc = guest.inc, id } = frame
    const copies = this.#delegate.synced().length
    const saidUnder = frame.senderId === undefined ? Infinity : (frame.epoch ?? 0)
    const isOwn = senderId === guest.connection.peerId && inc === guest.inc
    /** Not before its time has come: what never passes shall cost nothing. @param {(message: Message) => void} pass */
    const read = (pass) => () => {
      const content = this.#read(guest, frame)
      if (content) pass({ senderId, inc, id, content })
    }
    if (isOwn && !guest.canSend) this.#refuse(guest, senderId, inc, id)
    else if (isOwn) guest.admit(frame, size, read((message) => this.#pass(guest, message, saidUnder)), copies)
    else if (guest.canSend) guest.pass(size, read((message) => this.#take({ message, size, saidUnder, giver: guest.connection.peerId })), copies)
  }

  /**
   * A client's app has been shown all up to a place.
   * @param {Guest} guest
   * @param {number} place
   */
  shown(guest, place) {
    guest.tell(ACK, () => {
      guest.shown = Math.max(guest.shown, Math.min(place, this.#broadcast.lastPlace))
      this.settle()
    })
  }

  /** Tells those whose messages have become stable: another client that acknowledges has been shown them, or there is none. */
  settle() {
    const guests = this.#delegate.synced()
    const keepers = guests.filter((guest) => this.#keeps(guest))
    for (const guest of keepers.slice(0, WITNESSES)) guest.makeWitness()
    const { lastPlace } = this.#broadcast
    const [first = lastPlace, second = lastPlace] = keepers.map(({ shown }) => shown).sort((one, other) => other - one)
    for (const guest of guests) guest.tellStable(!guest.isSilent && guest.shown === first ? second : first)
    if (guests.length > 0 || !this.#expecting.isRunning) this.#broadcast.outbox.stable(first)
    if (guests.some(({ shown }) => shown < lastPlace)) this.#watch.start()
  }

  // Private

  /**
   * Whether a client acknowledges what it is given. Whoever hasn't for too long is waited for again when it has made up for it; one that isn't heard at all may be
   * frozen, or out of reach: that it is lost, its heartbeat tells.
   * @param {Guest} guest
   */
  #keeps(guest) {
    const isBehind = guest.shown < this.#due && this.#watch.now - guest.metAt > WITNESS_MLS
    guest.isSilent = isBehind && (guest.isSilent || guest.connection.isHeard)
    return !guest.isSilent
  }

  /** Goes on while something is unacknowledged. */
  #look() {
    this.#places.push(this.#broadcast.lastPlace)
    if (this.#places.length > WITNESS_MLS / LOOK_MLS) this.#due = /** @type {number} */ (this.#places.shift())
    this.settle()
    return this.#delegate.synced().some(({ shown }) => shown < this.#broadcast.lastPlace)
  }

  /**
   * @param {Guest} guest
   * @param {import("../wire/frames.js").DataFrame} frame
   */
  #read(guest, frame) {
    try {
      return Content.from(frame)
    } catch (error) {
      this.#delegate.relayFailed(guest, /** @type {P2pError} */ (error))
      return null
    }
  }

  /**
   * @param {Guest} guest
   * @param {Message} message
   * @param {number} saidUnder
   */
  #pass(guest, message, saidUnder) {
    try {
      guest.lastPlace = this.#relay(message, saidUnder) ?? guest.lastPlace
      this.settle()
    } catch (error) {
      // A message that can't be passed on is its sender's fault, and nobody else's loss.
      this.#delegate.relayFailed(guest, /** @type {P2pError} */ (error))
    }
  }

  /**
   * @param {Guest} guest
   * @param {string} senderId
   * @param {string} inc
   * @param {number} id
   */
  #refuse(guest, senderId, inc, id) {
    this.#broadcast.skip(senderId, inc, id)
    guest.refuse(id, new P2pError("forbidden", { message: "This peer may read, and not send." }))
  }

  /**
   * Keeps another's message until it is clear that its sender doesn't come itself.
   * @param {import("./recovery.js").Orphan} orphan
   */
  #take(orphan) {
    if (this.#accepts(orphan)) this.#orphans.add(orphan)
  }

  /** @param {import("./recovery.js").Orphan} orphan */
  #adopt(orphan) {
    if (!this.#accepts(orphan)) return
    try {
      this.#relay(orphan.message, orphan.saidUnder)
    } catch (error) {
      if (!(error instanceof P2pError)) throw error // it is too large to be passed on, and was so before
    }
  }

  /** Whether a message may be passed on for somebody who isn't here: whoever is speaks for itself. @param {import("./recovery.js").Orphan} orphan */
  #accepts({ message }) {
    const isHere = this.#delegate.synced().some((guest) => guest.connection.peerId === message.senderId)
    return !isHere && this.#broadcast.accepts(message, this.#knownPeers.hasMet(message.senderId))
  }

  /**
   * @param {Message} message
   * @param {number} saidUnder the epoch of the host that it was sent to first; Infinity for this one
   * @returns {number | undefined} its place
   */
  #relay(message, saidUnder) {
    const admitted = this.#broadcast.admit(message)
    if (!admitted) return undefined
    const { packet, place, gap } = admitted
    if (gap) {
      this.#delegate.relayed(JSON.stringify(gap))
      this.#broadcast.presentGap(gap, saidUnder)
    }
    this.#delegate.relayed(packet)
    this.#broadcast.present(message, saidUnder)
    return place
  }
}
