/**
 * When a message is stable: besides the host, a client other than its sender has been shown it, so that its sender may forget it. Clients acknowledge what their
 * apps have been shown; the host keeps count of that, and tells the senders.
 */
import { LOOK_MS, MAX_UNSTABLE_MESSAGES, WITNESS_MS } from "../base/limits.js"
import { Timer } from "../base/clock.js"
import { Watch } from "../base/watch.js"

/** How many clients acknowledge at once, so that senders needn't wait. Two, because a client's word doesn't count for its own messages. */
export const WITNESSES = 2
/** Milliseconds after which a client acknowledges what its app has been shown, and the number of messages after which it doesn't wait that long. */
export const ACK_PAUSE_MS = 250
export const ACK_MESSAGES = 32
/** Milliseconds between two acknowledgements of a client that is asked to acknowledge at once. */
export const QUICK_ACK_PAUSE_MS = 50

/** @typedef {import("./subscriber.js").Subscriber} Subscriber */

/**
 * The host's side. For each acknowledgement, the host looks only at the messages that become stable by it, and at those that its sender itself still waits for. So
 * the cost of an acknowledgement doesn't depend on how many clients there are.
 */
export class Stability {
  #lastPlace
  #settled
  #watch
  #subscribers
  /** The subscribers that acknowledge. @type {Set<Subscriber>} */
  #keepers = new Set()
  /** The senders of the messages that aren't stable, by the messages' places and in that order. @type {Map<number, Subscriber>} */
  #unstable = new Map()
  /** The last place that any client has acknowledged. */
  #acknowledged = 0
  /** The last place at each recent look, and the place up to which everything should be acknowledged by now. */
  #places = [0]
  #due = 0

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {ReadonlyMap<string, Subscriber>} options.subscribers all clients that get messages
   * @param {() => number} options.lastPlace the place of the last message
   * @param {(place: number) => void} options.settled called with the place up to which the host's own messages are kept by others
   */
  constructor({ clock, subscribers, lastPlace, settled }) {
    this.#subscribers = subscribers
    this.#lastPlace = lastPlace
    this.#settled = settled
    this.#watch = new Watch({ clock, look: () => this.#look() })
  }

  /** A client gets all messages from now on. @param {Subscriber} subscriber */
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
   * A message has got its place and has been passed on.
   * @param {number} place
   * @param {Subscriber} [sender] the client that is told when the message is stable, if its sender is here
   */
  placed(place, sender) {
    if (this.#subscribers.size > 0) this.#watch.start()
    if (sender) this.#remember(place, sender)
    this.settle()
  }

  /**
   * A client's app has been shown all messages up to a place.
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

  /** Tells the host which of its own messages are stable. */
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
    // Nothing is lost: when the sender's next message is reported as stable, that covers the forgotten one, too.
    if (this.#unstable.size > MAX_UNSTABLE_MESSAGES) this.#unstable.delete(/** @type {number} */ (this.#unstable.keys().next().value))
  }

  /** Whether nobody but this sender acknowledges. @param {Subscriber} sender */
  #isAlone(sender) {
    return this.#keepers.size === (this.#keepers.has(sender) ? 1 : 0)
  }

  /**
   * Tells the senders of what has become stable.
   * @param {number} last the last place to look at
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

  /**
   * Asks the clients that have acknowledged for the longest time to do it at once. If there is no other client left whose acknowledgement a message could wait for,
   * the message waits no longer.
   */
  #keepersChanged() {
    let count = 0
    for (const keeper of this.#keepers) {
      if (count++ === WITNESSES) break
      keeper.makeWitness()
    }
    if (this.#keepers.size < 2) this.#release(Infinity, (sender) => this.#isAlone(sender))
    this.settle()
  }

  /** Finds the clients that don't acknowledge. It looks again as long as something is unacknowledged. */
  #look() {
    this.#places.push(this.#lastPlace())
    if (this.#places.length > WITNESS_MS / LOOK_MS) this.#due = /** @type {number} */ (this.#places.shift())
    for (const keeper of this.#keepers) if (this.#isSilent(keeper)) this.#keepers.delete(keeper)
    this.#keepersChanged()
    return [...this.#subscribers.values()].some(({ shown }) => shown < this.#lastPlace())
  }

  /**
   * Whether a client hasn't acknowledged for too long. Then nobody waits for it until it has caught up. A client from which nothing arrives at all doesn't count: it may
   * be frozen or out of reach, and its heartbeat finds out whether it is lost.
   * @param {Subscriber} subscriber
   */
  #isSilent({ shown, metAt, client }) {
    return shown < this.#due && this.#watch.now - metAt > WITNESS_MS && client.link.isHeard
  }
}

/** The client's side: tells the host up to which place the app has been shown the messages, soon after each, or at once if the host wants that. */
export class Acknowledgements {
  #clock
  #timer
  #send
  #pause = ACK_PAUSE_MS
  /** The place of the last message that the app was shown, and how many it was shown since the last acknowledgement. */
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

  /** Sets the pause that the host wants, within sensible limits. @param {number} ms */
  pace(ms) {
    this.#pause = Math.min(ACK_PAUSE_MS, Math.max(QUICK_ACK_PAUSE_MS, ms))
  }

  /**
   * The app has been shown all messages up to a place. The host is told soon.
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
