import { Consents } from "./consents.js"
import { STAMP_BYTES } from "../wire/content.js"
import { P2pError } from "../base/errors.js"
import { MAX_FAST_BYTES } from "../base/limits.js"
import { CHUNK, CREDIT, DIRECT, encodeFrame, FAST, isSpeech } from "../wire/frames.js"

/**
 * What a host does with frames that are for some only: it stamps them with their sender, hands them on, and forgets them. Whether they come,
 * the two ends see to themselves.
 *
 * @typedef {import("./downstream.js").Guest} Guest
 * @typedef {import("../wire/frames.js").RoutedFrame} RoutedFrame
 *
 * @typedef {object} SwitchboardDelegate
 * @property {() => Guest[]} connected the clients that a frame may go to
 * @property {(peerId: string) => Guest | null} connectedTo the client of that id, if it is connected
 * @property {(frame: RoutedFrame) => void} routedHere a frame for this peer
 * @property {(guest: Guest, error: P2pError) => void} routeFailed a client's connection can't go on
 */
export class Switchboard {
  #peerId
  #delegate
  /** The files that each client takes: nobody else's chunks are passed to it. @type {WeakMap<Guest, Consents>} */
  #consents = new WeakMap()

  /**
   * @param {object} options
   * @param {string} options.peerId
   * @param {SwitchboardDelegate} options.delegate
   */
  constructor({ peerId, delegate }) {
    this.#peerId = peerId
    this.#delegate = delegate
  }

  /**
   * Takes a frame from a client, at the pace that it is allowed.
   * @param {Guest} guest
   * @param {RoutedFrame} frame
   * @param {number} size in characters
   */
  admit(guest, frame, size) {
    if (!guest.canSend && isSpeech(frame)) return
    if (frame.to === undefined && frame.type !== FAST) return // only what may be lost can be for everybody
    const route = () => this.#tryRoute(guest, frame)
    switch (frame.type) {
      case FAST: return void (isSmall(frame, size) && guest.admitsFast(size) && route())
      case DIRECT: return guest.post(size, () => this.#routeLetter(guest, frame, route))
      case CHUNK: return route() // as far as its receivers let it come
      case CREDIT: return this.#admitCredit(guest, frame, route)
      default: return guest.tell(JSON.stringify([frame.type, frame.to]), route)
    }
  }

  /**
   * @param {string} senderId
   * @param {RoutedFrame} frame
   */
  route(senderId, frame) {
    const { to, ...rest } = frame
    const stamped = /** @type {RoutedFrame} */ ({ ...rest, senderId })
    const goals = new Set(typeof to === "string" ? [to] : (to ?? this.#everyoneBut(senderId)))
    /** @type {import("../wire/content.js").Packet | undefined} */
    let packet
    for (const peerId of goals) {
      const guest = this.#delegate.connectedTo(peerId)
      if (peerId === this.#peerId) this.#delegate.routedHere(stamped)
      else if (guest && this.#takes(guest, stamped)) this.#deliver(guest, stamped, (packet ??= encodeFrame(stamped)))
    }
  }

  // Private

  /**
   * @param {Guest} guest
   * @param {import("../wire/frames.js").DirectFrame} frame
   * @param {() => void} route
   */
  #routeLetter(guest, { to = "", note }, route) {
    if (note?.kind === "accept") this.#consentsOf(guest).accept(to, note.id)
    route()
  }

  /**
   * @param {Guest} guest
   * @param {import("../wire/frames.js").CreditFrame} frame
   * @param {() => void} route
   */
  #admitCredit(guest, { to = "", transfer, offset, resume = false }, route) {
    guest.tell(JSON.stringify([CREDIT, to, transfer, resume]), () => {
      this.#consentsOf(guest).credit(to, transfer, offset, resume)
      route()
    })
  }

  /** @param {Guest} guest */
  #consentsOf(guest) {
    const consents = this.#consents.get(guest) ?? new Consents()
    this.#consents.set(guest, consents)
    return consents
  }

  /**
   * @param {Guest} guest
   * @param {RoutedFrame} frame stamped
   */
  #takes(guest, frame) {
    return frame.type !== CHUNK || frame.senderId === this.#peerId || this.#consentsOf(guest).take(frame.senderId ?? "", frame.transfer, frame.bytes?.length ?? 0)
  }

  /**
   * What can't be passed on is its sender's fault.
   * @param {Guest} guest
   * @param {RoutedFrame} frame
   */
  #tryRoute(guest, frame) {
    try {
      this.route(guest.connection.peerId, frame)
    } catch (error) {
      if (!(error instanceof P2pError)) throw error
      this.#delegate.routeFailed(guest, error)
    }
  }

  /** @param {string} senderId */
  #everyoneBut(senderId) {
    const peerIds = this.#delegate.connected().map(({ connection }) => connection.peerId)
    return [...peerIds, this.#peerId].filter((peerId) => peerId !== senderId)
  }

  /**
   * @param {Guest} guest
   * @param {RoutedFrame} frame
   * @param {import("../wire/content.js").Packet} packet
   */
  #deliver(guest, frame, packet) {
    const { connection } = guest
    if (frame.type === FAST) return connection.sendFreshest(JSON.stringify([frame.senderId, frame.topic]), packet)
    const isBulk = frame.type === CHUNK || frame.type === CREDIT
    const error = connection.failureToSend(packet, isBulk ? "bulk" : "messages")
    // Files see for themselves what is missing.
    if (error && !isBulk) this.#delegate.routeFailed(guest, error)
  }
}

/**
 * Whether it is no larger than an honest client sends it; whom it is for doesn't count.
 * @param {import("../wire/frames.js").FastFrame} frame
 * @param {number} size in characters
 */
function isSmall({ to = [] }, size) {
  return size <= MAX_FAST_BYTES + STAMP_BYTES + JSON.stringify(to).length
}
