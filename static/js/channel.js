import { sizeOf } from "./contents.js"
import { P2pError } from "./errors.js"
import { decodeFrame, encodeFrame } from "./messages.js"

/** How many bytes may wait in a channel; browsers close or refuse at 16 MiB. */
export const MAX_BUFFERED_BYTES = 12 * 1024 * 1024
/** With so many bytes or fewer waiting, a channel says that there is room again. */
export const LOW_BYTES = 128 * 1024
/** How many messages of one sender on one topic may wait where only the newest counts: one; and how many of them in all. */
export const MAX_FRESHEST = 1_000
/** Milliseconds that a closing channel gets to deliver what it holds. */
export const CLOSE_TIMEOUT_MLS = 1_000

/**
 * Frames over one RTCDataChannel.
 *
 * @typedef {object} ChannelDelegate
 * @property {(channel: Channel) => void} channelOpened
 * @property {(frame: import("./messages.js").Frame, packet: Packet) => void} channelReceived `packet` is the frame as it came
 * @property {() => void} channelDrained there is room again
 * @property {(channel: Channel) => void} channelClosed called once, whichever side closed it
 *
 * @typedef {import("./contents.js").Packet} Packet
 */
export class Channel {
  #channel
  #delegate
  #clock
  #hasOpened = false
  /** What waits for room where only the newest counts. @type {Map<string, Packet>} */
  #freshest = new Map()
  /** How many frames were dropped because they made no sense. */
  badFrames = 0

  /**
   * @param {object} options
   * @param {RTCDataChannel} options.channel
   * @param {ChannelDelegate} options.delegate
   * @param {import("./clock.js").Clock} options.clock
   */
  constructor({ channel, delegate, clock }) {
    this.#channel = channel
    this.#delegate = delegate
    this.#clock = clock
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

  /** @param {import("./messages.js").Frame} frame */
  send(frame) {
    this.sendPacket(encodeFrame(frame))
  }

  /**
   * Sends a frame that is encoded already, as one packet goes to many.
   * @param {Packet} packet
   * @throws {P2pError} `not_joined` when the channel isn't open, `rate_limited` when too much waits in it
   */
  sendPacket(packet) {
    if (!this.isOpen) throw new P2pError("not_joined", { message: "The channel is not open." })
    if (this.buffered + sizeOf(packet) > MAX_BUFFERED_BYTES) {
      throw new P2pError("rate_limited", { message: `More than ${MAX_BUFFERED_BYTES} bytes wait in the channel.` })
    }
    try {
      this.#channel.send(/** @type {any} */ (packet))
    } catch (cause) {
      // TypeError: the other side announced a smaller largest message (RFC 8841, section 6.1); OperationError: its buffer is full.
      throw new P2pError(cause instanceof TypeError ? "too_large" : "rate_limited", { cause })
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
   * @returns {Promise<void>} resolves when it is closed, after CLOSE_TIMEOUT_MLS at the latest
   */
  close() {
    const { promise, resolve } = promiseWithResolvers()
    if (this.#channel.readyState === "closed") resolve()
    const timer = this.#clock.setTimeout(resolve, CLOSE_TIMEOUT_MLS)
    this.#channel.onmessage = null
    this.#channel.onclose = () => resolve()
    this.#channel.close()
    return promise.finally(() => this.#clock.clearTimeout(timer))
  }

  // Private

  #opened() {
    this.#hasOpened = true
    this.#delegate.channelOpened(this)
  }

  #drained() {
    const packets = [...this.#freshest.values()]
    this.#freshest.clear()
    for (const packet of packets) this.#trySend(packet)
    this.#delegate.channelDrained()
  }

  /** @param {Packet} packet */
  #trySend(packet) {
    try {
      this.sendPacket(packet)
    } catch (error) {
      if (!(error instanceof P2pError)) throw error
    }
  }

  /** @param {unknown} data */
  #received(data) {
    const frame = decodeFrame(data)
    if (frame) this.#delegate.channelReceived(frame, /** @type {Packet} */ (data))
    else this.badFrames += 1
  }
}

/** @returns {{ promise: Promise<void>, resolve: () => void }} */
function promiseWithResolvers() {
  /** @type {() => void} */
  let resolve = () => undefined
  /** @type {Promise<void>} */
  const promise = new Promise((fulfil) => { resolve = fulfil })
  return { promise, resolve }
}
