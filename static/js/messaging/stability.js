/**
 * When a message is stable: its sender may forget it, as another client has been shown it besides the host. A client acknowledges what its app has been shown;
 * the host keeps account of that, and tells the senders.
 */
import { LOOK_MS, MAX_UNSTABLE_MESSAGES, WITNESS_MS } from "../base/limits.js"
import { Timer } from "../base/clock.js"
import { Watch } from "../base/watch.js"

/** How many clients say at once what they have been shown, so that senders needn't wait: two, as none can vouch for its own messages. */
export const WITNESSES = 2
/** Milliseconds after which a client says what its app has been shown, and after how many messages it doesn't wait for that. */
export const ACK_PAUSE_MS = 250
export const ACK_MESSAGES = 32
/** Milliseconds between two acknowledgements of a client that is to give them at once. */
export const QUICK_ACK_PAUSE_MS = 50

/** @typedef {import("./subscriber.js").Subscriber} Subscriber */

/**
 * The host's side. An acknowledgement is looked at together with what it makes stable, and with what its sender still waits for itself: what it costs doesn't depend on
 * how many there are.
 */
export class Stability {
  #lastPlace
  #settled
  #watch
  #subscribers
  /** Those of them that acknowledge. @type {Set<Subscriber>} */
  #keepers = new Set()
  /** The senders of what isn't stable, by its place and in that order. @type {Map<number, Subscriber>} */
  #unstable = new Map()
  /** The last place that somebody has acknowledged. */
  #acknowledged = 0
  /** The last place at each look of late, and the one up to which all should have been acknowledged by now. */
  #places = [0]
  #due = 0

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {ReadonlyMap<string, Subscriber>} options.subscribers all that get messages
   * @param {() => number} options.lastPlace the place of the last message
   * @param {(place: number) => void} options.settled called with the place up to which the host's own messages are kept by others
   */
  constructor({ clock, subscribers, lastPlace, settled }) {
    this.#subscribers = subscribers
    this.#lastPlace = lastPlace
    this.#settled = settled
    this.#watch = new Watch({ clock, look: () => this.#look() })
  }

  /** Somebody gets all messages from now on. @param {Subscriber} subscriber */
  add(subscriber) {
    subscriber.metAt = this.#watch.now
    this.#keepers.add(subscriber)
    if (this.#lastPlace() > 0) this.#watch.start()
    this.#keepersChanged()
  }

  /** @param {Subscriber} subscriber */
  remove(subscriber) {
    this.#keepers.delete(subscriber)
    this.#keepersChanged()
  }

  /**
   * A message has been passed on under its place.
   * @param {number} place
   * @param {Subscriber} [sender] a client that is here, and is told when it is stable
   */
  placed(place, sender) {
    if (this.#subscribers.size > 0) this.#watch.start()
    if (sender) this.#remember(place, sender)
    this.settle()
  }

  /**
   * A client's app has been shown all up to a place.
   * @param {Subscriber} subscriber
   * @param {number} place
   */
  acknowledged(subscriber, place) {
    subscriber.shown = Math.max(subscriber.shown, Math.min(place, this.#lastPlace()))
    this.#acknowledged = Math.max(this.#acknowledged, subscriber.shown)
    if (subscriber.shown >= this.#due) this.#keepers.add(subscriber)
    this.#release(subscriber.shown, (sender) => sender !== subscriber)
    this.settle()
  }

  /** Tells what is stable of what the host itself has sent. */
  settle() {
    this.#settled(this.#keepers.size > 0 ? this.#acknowledged : this.#lastPlace())
  }

  stop() {
    this.#watch.stop()
  }

  // Private

  /** @param {number} place @param {Subscriber} sender */
  #remember(place, sender) {
    if (this.#isAlone(sender)) return sender.tellStable(place)
    this.#unstable.set(place, sender)
    // The sender of the oldest hears of it by what it is told of its next one.
    if (this.#unstable.size > MAX_UNSTABLE_MESSAGES) this.#unstable.delete(/** @type {number} */ (this.#unstable.keys().next().value))
  }

  /** Whether nobody else acknowledges. @param {Subscriber} sender */
  #isAlone(sender) {
    return this.#keepers.size === (this.#keepers.has(sender) ? 1 : 0)
  }

  /**
   * Tells the senders of what has become stable.
   * @param {number} last the last place that is looked at
   * @param {(sender: Subscriber) => boolean} isStable
   */
  #release(last, isStable) {
    /** @type {Map<Subscriber, number>} */
    const stable = new Map()
    for (const [place, sender] of this.#unstable) {
      if (place > last) break
      if (isStable(sender) && this.#unstable.delete(place)) stable.set(sender, place)
    }
    for (const [sender, place] of stable) sender.tellStable(place)
  }

  /** Those who have acknowledged for longest do it at once. What waits for somebody else's word, where there is nobody else any more, waits no longer. */
  #keepersChanged() {
    let count = 0
    for (const keeper of this.#keepers) {
      if (count++ === WITNESSES) break
      keeper.makeWitness()
    }
    if (this.#keepers.size < 2) this.#release(Infinity, (sender) => this.#isAlone(sender))
    this.settle()
  }

  /** Looks after those who acknowledge nothing. It goes on while something is unacknowledged. */
  #look() {
    this.#places.push(this.#lastPlace())
    if (this.#places.length > WITNESS_MS / LOOK_MS) this.#due = /** @type {number} */ (this.#places.shift())
    for (const keeper of this.#keepers) if (this.#isSilent(keeper)) this.#keepers.delete(keeper)
    this.#keepersChanged()
    return [...this.#subscribers.values()].some(({ shown }) => shown < this.#lastPlace())
  }

  /**
   * Whether a client hasn't acknowledged for too long: nobody waits for it until it has made up for it. One that isn't heard at all may be frozen, or out of reach:
   * that it is lost, its heartbeat tells.
   * @param {Subscriber} subscriber
   */
  #isSilent({ shown, metAt, client }) {
    return shown < this.#due && this.#watch.now - metAt > WITNESS_MS && client.path.isHeard
  }
}

/** The client's side: says how far its app has been shown the messages, soon after each, or at once where the host wants that. */
export class Acknowledgements {
  #clock
  #timer
  #send
  #pause = ACK_PAUSE_MS
  /** The place of the last message that the app was shown, and how many since the host was told of one. */
  #shown = 0
  #unacknowledged = 0
  #acknowledgedAt = -Infinity

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {(place: number) => void} options.send
   */
  constructor({ clock, send }) {
    this.#clock = clock
    this.#timer = new Timer(clock)
    this.#send = send
  }

  /** The pause that the host wants, within what is sensible. @param {number} ms */
  pace(ms) {
    this.#pause = Math.min(ACK_PAUSE_MS, Math.max(QUICK_ACK_PAUSE_MS, ms))
  }

  /**
   * The app has been shown all up to a place; the host hears of it soon.
   * @param {number} place
   */
  add(place) {
    this.#shown = Math.max(this.#shown, place)
    this.#unacknowledged += 1
    const wait = this.#acknowledgedAt + this.#pause - this.#clock.now()
    if (this.#unacknowledged >= ACK_MESSAGES || (wait <= 0 && this.#pause < ACK_PAUSE_MS)) this.#acknowledge()
    else if (!this.#timer.isRunning) this.#timer.start(Math.max(0, wait > 0 ? wait : this.#pause), () => this.#acknowledge())
  }

  stop() {
    this.#timer.stop()
  }

  #acknowledge() {
    this.#timer.stop()
    this.#unacknowledged = 0
    this.#acknowledgedAt = this.#clock.now()
    this.#send(this.#shown)
  }
}
