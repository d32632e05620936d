// Reads the frames in the packets that arrive.
import { MAX_FRAMES_PER_PACKET } from "../base/limits.js"
import { admitFrame } from "../wire/frames.js"

/** The longest frame, in characters, that is gathered with others into one packet, and how many characters such a packet has. */
export const MAX_GATHERED_CHARACTERS = 4_096
export const MAX_PACKET_CHARACTERS = 16_384

/** Separates the frames in a packet. It can't be part of a frame, because our JSON text has no line breaks. */
export const SEPARATOR = "\n"

/**
 * Reads the frames in the packets that arrive over one lane of a path.
 *
 * @typedef {import("../wire/content.js").Packet} Packet
 */
export class PacketReader {
  #lane
  #intake
  #received
  #isStopped = false
  /** How many frames were dropped because they were invalid. */
  badFrames = 0

  /**
   * @param {object} options
   * @param {string} options.lane
   * @param {import("./intake.js").Intake} options.intake limits what the other side may send
   * @param {(frame: import("../wire/frames.js").Frame, packet: Packet) => void} options.received `packet` is the frame as it arrived
   */
  constructor({ lane, intake, received }) {
    this.#lane = lane
    this.#intake = intake
    this.#received = received
  }

  /** @param {any} data a packet */
  read(data) {
    const isText = typeof data === "string"
    if (!this.#intake.takes(isText ? data.length : (data.byteLength ?? 0), this.#lane)) return
    // No sender gathers more than that, so a longer text is one frame, or invalid.
    if (!isText || data.length > MAX_PACKET_CHARACTERS + MAX_FRAMES_PER_PACKET) return this.#readFrame(data)
    const texts = data.split(SEPARATOR, MAX_FRAMES_PER_PACKET + 1)
    if (texts.length > MAX_FRAMES_PER_PACKET) return this.refuse()
    for (const text of texts) this.#readFrame(text)
  }

  /** Counts something that can't be read. */
  refuse() {
    this.badFrames += 1
    this.#intake.refuse()
  }

  /** Nothing more is read, not even the rest of a packet. */
  stop() {
    this.#isStopped = true
  }

  // Private

  /** @param {unknown} packet */
  #readFrame(packet) {
    if (this.#isStopped) return // a frame before this one may have closed the path
    const frame = admitFrame(packet, (type) => this.#intake.admits(type), (parts) => this.#intake.builds(parts, this.#lane))
    if (frame) this.#hand(frame, /** @type {Packet} */ (packet))
    else if (frame === null) this.refuse()
  }

  /**
   * Hands a frame on. An error in doing so must not stop the other frames of the packet.
   * @param {import("../wire/frames.js").Frame} frame
   * @param {Packet} packet
   */
  #hand(frame, packet) {
    try {
      this.#received(frame, packet)
    } catch (error) {
      reportError(error) // not an error of the app: its handlers are guarded where they are called
      this.refuse()
    }
  }
}
