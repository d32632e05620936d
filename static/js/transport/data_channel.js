import { sizeOf } from "../wire/content.js"
import { failureOf, P2pError } from "../base/errors.js"
import { MAX_FRAMES_PER_PACKET } from "../base/limits.js"
import { admitFrame } from "../wire/frames.js"

/** How many bytes may wait in a channel; browsers close or refuse at 16 MiB. */
export const MAX_BUFFERED_BYTES = 12 * 1024 * 1024
/** With so many bytes or fewer waiting, a channel says that there is room again. */
export const LOW_BYTES = 128 * 1024
/** The longest frame, in characters, that waits for others to travel with it, and how many travel together. */
export const MAX_GATHERED_CHARACTERS = 4_096
export const MAX_PACKET_CHARACTERS = 16_384
/** How many messages of one sender on one topic may wait where only the newest counts: one; and how many of them in all. */
export const MAX_FRESHEST = 1_000
/** Milliseconds that a closing channel gets to deliver what it holds. */
export const CLOSE_TIMEOUT_MS = 1_000

/** Between frames that travel together: JSON text has no line break in it. */
const SEPARATOR = "\n"

/**
 * Frames over one RTCDataChannel.
 *
 * @typedef {object} DataChannelDelegate
 * @property {(channel: DataChannel) => void} channelOpened
 * @property {(frame: import("../wire/frames.js").Frame, packet: Packet) => void} channelReceived `packet` is the frame as it came
 * @property {() => void} channelDrained there is room again
 * @property {(channel: DataChannel) => void} channelClosed called once, whichever side closed it
 *
 * @typedef {import("../wire/content.js").Packet} Packet
 */
export class DataChannel {
  #channel
  #delegate
  #clock
  #intake
  #hasOpened = false
  #isClosing = false
  /** Frames of this turn of the event loop: a browser takes about as long for many in one packet as for one. @type {string[]} */
  #gathered = []
  #gatheredCharacters = 0
  /** What waits for room where only the newest counts. @type {Map<string, Packet>} */
  #freshest = new Map()
  /** How many frames were dropped because they made no sense. */
  badFrames = 0
  /** Why this side has closed it, where it couldn't go on. @type {P2pError | null} */
  failure = null

  /**
   * @param {object} options
   * @param {RTCDataChannel} options.channel
   * @param {DataChannelDelegate} options.delegate
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {import("./intake.js").Intake} options.intake what the other side may bring in
   */
  constructor({ channel, delegate, clock, intake }) {
    this.#channel = channel
    this.#delegate = delegate
    this.#clock = clock
    this.#intake = intake
    channel.onopen = () => this.#opened()
    channel.binaryType = "arraybuffer"
    channel.bufferedAmountLowThreshold = LOW_BYTES
    channel.onbufferedamountlow = () => this.#drained()
    channel.onmessage = ({ data }) => this.#received(data)
    channel.onclose = () => delegate.channelClosed(this)
    // An error is always followed by a close event, which tells all that matters.
    channel.onerror = null
  }

  /** A channel that the other side made is "open" when it arrives; what is sent before its event gets lost in Chromium, or counts as buffered for ever. */
  get isOpen() {
    return this.#hasOpened && this.#channel.readyState === "open"
  }

  /** How many bytes wait in it. */
  get buffered() {
    return this.#channel.bufferedAmount
  }

  /**
   * Sends a frame; it is encoded already, as one packet goes to many.
   * @param {Packet} packet
   * @throws {P2pError} `not_joined` when the channel isn't open, `rate_limited` when too much waits in it
   */
  send(packet) {
    this.#requireRoom(packet)
    if (typeof packet === "string" && packet.length <= MAX_GATHERED_CHARACTERS) return this.#gather(packet)
    this.#flush()
    this.#transmit(packet)
  }

  /** @param {Packet} packet */
  #requireRoom(packet) {
    if (!this.isOpen) throw new P2pError("not_joined", { message: "The channel is not open." })
    if (this.buffered + this.#gatheredCharacters + sizeOf(packet) > MAX_BUFFERED_BYTES) {
      throw new P2pError("rate_limited", { message: `More than ${MAX_BUFFERED_BYTES} bytes wait in the channel.` })
    }
  }

  /**
   * Sends what may be lost. Where there is no room now, the newest of its kind is sent when there is.
   * @param {string} kind
   * @param {Packet} packet
   */
  sendFreshest(kind, packet) {
    if (this.buffered > LOW_BYTES && (this.#freshest.has(kind) || this.#freshest.size < MAX_FRESHEST)) this.#freshest.set(kind, packet)
    else this.#trySend(packet)
  }

  /**
   * Closes the channel after what it holds is delivered: closing the connection first would throw that away.
   * @returns {Promise<void>} resolves when it is closed, after CLOSE_TIMEOUT_MS at the latest
   */
  close() {
    this.#flush()
    this.#isClosing = true
    this.#channel.onmessage = null
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(resolve, CLOSE_TIMEOUT_MS)
      const closed = () => {
        this.#clock.clearTimeout(timer)
        resolve()
      }
      this.#channel.onclose = closed
      this.#channel.close()
      if (this.#channel.readyState === "closed") closed()
    })
  }

  // Private

  #opened() {
    this.#hasOpened = true
    this.#delegate.channelOpened(this)
  }

  /** @param {string} text */
  #gather(text) {
    if (this.#gatheredCharacters + text.length > MAX_PACKET_CHARACTERS || this.#gathered.length === MAX_FRAMES_PER_PACKET) this.#flush()
    if (this.#gathered.length === 0) queueMicrotask(() => this.#flush())
    this.#gathered.push(text)
    this.#gatheredCharacters += text.length
  }

  #flush() {
    const frames = this.#gathered.splice(0)
    this.#gatheredCharacters = 0
    if (frames.length === 0 || !this.isOpen) return
    this.failure = failureOf(() => this.#transmit(frames.join(SEPARATOR)))
    if (this.failure) this.#channel.close() // who takes no packet of this size can't be talked to
  }

  /** @param {Packet} packet */
  #transmit(packet) {
    try {
      this.#channel.send(/** @type {any} */ (packet))
    } catch (cause) {
      // TypeError: the other side announced a smaller largest message (RFC 8841, section 6.1); OperationError: its buffer is full.
      throw new P2pError(cause instanceof TypeError ? "too_large" : "rate_limited", { cause })
    }
  }

  #drained() {
    const packets = [...this.#freshest.values()]
    this.#freshest.clear()
    for (const packet of packets) this.#trySend(packet)
    this.#delegate.channelDrained()
  }

  /** @param {Packet} packet */
  #trySend(packet) {
    failureOf(() => {
      this.#requireRoom(packet)
      this.#transmit(packet) // not with others: what travels together is lost together
    })
  }

  /** @param {any} data */
  #received(data) {
    const isText = typeof data === "string"
    if (!this.#intake.takes(isText ? data.length : (data.byteLength ?? 0), this.#channel.label)) return
    // Nobody gathers more; what is longer is one frame, or none.
    if (!isText || data.length > MAX_PACKET_CHARACTERS + MAX_FRAMES_PER_PACKET) return this.#receivedFrame(data)
    const texts = data.split(SEPARATOR, MAX_FRAMES_PER_PACKET + 1)
    if (texts.length > MAX_FRAMES_PER_PACKET) return this.#refuse()
    for (const text of texts) this.#receivedFrame(text)
  }

  /** @param {unknown} packet */
  #receivedFrame(packet) {
    if (this.#isClosing) return // by what came before it
    const frame = admitFrame(packet, (type) => this.#intake.admits(type), (parts) => this.#intake.builds(parts, this.#channel.label))
    if (frame) this.#hand(frame, /** @type {Packet} */ (packet))
    else if (frame === null) this.#refuse()
  }

  /**
   * What a frame brings about here must not end what else is in its packet.
   * @param {import("../wire/frames.js").Frame} frame
   * @param {Packet} packet
   */
  #hand(frame, packet) {
    try {
      this.#delegate.channelReceived(frame, packet)
    } catch (error) {
      reportError(error) // nothing of the app's: its handlers are guarded where they are called
      this.#refuse()
    }
  }

  #refuse() {
    this.badFrames += 1
    this.#intake.refuse()
  }
}
