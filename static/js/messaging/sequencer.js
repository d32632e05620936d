import { Deadline } from "../base/deadline.js"
import { Content } from "../wire/content.js"
import { failureOf, P2pError } from "../base/errors.js"
import { ACK, REFUSED } from "../wire/frames.js"
import { sendToEach } from "../wire/path.js"
import { Recovery } from "./recovery.js"
import { Stability } from "./stability.js"
import { Subscriber } from "./subscriber.js"

/** Milliseconds that a new host waits for those who were there before it takes itself to be alone. */
export const ALONE_AFTER_MS = 5_000

/**
 * What a host does with messages: it gives each its place, passes it on to all who are in step, and has their senders told when it is stable.
 *
 * @typedef {import("./subscriber.js").Client} Client
 * @typedef {import("./broadcast.js").Message} Message
 *
 * @typedef {object} SequencerOptions
 * @property {import("./broadcast.js").Broadcast} broadcast
 * @property {import("../base/clock.js").Clock} clock
 * @property {number} epoch
 * @property {import("./known_peers.js").KnownPeers} knownPeers
 */
export class Sequencer {
  #broadcast
  #recovery
  #knownPeers
  #stability
  /** Runs while others are expected who were in the session before. */
  #expecting
  /** All who are connected. @type {Map<Client, Subscriber>} */
  #subscribers = new Map()
  /** Those who have been given what they lacked, by their ids. @type {Map<string, Subscriber>} */
  #synced = new Map()

  /** @param {SequencerOptions} options */
  constructor({ broadcast, knownPeers, clock, epoch }) {
    this.#broadcast = broadcast
    this.#knownPeers = knownPeers
    this.#expecting = new Deadline(clock)
    this.#stability = new Stability({ clock, subscribers: this.#synced, lastPlace: () => broadcast.lastPlace, settled: (place) => this.#settled(place) })
    this.#recovery = new Recovery({ clock, adopt: (orphans) => orphans.forEach((orphan) => this.#adopt(orphan)) })
    if (knownPeers.expects(ALONE_AFTER_MS)) this.#expecting.start(ALONE_AFTER_MS, () => this.#stability.settle())
    broadcast.host(epoch)
  }

  /**
   * The server has this host back under a later epoch.
   * @param {number} epoch
   */
  resume(epoch) {
    this.#broadcast.resume(epoch)
    this.#recovery.resume()
  }

  stop() {
    this.#recovery.stop()
    this.#expecting.stop()
    this.#stability.stop()
  }

  // What this peer says

  /**
   * @param {string} senderId
   * @param {number} id
   * @param {Content} content
   */
  sendOwn(senderId, id, content) {
    this.#pass({ senderId, inc: this.#broadcast.inc, id, content }, Infinity)
  }

  // Who is there

  /** @param {Client} client */
  connected(client) {
    this.#subscribers.set(client, new Subscriber(client, this.#broadcast.lastPlace))
  }

  /** @param {Client} client */
  left(client) {
    const subscriber = this.#subscribers.get(client)
    if (!subscriber) return
    this.#subscribers.delete(client)
    if (this.#synced.get(client.peerId) === subscriber) this.#synced.delete(client.peerId)
    this.#stability.remove(subscriber)
  }

  /** Whether a client has been given what it lacked, and gets all that is new. @param {Client} client */
  isSynced(client) {
    return this.#subscribers.get(client)?.isSynced ?? false
  }

  // What the clients say

  /**
   * A client says how far it has come, and is given what it lacks.
   * @param {Client} client
   * @param {import("../wire/frames.js").SyncFrame} frame
   */
  meet(client, frame) {
    const subscriber = this.#subscribers.get(client)
    const hello = subscriber?.hear(frame)
    if (!subscriber || !hello) return
    client.attend(() => {
      for (const packet of this.#broadcast.welcome(hello, subscriber.since)) client.path.send(packet)
      this.#subscribe(subscriber, hello)
    })
  }

  /**
   * A client has all that there is, and gets all that is new.
   * @param {Subscriber} subscriber
   * @param {import("../wire/frames.js").Hello} hello
   */
  #subscribe(subscriber, hello) {
    const { client } = subscriber
    subscriber.meet(hello.inc, this.#broadcast.lastId(client.peerId, hello.inc) ?? 0)
    this.#synced.set(client.peerId, subscriber)
    this.#expecting.stop()
    this.#stability.add(subscriber)
  }

  /**
   * A client's message, or what it kept of another's.
   * @param {Client} client
   * @param {import("../wire/frames.js").DataFrame} frame
   * @param {number} size in characters
   */
  admit(client, frame, size) {
    const subscriber = this.#subscribers.get(client)
    if (!subscriber?.isSynced) return
    const { senderId = client.peerId, inc = subscriber.inc, id } = frame
    const isOwn = senderId === client.peerId && inc === subscriber.inc
    const saidUnder = frame.senderId === undefined ? Infinity : (frame.epoch ?? 0)
    if (isOwn && !client.canSend) return this.#refuse(client, inc, id)
    if (isOwn ? !subscriber.admits(id) : !client.canSend) return
    // Not read before its time has come: what never passes shall cost nothing.
    client.pass(size, () => client.attend(() => {
      const message = { senderId, inc, id, content: Content.from(frame) }
      if (isOwn) this.#pass(message, saidUnder, subscriber)
      else this.#take({ message, size, saidUnder, giver: client.peerId })
    }), this.#synced.size)
  }

  /**
   * A client's app has been shown all up to a place.
   * @param {Client} client
   * @param {number} place
   */
  shown(client, place) {
    const subscriber = this.#subscribers.get(client)
    if (subscriber?.isSynced) client.tell(ACK, () => this.#stability.acknowledged(subscriber, place))
  }

  // Private

  /** @param {import("../wire/path.js").Packet} packet for all who are in step */
  #send(packet) {
    sendToEach([...this.#synced.values()].map(({ client }) => client.path), packet)
  }

  /** @param {number} place up to which other peers keep the messages */
  #settled(place) {
    if (this.#synced.size > 0 || !this.#expecting.isRunning) this.#broadcast.outbox.stable(place)
  }

  /**
   * A client that may not send has sent something all the same.
   * @param {Client} client
   * @param {string} inc
   * @param {number} id
   */
  #refuse({ peerId, path }, inc, id) {
    this.#broadcast.skip(peerId, inc, id)
    path.trySend({ type: REFUSED, id, error: new P2pError("forbidden", { message: "This peer may read, and not send." }).toPayload() })
  }

  /**
   * Keeps another's message until it is clear that its sender doesn't come itself.
   * @param {import("./recovery.js").Orphan} orphan
   */
  #take(orphan) {
    if (this.#accepts(orphan)) this.#recovery.add(orphan)
  }

  /** @param {import("./recovery.js").Orphan} orphan */
  #adopt(orphan) {
    // One that is too large to be passed on was so before.
    if (this.#accepts(orphan)) failureOf(() => this.#pass(orphan.message, orphan.saidUnder))
  }

  /** Whether a message may be passed on for somebody who isn't here: whoever is speaks for itself. @param {import("./recovery.js").Orphan} orphan */
  #accepts({ message }) {
    return !this.#synced.has(message.senderId) && this.#broadcast.accepts(message, this.#knownPeers.hasMet(message.senderId))
  }

  /**
   * @param {Message} message
   * @param {number} saidUnder the epoch of the host that it was sent to first; Infinity for this one
   * @param {Subscriber} [sender] who is told when it is stable
   */
  #pass(message, saidUnder, sender) {
    const admitted = this.#broadcast.admit(message)
    if (!admitted) return
    const { packet, place, gap } = admitted
    if (gap) {
      this.#send(JSON.stringify(gap))
      this.#broadcast.presentGap(gap, saidUnder)
    }
    this.#send(packet)
    this.#broadcast.present(message, saidUnder)
    this.#stability.placed(place, sender)
  }
}
