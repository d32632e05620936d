// A path that goes directly to the other peer, over one RTCPeerConnection.
import { DataChannel } from "./data_channel.js"
import { Negotiation } from "./negotiation.js"
import { createPeerConnection } from "./peer_connection.js"
import { routeOf, watchRoute } from "./route.js"
import { P2pError } from "../base/errors.js"

/** How the channel of each lane is opened. @type {Readonly<Record<import("../wire/link.js").Lane, RTCDataChannelInit>>} */
const LANES = Object.freeze({ messages: {}, bulk: {}, fast: { ordered: false, maxRetransmits: 0 } })

/**
 * A path that goes directly to the other peer, or over a TURN server: one RTCPeerConnection, from its negotiation to its end. An ICE restart negotiates anew, and
 * keeps the RTCPeerConnection with all that is under way in it.
 *
 * @typedef {import("./path.js").Path} Path
 * @typedef {import("./path.js").Packet} Packet
 * @typedef {import("./path.js").Lane} Lane
 * @typedef {import("../wire/sdp.js").Signal} Signal
 *
 * @typedef {object} DirectPathDelegate
 * @property {(path: DirectPath) => void} pathNegotiated both descriptions are exchanged
 * @property {(path: DirectPath, error: RTCPeerConnectionIceErrorEvent) => void} pathFailedToGather an ICE server can't be used
 *
 * @typedef {object} DirectPathOptions
 * @property {string} peerId the other peer
 * @property {string} negotiationId
 * @property {boolean} offers whether this side makes the offers, as the host does
 * @property {RTCConfiguration} configuration
 * @property {(negotiationId: string, signal: Signal) => void} signal sends a signal to the other peer
 * @property {DirectPathDelegate & import("./path.js").PathDelegate} delegate
 * @property {import("./intake.js").Intake} intake
 * @property {import("../base/clock.js").Clock} clock
 * @property {typeof RTCPeerConnection} [RTCPeerConnection]
 *
 * @implements {Path}
 */
export class DirectPath {
  /** By what way the packets go. @type {import("../wire/link.js").Route | null} */
  route = null
  /** The name of the present negotiation: the first one, or the last ICE restart. */
  negotiationId
  #options
  #pc
  #negotiation
  /** One channel for each lane. @type {Map<string, DataChannel>} */
  #channels = new Map()
  #isOver = false
  /** Whether the connection is lost, and hasn't recovered since. */
  #isTroubled = false

  /**
   * @param {DirectPathOptions} options
   * @throws {P2pError} `bad_request` if the browser refuses the ICE servers
   */
  constructor(options) {
    const { negotiationId, configuration, delegate, RTCPeerConnection = globalThis.RTCPeerConnection } = options
    this.#options = options
    this.negotiationId = negotiationId
    this.#pc = createPeerConnection(RTCPeerConnection, configuration)
    this.#pc.onconnectionstatechange = () => this.#connectionStateChanged()
    this.#pc.onsignalingstatechange = () => { if (this.#pc.signalingState === "stable") delegate.pathNegotiated(this) }
    this.#pc.ondatachannel = ({ channel }) => this.#open(channel)
    this.#pc.onicecandidateerror = (error) => delegate.pathFailedToGather(this, error)
    this.#negotiation = this.#begin()
  }

  get isOpen() {
    return this.#messages?.isOpen ?? false
  }

  /** Whether the messages' channel has opened; from then on, only the other side's page or a long silence ends this path. */
  get hasOpened() {
    return this.#messages?.hasOpened ?? false
  }

  // Negotiating

  /** Opens the channel for messages and makes the offer. Only the host calls this. */
  offer() {
    this.#create("messages")
    this.#watch(this.#negotiation.offer())
  }

  /**
   * Begins an ICE restart (RFC 8445, section 9), which finds another way through the network for what is open already. Only the host calls this.
   * @param {string} negotiationId
   */
  restart(negotiationId) {
    if (this.#isOver) return
    this.#renegotiate(negotiationId)
    this.#pc.restartIce()
    this.#watch(this.#negotiation.offer())
  }

  /**
   * @param {Signal} signal
   * @param {string} negotiationId a new one if the host restarts ICE
   */
  receiveSignal(signal, negotiationId) {
    if (this.#isOver) return
    if (negotiationId !== this.negotiationId) this.#renegotiate(negotiationId)
    this.#watch(this.#negotiation.receive(signal))
  }

  /**
   * Takes other ICE servers for the next restart, because the credentials of the former ones end.
   * @param {RTCConfiguration} configuration
   */
  configure(configuration) {
    if (this.#isOver) return
    try {
      this.#pc.setConfiguration({ ...this.#pc.getConfiguration?.(), ...configuration })
    } catch {
      // The browser doesn't take them. The ones it has still serve, and the next connection reports what is wrong.
    }
  }

  /** Figures of the connection (https://www.w3.org/TR/webrtc-stats/). */
  getStats() {
    return this.#pc.getStats()
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

  /** Sends a heartbeat on the other lanes, too: Chromium may leave `bufferedAmount` as it is until something else is sent, and files would wait for room for ever. @param {Packet} packet */
  beat(packet) {
    for (const [lane, channel] of this.#channels) if (lane === "messages" || channel.buffered > 0) channel.trySend(packet)
  }

  // How it ends

  close() {
    if (this.#isOver) return
    this.#release()
    const channels = [...this.#channels.values()].filter(({ isOpen }) => isOpen) // those that aren't open have nothing to deliver
    if (channels.length > 0) void Promise.all(channels.map((channel) => channel.close())).then(() => this.#pc.close())
    else this.#pc.close()
  }

  /** Closes at once. The other side sees the channel close. */
  abort() {
    if (this.#isOver) return
    this.#release()
    this.#pc.close()
  }

  // News from the channels

  /** @param {DataChannel} channel */
  channelOpened(channel) {
    if (this.#isOver) return
    if (channel !== this.#messages) return this.channelDrained()
    this.#negotiation.succeed()
    this.#findRoute()
    this.#options.delegate.pathOpened(this)
    // The other channels come after the one for messages, so that nobody has to wait for them to be connected.
    if (this.#options.offers) for (const lane of Object.keys(LANES)) this.#create(/** @type {Lane} */ (lane))
  }

  /**
   * @param {DataChannel} channel
   * @param {import("../wire/frames.js").Frame} frame
   * @param {Packet} packet
   */
  channelReceived(channel, frame, packet) {
    this.#isTroubled = false
    // A restart changes nothing that the browser would tell, where the connection was never lost.
    if (this.#pc.signalingState === "stable") this.#negotiation.succeed()
    this.#options.delegate.pathReceived(this, frame, packet, channel.lane)
  }

  channelDrained() {
    this.#options.delegate.pathDrained(this)
  }

  /** @param {DataChannel} channel */
  channelClosed(channel) {
    // The other channels close together with it, perhaps before the last frames of this one have arrived, so they don't count.
    if (channel === this.#messages) this.#end(this.#reasonOf(channel))
  }

  // Private

  get #messages() {
    return this.#channels.get("messages")
  }

  #begin() {
    const { signal, clock } = this.#options
    const { negotiationId } = this
    return new Negotiation({ pc: this.#pc, signal: (said) => signal(negotiationId, said), clock })
  }

  /** @param {string} negotiationId */
  #renegotiate(negotiationId) {
    this.#negotiation.close()
    this.negotiationId = negotiationId
    this.#negotiation = this.#begin()
  }

  /** @param {Lane} lane */
  #create(lane) {
    if (!this.#channels.has(lane) && !this.#isOver) this.#open(this.#pc.createDataChannel(lane, LANES[lane]))
  }

  /** @param {RTCDataChannel} channel */
  #open(channel) {
    if (!Object.hasOwn(LANES, channel.label) || this.#channels.has(channel.label)) return channel.close()
    const { clock, intake } = this.#options
    this.#channels.set(channel.label, new DataChannel({ channel, delegate: this, clock, intake }))
  }

  /** @param {DataChannel} channel which is closed */
  #reasonOf({ failure }) {
    const { peerId } = this.#options
    if (!failure) return new P2pError("host_lost", { message: `${peerId} has closed the connection.` })
    return failure.code === "too_large" ? new P2pError("unsupported", { message: `The browser of ${peerId} takes no packet as large as this one sends.`, cause: failure }) : failure
  }

  #connectionStateChanged() {
    const { connectionState } = this.#pc
    if (connectionState === "connected") {
      this.#isTroubled = false
      this.#negotiation.succeed()
      this.#findRoute()
    } else if ((connectionState === "failed" || connectionState === "disconnected") && this.hasOpened) {
      // It may recover by itself, or by an ICE restart. If it doesn't, the link's heartbeat notices.
      if (!this.#isTroubled) this.#options.delegate.pathTroubled(this, new P2pError("ice_failed"))
      this.#isTroubled = true
    } else if (connectionState === "failed") this.#end(new P2pError("ice_failed"))
  }

  #findRoute() {
    watchRoute(this.#pc, () => this.#findRoute())
    void routeOf(this.#pc).then((route) => {
      if (this.#isOver || route === null || route === this.route) return
      this.route = route
      this.#options.delegate.pathRouted(this)
    })
  }

  /** @param {Promise<void>} work */
  #watch(work) {
    work.catch((cause) => {
      const error = new P2pError("bad_request", { message: `The negotiation with ${this.#options.peerId} failed.`, cause })
      // What is open goes on, even if it can't be negotiated anew.
      if (!this.hasOpened) this.#end(error)
      else if (!this.#isOver) this.#options.delegate.pathTroubled(this, error)
    })
  }

  /** @param {P2pError} error */
  #end(error) {
    if (this.#isOver) return
    this.close()
    this.#options.delegate.pathEnded(this, error)
  }

  #release() {
    this.#isOver = true
    this.#negotiation.close()
    this.#pc.onconnectionstatechange = this.#pc.onsignalingstatechange = this.#pc.ondatachannel = this.#pc.onicecandidateerror = null
  }
}
