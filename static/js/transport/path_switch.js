// Which of its paths a link sends over, and the change to another one.
import { Ledger } from "./ledger.js"
import { failureOf, P2pError } from "../base/errors.js"
import { encodeFrame, RESUME } from "../wire/frames.js"

/**
 * Sends over one path of a link, and changes to another one without losing anything that is sent reliably. The client chooses: on the path that it wants, it says how
 * much has arrived (`Resume`). The host answers the same over that path, and each side sends again what the other lacks. From its word to the answer, a side
 * takes nothing in, because all of it comes again.
 *
 * @typedef {import("./path.js").Path} Path
 * @typedef {import("../wire/link.js").Packet} Packet
 * @typedef {import("../wire/link.js").Lane} Lane
 *
 * @typedef {object} PathSwitchOptions
 * @property {boolean} isHost
 * @property {() => void} moved called when the other path carries the link
 * @property {(error: P2pError) => void} failed called when what the other side lacks isn't kept any more, or when it says what can't be
 */
export class PathSwitch {
  /** The path that is sent over; null while there is none. @type {Path | null} */
  primary = null
  #options
  #ledger = new Ledger()
  /** What a client waits for that has chosen another path. @type {number | null} */
  #awaited = null
  /** How many choices this client has made, or the last one that this host has heard of. */
  #choices = 0

  /** @param {PathSwitchOptions} options */
  constructor(options) {
    this.#options = options
  }

  /** Whether what is sent now goes out at once. */
  get isFlowing() {
    return this.primary !== null && this.#awaited === null
  }

  /** Whether it is time to tell the other side how much has arrived. */
  get owesWord() {
    return this.#ledger.owesWord
  }

  /**
   * @param {Packet} packet
   * @param {Lane} lane
   * @throws {P2pError}
   */
  send(packet, lane) {
    const path = this.isFlowing ? this.primary : null
    if (lane !== "messages") {
      if (!path) throw new P2pError("not_joined")
      return path.send(packet, lane)
    }
    if (!path) return this.#ledger.hold(packet)
    path.send(packet)
    this.#ledger.sent(packet)
  }

  /**
   * @param {string} kind
   * @param {Packet} packet
   */
  sendFreshest(kind, packet) {
    if (this.isFlowing) this.primary?.sendFreshest(kind, packet)
  }

  /**
   * Takes note of a frame that has arrived.
   * @param {Path} path
   * @param {Packet} packet
   * @param {Lane} lane
   * @returns {boolean} whether the frame counts; if not, it comes again, or may be lost
   */
  takes(path, packet, lane) {
    if (path !== this.primary || !this.isFlowing) return false
    if (lane === "messages") this.#ledger.take(packet)
    return true
  }

  /** Tells how many frames have arrived. */
  confirm() {
    return this.#ledger.confirm()
  }

  /** The other side tells how many frames have arrived there. @param {number} count */
  confirmed(count) {
    this.#ledger.confirmed(count)
  }

  /** Goes on over another path. Only a client decides that. @param {Path} path */
  choose(path) {
    this.primary = path
    this.#awaited = ++this.#choices
    // If it can't be sent, the path is over, and the link is told so.
    failureOf(() => path.send(encodeFrame({ type: RESUME, n: this.#ledger.confirm(), id: this.#choices })))
  }

  /**
   * The other side says over which path it goes on, and how much it has got.
   * @param {Path} path
   * @param {import("../wire/frames.js").ResumeFrame} frame
   */
  resume(path, { n, id }) {
    // A choice that was overtaken by a later one, or the answer to it, has been on its way over a path that stood still.
    if (this.#options.isHost ? id <= this.#choices : path !== this.primary || id !== this.#awaited) return
    this.#choices = id
    const lacking = this.#ledger.since(n)
    if (!lacking) return this.#options.failed(new P2pError("host_lost", { message: "The other side lacks more than was kept." }))
    this.#awaited = null
    this.primary = path
    const failure = failureOf(() => {
      if (this.#options.isHost) path.send(encodeFrame({ type: RESUME, n: this.#ledger.confirm(), id }))
      for (const packet of lacking) path.send(packet)
    })
    if (failure) return this.#options.failed(failure)
    this.#options.moved()
  }

  /** A path is over. @param {Path} path */
  drop(path) {
    if (path !== this.primary) return
    this.primary = null
    this.#awaited = null
  }
}
