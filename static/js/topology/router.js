import { Consents } from "./consents.js"
import { CONSENT_NOTES } from "../wire/services.js"
import { STAMP_BYTES } from "../wire/content.js"
import { failureOf } from "../base/errors.js"
import { MAX_FAST_BYTES } from "../base/limits.js"
import { CHUNK, CREDIT, DIRECT, encodeFrame, FAST, isSpeech } from "../wire/frames.js"

/**
 * Routes frames that are for some peers only, at the host: stamps them with their sender, passes them on, and forgets them. The two ends make sure
 * themselves that the frames arrive.
 *
 * @typedef {import("./downstream.js").Downstream} Downstream
 * @typedef {import("../wire/frames.js").RoutedFrame} RoutedFrame
 *
 * @typedef {Pick<import("./connections.js").Connections, "all" | "connectedTo">} Connections
 */
export class Router {
  #peerId
  #connections
  #received
  /** The transfers that each client has accepted: chunks of other transfers aren't passed to it. @type {WeakMap<Downstream, Consents>} */
  #consents = new WeakMap()

  /**
   * @param {object} options
   * @param {string} options.peerId
   * @param {Connections} options.connections to the clients that a frame may go to
   * @param {(frame: RoutedFrame) => void} options.received called with a frame for this peer
   */
  constructor({ peerId, connections, received }) {
    this.#peerId = peerId
    this.#connections = connections
    this.#received = received
  }

  /**
   * Takes a frame from a client, at the rate that the client is allowed.
   * @param {Downstream} downstream
   * @param {RoutedFrame} frame
   * @param {number} size in characters
   */
  admit(downstream, frame, size) {
    if (!downstream.canSend && isSpeech(frame)) return
    if (frame.to === undefined && frame.type !== FAST) return // of routed frames, only those that may be lost can be for everyone
    const route = () => downstream.attend(() => this.route(downstream.peerId, frame))
    switch (frame.type) {
      case FAST: return void (isSmall(frame, size) && downstream.admitsFast(size) && route())
      case DIRECT: return downstream.post(size, () => this.#routeLetter(downstream, frame, route))
      case CHUNK: return route() // the recipients' consents limit it
      case CREDIT: return this.#admitCredit(downstream, frame, route)
      default: return downstream.tell(JSON.stringify([frame.type, frame.to]), route)
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
      const downstream = this.#connections.connectedTo(peerId)
      if (peerId === this.#peerId) this.#received(stamped)
      else if (downstream && this.#takes(downstream, stamped)) this.#deliver(downstream, stamped, (packet ??= encodeFrame(stamped)))
    }
  }

  // Private

  /**
   * @param {Downstream} downstream
   * @param {import("../wire/frames.js").DirectFrame} frame
   * @param {() => void} route
   */
  #routeLetter(downstream, { to = "", note }, route) {
    if (CONSENT_NOTES.includes(note?.kind)) this.#consentsOf(downstream).accept(to, note.id)
    route()
  }

  /**
   * @param {Downstream} downstream
   * @param {import("../wire/frames.js").CreditFrame} frame
   * @param {() => void} route
   */
  #admitCredit(downstream, { to = "", transfer, offset, resume = false }, route) {
    downstream.tell(JSON.stringify([CREDIT, to, transfer, resume]), () => {
      this.#consentsOf(downstream).credit(to, transfer, offset, resume)
      route()
    })
  }

  /** @param {Downstream} downstream */
  #consentsOf(downstream) {
    const consents = this.#consents.get(downstream) ?? new Consents()
    this.#consents.set(downstream, consents)
    return consents
  }

  /**
   * @param {Downstream} downstream
   * @param {RoutedFrame} frame stamped
   */
  #takes(downstream, frame) {
    return frame.type !== CHUNK || frame.senderId === this.#peerId || this.#consentsOf(downstream).take(frame.senderId ?? "", frame.transfer, frame.bytes?.length ?? 0)
  }

  /** @param {string} senderId */
  #everyoneBut(senderId) {
    return [...this.#connections.all.map(({ peerId }) => peerId), this.#peerId].filter((peerId) => peerId !== senderId)
  }

  /**
   * @param {Downstream} downstream
   * @param {RoutedFrame} frame
   * @param {import("../wire/content.js").Packet} packet
   */
  #deliver(downstream, frame, packet) {
    if (frame.type === FAST) return downstream.link.sendFreshest(JSON.stringify([frame.senderId, frame.topic]), packet)
    const isBulk = frame.type === CHUNK || frame.type === CREDIT
    const error = failureOf(() => downstream.link.send(packet, isBulk ? "bulk" : "messages"))
    // A transfer finds out itself what is missing.
    if (error && !isBulk) downstream.link.dismiss(error)
  }
}

/**
 * Whether a frame is as small as an honest client makes it. The list of recipients doesn't count.
 * @param {import("../wire/frames.js").FastFrame} frame
 * @param {number} size in characters
 */
function isSmall({ to = [] }, size) {
  return size <= MAX_FAST_BYTES + STAMP_BYTES + JSON.stringify(to).length
}
