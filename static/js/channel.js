import { P2pError } from "./errors.js"
import { decodeFrame, encodeFrame } from "./messages.js"

/** How many bytes may wait in a channel; browsers close or refuse at 16 MiB. */
export const MAX_BUFFERED_BYTES = 8 * 1024 * 1024
/** Milliseconds that a closing channel gets to deliver what it holds. */
export const CLOSE_TIMEOUT_MLS = 1_000

/**
 * Frames over one RTCDataChannel.
 *
 * @typedef {object} ChannelDelegate
 * @property {() => void} channelOpened
 * @property {(frame: import("./messages.js").Frame, text: string) => void} channelReceived `text` is the frame as it came
 * @property {() => void} channelClosed called once, whichever side closed it
 */
export class Channel {
  #channel
  #delegate
  #clock
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
    // A channel that the other side made is "open" when it arrives, but what is sent before its event gets lost in Chromium.
    channel.onopen = () => delegate.channelOpened()
    channel.onmessage = ({ data }) => this.#received(data)
    channel.onclose = () => delegate.channelClosed()
    // An error is always followed by a close event, which tells all that matters.
    channel.onerror = null
  }

  get isOpen() {
    return this.#channel.readyState === "open"
  }

  /** @param {import("./messages.js").Frame} frame */
  send(frame) {
    this.sendText(encodeFrame(frame))
  }

  /**
   * Sends a frame that is encoded already, as one text goes to many.
   * @param {string} text
   * @throws {P2pError} `not_joined` when the channel isn't open, `rate_limited` when too much waits in it
   */
  sendText(text) {
    if (!this.isOpen) throw new P2pError("not_joined", { message: "The channel is not open." })
    if (this.#channel.bufferedAmount + text.length > MAX_BUFFERED_BYTES) {
      throw new P2pError("rate_limited", { message: `More than ${MAX_BUFFERED_BYTES} bytes wait in the channel.` })
    }
    try {
      this.#channel.send(text)
    } catch (cause) {
      // TypeError: the other side announced a smaller largest message (RFC 8841, section 6.1); OperationError: its buffer is full.
      throw new P2pError(cause instanceof TypeError ? "too_large" : "rate_limited", { cause })
    }
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

  /** @param {unknown} data */
  #received(data) {
    const frame = decodeFrame(data)
    if (frame) this.#delegate.channelReceived(frame, /** @type {string} */ (data))
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
