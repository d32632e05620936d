// The client's side of messages to everyone: it follows the host's order.
import { Acknowledgements } from "./stability.js"
import { Timer } from "../base/clock.js"
import { failureOf, P2pError } from "../base/errors.js"
import { MAX_SENDERS } from "../base/limits.js"
import { ACK, DATA, GAP, PACE, REFUSED, STABLE, SYNC } from "../wire/frames.js"

/** Milliseconds after which a client that has got no answer from its host tells it again how far it has come. */
export const HELLO_AGAIN_MS = 2_000

/**
 * Receives the host's messages, at a client, over one connection: tells the host how far the client has come, takes in what the client lacked, and acknowledges
 * what arrives.
 *
 * @typedef {object} FollowerOptions
 * @property {import("./broadcast.js").Broadcast} broadcast
 * @property {import("../base/clock.js").Clock} clock
 * @property {Pick<import("../wire/link.js").Link, "send" | "trySend" | "end">} host the link to the host
 * @property {() => number} epoch the host's epoch
 * @property {() => void} synced called when the host has said which messages it has
 */
export class Follower {
  #options
  #helloTimer
  #acknowledgements
  /** How far the host says that it has come with each sender. @type {import("../wire/frames.js").Mark[]} */
  #seen = []
  /** Whether the host has said which messages it has, so that this peer's messages may go out. */
  isSynced = false

  /** @param {FollowerOptions} options */
  constructor(options) {
    this.#options = options
    const { clock, host } = options
    this.#helloTimer = new Timer(clock)
    this.#acknowledgements = new Acknowledgements({ clock, send: (place) => host.trySend({ type: ACK, n: place }) })
  }

  /** The connection is there. Tells the host how far this peer has come, again and again until it answers. */
  begin() {
    for (const packet of this.#options.broadcast.hello(this.#options.epoch())) failureOf(() => this.#options.host.send(packet))
    this.#helloTimer.start(HELLO_AGAIN_MS, () => this.begin())
  }

  /** The server had forgotten this host, and has taken it back under a later epoch. @param {number} epoch */
  resume(epoch) {
    this.#options.broadcast.resume(epoch)
  }

  /**
   * @param {import("../wire/frames.js").Frame} frame
   * @param {import("../wire/content.js").Packet} packet the frame as it arrived
   * @param {(senderId: string) => boolean} isReader whether a peer may only read
   */
  receive(frame, packet, isReader) {
    switch (frame.type) {
      case DATA: return this.#receivedData(frame, packet, isReader)
      case SYNC: return this.#receivedSync(frame)
      case GAP: return this.#options.broadcast.miss(frame)
      case STABLE: return this.#options.broadcast.outbox.stable(frame.n)
      case REFUSED: return this.#options.broadcast.outbox.refuse(frame.id, P2pError.fromPayload(frame.error))
      case PACE: return this.#acknowledgements.pace(frame.ms)
    }
  }

  stop() {
    this.#helloTimer.stop()
    this.#acknowledgements.stop()
  }

  // Private

  /**
   * @param {import("../wire/frames.js").DataFrame} frame
   * @param {import("../wire/content.js").Packet} packet
   * @param {(senderId: string) => boolean} isReader
   */
  #receivedData(frame, packet, isReader) {
    if (!frame.senderId || !frame.inc) return
    if (isReader(frame.senderId)) this.#options.broadcast.ignore(frame)
    else this.#options.broadcast.receive(frame, packet)
    this.#acknowledgements.add(frame.n ?? 0)
  }

  /** @param {import("../wire/frames.js").SyncFrame} frame */
  #receivedSync({ seen, more, n = 0 }) {
    if (this.isSynced || this.#seen.length > MAX_SENDERS) return
    this.#seen.push(...seen)
    if (more) return
    if (this.#options.broadcast.disowns(this.#seen)) return this.#comeBackAnew()
    this.isSynced = true
    this.#helloTimer.stop()
    // If the channel is full, the rest isn't sent. The others miss these messages only if no other peer gives them to the host.
    for (const packet of this.#options.broadcast.meet(this.#seen.splice(0))) if (failureOf(() => this.#options.host.send(packet))) break
    this.#acknowledgements.add(n)
    this.#options.synced()
  }

  /** Joins again under a new incarnation, because the host passes nothing on under the present one. */
  #comeBackAnew() {
    this.#options.broadcast.renew()
    this.#options.host.end(new P2pError("host_lost", { message: "The host was told messages of this page that it hasn't sent." }))
  }
}
