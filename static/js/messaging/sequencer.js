// The sequencer: the host puts the messages to everyone in order.
import { Deadline } from "../base/deadline.js"
import { Content } from "../wire/content.js"
import { failureOf, P2pError } from "../base/errors.js"
import { ACK, REFUSED } from "../wire/frames.js"
import { sendToEach } from "../wire/link.js"
import { Recovery } from "./recovery.js"
import { Stability } from "./stability.js"
import { Subscriber } from "./subscriber.js"

/** Milliseconds that a new host waits for those who were there before. If none has come by then, it counts itself as alone. */
export const ALONE_AFTER_MS = 5_000

/**
 * Puts the messages to everyone in order, at the host: gives each message its place, passes it on to all clients that are synced, and has its sender told when it
 * is stable.
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
  /** Runs while peers are expected that were in the session before. */
  #expecting
  /** All connected clients. @type {Map<Client, Subscriber>} */
  #subscribers = new Map()
  /** The synced clients, which have got the messages that they lacked, by their ids. @type {Map<string, Subscriber>} */
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
   * The server has taken this host back under a later epoch.
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

  // What this peer sends

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

  /** Whether a client has got the messages that it lacked, and gets every new one. @param {Client} client */
  isSynced(client) {
    return this.#subscribers.get(client)?.isSynced ?? false
  }

  // What the clients send

  /**
   * A client says how far it has come, and is sent the messages that it lacks.
   * @param {Client} client
   * @param {import("../wire/frames.js").SyncFrame} frame
   */
  meet(client, frame) {
    const subscriber = this.#subscribers.get(client)
    const hello = subscriber?.hear(frame)
    if (!subscriber || !hello) return
    client.attend(() => {
      for (const packet of this.#broadcast.welcome(hello, subscriber.since)) client.link.send(packet)
      this.#subscribe(subscriber, hello)
    })
  }

  /**
   * A client has every message that there is, and gets every new one from now on.
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
   * Takes a client's own message, or a message of another peer that the client has kept.
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
    // The message is read only when its turn has come, so that a message that never gets a turn costs nothing.
    client.pass(size, () => client.attend(() => {
      const message = { senderId, inc, id, content: Content.from(frame) }
      if (isOwn) this.#pass(message, saidUnder, subscriber)
      else this.#take({ message, size, saidUnder, giver: client.peerId })
    }), this.#synced.size)
  }

  /**
   * A client's app has been shown all messages up to a place.
   * @param {Client} client
   * @param {number} place
   */
  shown(client, place) {
    const subscriber = this.#subscribers.get(client)
    if (subscriber?.isSynced) client.tell(ACK, () => this.#stability.acknowledged(subscriber, place))
  }

  // Private

  /** @param {import("../wire/link.js").Packet} packet for all synced clients */
  #send(packet) {
    sendToEach([...this.#synced.values()].map(({ client }) => client.link), packet)
  }

  /** @param {number} place up to which other peers keep the messages */
  #settled(place) {
    if (this.#synced.size > 0 || !this.#expecting.isRunning) this.#broadcast.outbox.stable(place)
  }

  /**
   * Refuses a message of a client that isn't allowed to send.
   * @param {Client} client
   * @param {string} inc
   * @param {number} id
   */
  #refuse({ peerId, link }, inc, id) {
    this.#broadcast.skip(peerId, inc, id)
    link.trySend({ type: REFUSED, id, error: new P2pError("forbidden", { message: "This peer may read, and not send." }).toPayload() })
  }

  /**
   * Keeps the message of an absent peer until it is clear that the peer doesn't come back to send it itself.
   * @param {import("./recovery.js").Orphan} orphan
   */
  #take(orphan) {
    if (this.#accepts(orphan)) this.#recovery.add(orphan)
  }

  /** @param {import("./recovery.js").Orphan} orphan */
  #adopt(orphan) {
    // An error is ignored: a message that is too large to be passed on was so under the former host, too.
    if (this.#accepts(orphan)) failureOf(() => this.#pass(orphan.message, orphan.saidUnder))
  }

  /** Whether a message may be passed on for its sender. It may not if the sender is here, because then it sends its messages itself. @param {import("./recovery.js").Orphan} orphan */
  #accepts({ message }) {
    return !this.#synced.has(message.senderId) && this.#broadcast.accepts(message, this.#knownPeers.hasMet(message.senderId))
  }

  /**
   * @param {Message} message
   * @param {number} saidUnder the epoch of the host that it was first sent to; Infinity if that is this one
   * @param {Subscriber} [sender] is told when the message is stable
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
