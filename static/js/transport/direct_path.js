// A path that goes directly to one other peer, over one RTCPeerConnection.
import { Deadline } from "../base/deadline.js"
import { FAST_BYTES, FROM_CLIENT, FROM_HOST } from "../base/limits.js"
import { Heartbeat } from "./heartbeat.js"
import { Intake } from "./intake.js"
import { Negotiation } from "./negotiation.js"
import { DataChannel } from "./data_channel.js"
import { failureOf, P2pError } from "../base/errors.js"
import { encodeFrame, GOODBYE, HEARTBEAT } from "../wire/frames.js"

/** How the channel of each lane is opened. @type {Readonly<Record<import("../wire/path.js").Lane, RTCDataChannelInit>>} */
const LANES = Object.freeze({ messages: {}, bulk: {}, fast: { ordered: false, maxRetransmits: 0 } })

/**
 * A path that goes directly to one other peer: one RTCPeerConnection, from its negotiation to its end.
 *
 * @typedef {import("../wire/path.js").Path} Path
 * @typedef {import("../wire/path.js").Packet} Packet
 * @typedef {import("../wire/path.js").Lane} Lane
 * @typedef {import("../wire/sdp.js").Signal} Signal
 * @typedef {import("../wire/path.js").PathSetup & {
 *   iceServers: RTCIceServer[],
 *   heartbeat: { intervalMs: number, idleTimeoutMs: number },
 *   connectTimeoutMs: number,
 *   clock: import("../base/clock.js").Clock,
 *   RTCPeerConnection?: typeof RTCPeerConnection,
 * }} DirectPathOptions
 *
 * @implements {Path}
 */
export class DirectPath {
  #pc
  #negotiation
  #delegate
  #clock
  #heartbeat
  /** One channel for each lane. @type {Map<string, DataChannel>} */
  #channels = new Map()
  #offers = false
  /** @type {Intake | null} */
  #intake = null
  #timer
  /** @type {"negotiating" | "connecting" | "connected" | "closed"} */
  #state = "negotiating"

  /**
   * @param {DirectPathOptions} options
   * @throws {P2pError} `bad_request` if the browser refuses the ICE servers
   */
  constructor({ peerId, negotiationId, iceServers, signal, delegate, heartbeat, connectTimeoutMs, clock, RTCPeerConnection = globalThis.RTCPeerConnection }) {
    this.peerId = peerId
    this.negotiationId = negotiationId
    this.#delegate = delegate
    this.#clock = clock
    this.#pc = createPeerConnection(RTCPeerConnection, iceServers)
    this.#pc.onconnectionstatechange = () => this.#connectionStateChanged()
    this.#pc.onsignalingstatechange = () => this.#signalingStateChanged()
    this.#pc.ondatachannel = ({ channel }) => this.#open(channel)
    this.#negotiation = new Negotiation({ pc: this.#pc, signal, clock })
    this.#heartbeat = new Heartbeat({
      interval: heartbeat.intervalMs,
      idleTimeout: heartbeat.idleTimeoutMs,
      clock,
      beat: () => this.#beat(),
      lost: () => this.end(new P2pError("host_lost", { message: `Nothing was heard from ${peerId} for ${heartbeat.idleTimeoutMs} ms.` })),
    })
    this.#timer = new Deadline(clock)
    this.#timer.start(connectTimeoutMs, () => this.end(this.timeoutError()))
  }

  get state() {
    return this.#state
  }

  /** Whether something has arrived from the other side lately. */
  get isHeard() {
    return this.#heartbeat.isHeard
  }

  // Negotiating

  /** Opens the channel for messages and makes the offer. Only the host calls this. */
  offer() {
    if (this.#state === "closed") return
    this.#offers = true
    this.#create("messages")
    this.#watch(this.#negotiation.offer())
  }

  /** @param {Signal} signal */
  receiveSignal(signal) {
    if (this.#state !== "closed") this.#watch(this.#negotiation.receive(signal))
  }

  /** What a time-out means in the present state. */
  timeoutError() {
    if (this.#state === "connecting") return new P2pError("ice_failed")
    return new P2pError("connect_timeout", { message: `${this.peerId} did not answer in time.` })
  }

  // Sending

  /**
   * @param {Packet} packet
   * @param {Lane} [lane]
   * @throws {P2pError} `not_joined` when the channel isn't open, `rate_limited` when too much waits in it, `too_large`
   */
  send(packet, lane = "messages") {
    const channel = this.#channels.get(lane)
    if (!channel) throw new P2pError("not_joined")
    channel.send(packet)
  }

  /**
   * Sends a frame that may be lost, such as a heartbeat over a full channel.
   * @param {import("../wire/frames.js").Frame} frame
   * @param {Lane} [lane]
   */
  trySend(frame, lane) {
    failureOf(() => this.send(encodeFrame(frame), lane))
  }

  /**
   * Sends a frame that may be lost, and of which only the newest of its kind counts.
   * @param {string} kind
   * @param {Packet} packet
   */
  sendFreshest(kind, packet) {
    const channel = this.#channels.get("fast")
    if (channel?.isOpen) channel.sendFreshest(kind, packet)
  }

  /** How many bytes of files wait to be sent. */
  get buffered() {
    return this.#channels.get("bulk")?.buffered ?? 0
  }

  // How it ends

  /**
   * Ends the connection for a reason that the delegate has to know.
   * @param {P2pError} error
   */
  end(error) {
    if (this.#state === "closed") return
    this.#release()
    this.#delegate.pathEnded(this, error)
  }

  /**
   * Ends the connection for a reason that both sides are told.
   * @param {P2pError} error
   */
  dismiss(error) {
    if (this.#state === "closed") return
    this.close(error)
    // A client that can't understand its host tries again, because there may be another host. A host has no reason to try again with a client that it refuses.
    if (!this.#offers) error.retry = true
    this.#delegate.pathEnded(this, error)
  }

  /**
   * Tells the other side and closes. The delegate isn't told.
   * @param {P2pError} [reason]
   */
  close(reason) {
    if (this.#state === "closed") return
    this.trySend({ type: GOODBYE, error: reason?.toPayload() })
    this.#release()
  }

  /** Closes within this turn of the event loop, because the page goes away. The other side sees the channel close. */
  abort() {
    if (this.#state === "closed") return
    this.#release()
    this.#pc.close()
  }

  // Private

  get #messages() {
    return this.#channels.get("messages")
  }

  /** @param {Lane} lane */
  #create(lane) {
    if (!this.#channels.has(lane) && this.state !== "closed") this.#open(this.#pc.createDataChannel(lane, LANES[lane]))
  }

  /** Sends a heartbeat on the other lanes, too: Chromium may leave `bufferedAmount` as it is until something else is sent, and files would wait for room for ever. */
  #beat() {
    this.trySend({ type: HEARTBEAT })
    for (const lane of /** @type {Lane[]} */ (["bulk", "fast"])) {
      if ((this.#channels.get(lane)?.buffered ?? 0) > 0) this.trySend({ type: HEARTBEAT }, lane)
    }
  }

  /** @param {RTCDataChannel} channel */
  #open(channel) {
    if (!Object.hasOwn(LANES, channel.label) || this.#channels.has(channel.label)) return channel.close()
    // Only the host offers, so a path that offers leads to a client.
    this.#intake ??= new Intake({ ...(this.#offers ? { rates: FROM_CLIENT, fastBytes: FAST_BYTES } : { rates: FROM_HOST }), clock: this.#clock, exhausted: (error) => this.dismiss(error) })
    this.#channels.set(channel.label, new DataChannel({ channel, delegate: this, clock: this.#clock, intake: this.#intake }))
  }

  /** @param {DataChannel} channel */
  channelOpened(channel) {
    if (this.#state === "closed") return
    if (channel !== this.#messages) return this.channelDrained()
    // A channel that the other side made may be reported twice: it is open when it arrives, and an event says so as well.
    if (this.#state === "connected") return
    this.#timer.stop()
    this.#negotiation.succeed()
    this.#heartbeat.start()
    this.#setState("connected")
    // The other channels come after the one for messages, so that nobody has to wait for them to be connected.
    if (this.#offers) for (const lane of Object.keys(LANES)) this.#create(/** @type {Lane} */ (lane))
  }

  /**
   * @param {import("../wire/frames.js").Frame} frame
   * @param {Packet} packet
   */
  channelReceived(frame, packet) {
    this.#heartbeat.heard()
    if (frame.type === HEARTBEAT) return
    if (frame.type === GOODBYE) return this.end(frame.error ? P2pError.fromPayload(frame.error) : new P2pError("host_lost", { message: `${this.peerId} has left.` }))
    this.#delegate.pathReceived(this, frame, packet)
  }

  channelDrained() {
    this.#delegate.pathDrained(this)
  }

  /** @param {DataChannel} channel */
  channelClosed(channel) {
    // The other channels close together with it, perhaps before the last frames of this one have arrived, so they don't count.
    if (channel === this.#messages) this.end(this.#reasonOf(channel))
  }

  /** @param {DataChannel} channel which is closed */
  #reasonOf({ failure }) {
    if (!failure) return new P2pError("host_lost", { message: `${this.peerId} has closed the connection.` })
    return failure.code === "too_large" ? new P2pError("unsupported", { message: `The browser of ${this.peerId} takes no packet as large as this one sends.`, cause: failure }) : failure
  }

  #signalingStateChanged() {
    if (this.#pc.signalingState === "stable" && this.#state === "negotiating") this.#setState("connecting")
  }

  #connectionStateChanged() {
    // "disconnected" often recovers by itself. If it doesn't, the heartbeat ends the connection.
    if (this.#pc.connectionState === "failed") this.end(new P2pError("ice_failed"))
  }

  /** @param {Promise<void>} work */
  #watch(work) {
    work.catch((cause) => this.end(new P2pError("bad_request", { message: `The negotiation with ${this.peerId} failed.`, cause })))
  }

  /** @param {"connecting" | "connected"} state */
  #setState(state) {
    this.#state = state
    this.#delegate.pathChanged(this)
  }

  #release() {
    this.#state = "closed"
    this.#timer.stop()
    this.#heartbeat.stop()
    this.#negotiation.close()
    this.#pc.onconnectionstatechange = this.#pc.onsignalingstatechange = this.#pc.ondatachannel = null
    const pc = this.#pc
    const channels = [...this.#channels.values()].filter(({ isOpen }) => isOpen) // those that aren't open have nothing to deliver
    if (channels.length > 0) void Promise.all(channels.map((channel) => channel.close())).then(() => pc.close())
    else pc.close()
  }
}

/**
 * @param {typeof RTCPeerConnection} PeerConnection
 * @param {RTCIceServer[]} iceServers
 */
function createPeerConnection(PeerConnection, iceServers) {
  try {
    return new PeerConnection({ iceServers })
  } catch (cause) {
    const message = `The browser makes no connection: ${/** @type {Error} */ (cause).message}`
    throw new P2pError("bad_request", { message, hint: "Check ice_servers in p2p_frame_tag and P2P_ICE_SERVERS.", cause })
  }
}

/**
 * Has the browser check ICE servers before they are needed.
 * @param {RTCIceServer[]} iceServers
 * @throws {P2pError} `bad_request`
 */
export function checkIceServers(iceServers) {
  if ("RTCPeerConnection" in globalThis) createPeerConnection(globalThis.RTCPeerConnection, iceServers).close()
}
