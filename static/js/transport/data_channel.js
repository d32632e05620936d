// Frames over one RTCDataChannel.
import { sizeOf } from "../wire/content.js"
import { failureOf, P2pError } from "../base/errors.js"
import { MAX_FRAMES_PER_PACKET } from "../base/limits.js"
import { MAX_GATHERED_CHARACTERS, MAX_PACKET_CHARACTERS, PacketReader, SEPARATOR } from "./packet_reader.js"

/** How many bytes may wait in a channel. Browsers refuse to send, or close the channel, at 16 MiB. */
export const MAX_BUFFERED_BYTES = 12 * 1024 * 1024
/** When no more than so many bytes wait, a channel reports that there is room again. */
export const LOW_BYTES = 128 * 1024
/** How many unreliable messages may wait for room in all. Of one sender and topic, only the newest waits. */
export const MAX_FRESHEST = 1_000
/** Milliseconds that a closing channel gets to deliver what it holds. */
export const CLOSE_TIMEOUT_MS = 1_000

/**
 * Sends and receives frames over one RTCDataChannel.
 *
 * @typedef {object} DataChannelDelegate
 * @property {(channel: DataChannel) => void} channelOpened
 * @property {(channel: DataChannel, frame: import("../wire/frames.js").Frame, packet: Packet) => void} channelReceived `packet` is the frame as it arrived
 * @property {() => void} channelDrained there is room again
 * @property {(channel: DataChannel) => void} channelClosed called once, whichever side closed it
 *
 * @typedef {import("../wire/content.js").Packet} Packet
 */
export class DataChannel {
  #channel
  #delegate
  #clock
  #reader
  /** Whether it has been open. */
  hasOpened = false
  /** The frames of this turn of the event loop. They go out in one packet, because a browser takes about as long for a packet of many as for one frame. @type {string[]} */
  #gathered = []
  #gatheredCharacters = 0
  /** The frames that wait for room, and of which only the newest of each kind counts. @type {Map<string, Packet>} */
  #freshest = new Map()
  /** Why this side has closed the channel, if it had to. @type {P2pError | null} */
  failure = null

  /**
   * @param {object} options
   * @param {RTCDataChannel} options.channel
   * @param {DataChannelDelegate} options.delegate
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {import("./intake.js").Intake} options.intake limits what the other side may send
   */
  constructor({ channel, delegate, clock, intake }) {
    this.#channel = channel
    this.#delegate = delegate
    this.#clock = clock
    this.#reader = new PacketReader({ lane: channel.label, intake, received: (frame, packet) => delegate.channelReceived(this, frame, packet) })
    channel.onopen = () => this.#opened()
    channel.binaryType = "arraybuffer"
    channel.bufferedAmountLowThreshold = LOW_BYTES
    channel.onbufferedamountlow = () => this.#drained()
    channel.onmessage = ({ data }) => this.#reader.read(data)
    channel.onclose = () => delegate.channelClosed(this)
    // Nothing to do: an error is always followed by a close event.
    channel.onerror = null
  }

  /** A channel that the other side made is "open" when it arrives, but in Chromium, what is sent before its event gets lost, or counts as buffered for ever. */
  get isOpen() {
    return this.hasOpened && this.#channel.readyState === "open"
  }

  /** Which lane of a path this is. */
  get lane() {
    return /** @type {import("../wire/link.js").Lane} */ (this.#channel.label)
  }

  /** How many frames were dropped because they were invalid. */
  get badFrames() {
    return this.#reader.badFrames
  }

  /** How many bytes wait in the channel. */
  get buffered() {
    return this.#channel.bufferedAmount
  }

  /**
   * Sends a frame. It comes encoded, because one packet may go to many peers.
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

  /** Sends a frame that may be lost, such as a heartbeat over a full channel. @param {Packet} packet */
  trySend(packet) {
    failureOf(() => this.send(packet))
  }

  /**
   * Sends a frame that may be lost. If there is no room now, the newest frame of its kind is sent when there is.
   * @param {string} kind
   * @param {Packet} packet
   */
  sendFreshest(kind, packet) {
    if (this.buffered > LOW_BYTES && (this.#freshest.has(kind) || this.#freshest.size < MAX_FRESHEST)) this.#freshest.set(kind, packet)
    else this.#trySend(packet)
  }

  /**
   * Closes the channel once everything in it is delivered. Closing the connection first would throw that away.
   * @returns {Promise<void>} resolves when the channel is closed, after CLOSE_TIMEOUT_MS at the latest
   */
  close() {
    this.#flush()
    this.#reader.stop()
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
    this.hasOpened = true
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
    if (this.failure) this.#channel.close() // a peer that can't take a packet of this size is of no use
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

  /** Sends a frame that may be lost. It travels alone, because frames in one packet are lost together. @param {Packet} packet */
  #trySend(packet) {
    failureOf(() => {
      this.#requireRoom(packet)
      this.#transmit(packet)
    })
  }
}
