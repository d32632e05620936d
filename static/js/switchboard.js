import { Bucket } from "./bucket.js"
import { isLabel } from "./contents.js"
import { P2pError } from "./errors.js"
import { CHUNK, CREDIT, DIRECT, encodeFrame, FAST, isSpeech, RECEIVED } from "./messages.js"

/** What one client may make its host pass on of what may be lost: messages a second, and in a burst. */
export const FAST_RATE = 1_000
export const FAST_BURST = 2_000

/** How many files that a client has taken are known; beyond it the oldest is forgotten, until the client says again how far it is. */
export const MAX_CONSENTS = 1_000

/**
 * What a host does with frames that are for some only: it stamps them with their sender, hands them on, and forgets them. Whether they come,
 * the two ends see to themselves.
 *
 * @typedef {import("./guest.js").Guest} Guest
 * @typedef {import("./messages.js").RoutedFrame} RoutedFrame
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
  #clock
  /** @type {WeakMap<Guest, Bucket>} */
  #fastBuckets = new WeakMap()
  /** The files that each client takes: nobody else's chunks are passed to it. @type {WeakMap<Guest, Set<string>>} */
  #consents = new WeakMap()

  /**
   * @param {object} options
   * @param {string} options.peerId
   * @param {import("./clock.js").Clock} options.clock
   * @param {SwitchboardDelegate} options.delegate
   */
  constructor({ peerId, clock, delegate }) {
    this.#peerId = peerId
    this.#clock = clock
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
    this.#noteConsent(guest, frame)
    const route = () => this.#tryRoute(guest, frame)
    if (frame.type === FAST) this.#admitFast(guest, route)
    else if (frame.type === DIRECT || frame.type === RECEIVED) guest.pass(size, route)
    else route() // what of a file may be under way is for its receivers to say
  }

  /**
   * @param {string} senderId
   * @param {RoutedFrame} frame
   */
  route(senderId, frame) {
    const { to, ...rest } = frame
    const stamped = /** @type {RoutedFrame} */ ({ ...rest, senderId })
    const goals = new Set(typeof to === "string" ? [to] : (to ?? this.#everyoneBut(senderId)))
    /** @type {import("./contents.js").Packet | undefined} */
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
   * @param {RoutedFrame} frame
   */
  #noteConsent(guest, frame) {
    const file = frame.type === CREDIT ? frame.transfer : frame.type === DIRECT && frame.note?.kind === "accept" ? frame.note.id : undefined
    if (!isLabel(file)) return
    const consents = this.#consents.get(guest) ?? new Set()
    this.#consents.set(guest, consents)
    const consent = JSON.stringify([frame.to, file])
    consents.delete(consent)
    if (consents.size >= MAX_CONSENTS) consents.delete(/** @type {string} */ (consents.values().next().value))
    consents.add(consent)
  }

  /**
   * @param {Guest} guest
   * @param {RoutedFrame} frame stamped
   */
  #takes(guest, frame) {
    return frame.type !== CHUNK || frame.senderId === this.#peerId || this.#consents.get(guest)?.has(JSON.stringify([frame.senderId, frame.transfer]))
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
   * @param {import("./contents.js").Packet} packet
   */
  #deliver(guest, frame, packet) {
    const { connection } = guest
    if (frame.type === FAST) return connection.sendFreshest(JSON.stringify([frame.senderId, frame.topic]), packet)
    const isBulk = frame.type === CHUNK || frame.type === CREDIT
    const error = connection.failureToSend(packet, isBulk ? "bulk" : "messages")
    // Files see for themselves what is missing.
    if (error && !isBulk) this.#delegate.routeFailed(guest, error)
  }

  /**
   * @param {Guest} guest
   * @param {() => void} route
   */
  #admitFast(guest, route) {
    const bucket = this.#fastBuckets.get(guest) ?? new Bucket({ rate: FAST_RATE, burst: FAST_BURST, clock: this.#clock })
    this.#fastBuckets.set(guest, bucket)
    if (bucket.wait(1) > 0) return
    bucket.take(1)
    route()
  }
}
