import { Channel } from "./channel.js"
import { Timer } from "./clock.js"
import { P2pError } from "./errors.js"
import { Heartbeat } from "./heartbeat.js"
import { GOODBYE, HEARTBEAT } from "./messages.js"
import { Negotiation } from "./negotiation.js"

/**
 * One RTCPeerConnection to one other peer, from its negotiation to its end.
 *
 * @typedef {object} ConnectionDelegate
 * @property {(connection: Connection) => void} connectionChanged the state is another one
 * @property {(connection: Connection, frame: import("./messages.js").Frame, text: string) => void} connectionReceived `text` is the frame as it came
 * @property {(connection: Connection, error: P2pError) => void} connectionEnded called once, if the other side or the network ended it
 *
 * @typedef {object} ConnectionOptions
 * @property {string} peerId the other peer
 * @property {string} negotiationId names this attempt
 * @property {RTCIceServer[]} iceServers
 * @property {(signal: import("./negotiation.js").Signal) => void} signal
 * @property {ConnectionDelegate} delegate
 * @property {{ intervalMls: number, idleTimeoutMls: number }} heartbeat
 * @property {number} connectTimeoutMls
 * @property {import("./clock.js").Clock} clock
 * @property {typeof RTCPeerConnection} [RTCPeerConnection]
 */
export class Connection {
  #pc
  #negotiation
  #delegate
  #clock
  #heartbeat
  /** @type {Channel | null} */
  #channel = null
  #timer
  /** @type {"negotiating" | "connecting" | "connected" | "closed"} */
  #state = "negotiating"

  /**
   * @param {ConnectionOptions} options
   * @throws {P2pError} `bad_request` where the browser refuses the ICE servers
   */
  constructor({ peerId, negotiationId, iceServers, signal, delegate, heartbeat, connectTimeoutMls, clock, RTCPeerConnection = globalThis.RTCPeerConnection }) {
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
      interval: heartbeat.intervalMls,
      idleTimeout: heartbeat.idleTimeoutMls,
      clock,
      beat: () => this.trySend({ type: HEARTBEAT }),
      lost: () => this.end(new P2pError("host_lost", { message: `Nothing was heard from ${peerId} for ${heartbeat.idleTimeoutMls} ms.` })),
    })
    this.#timer = new Timer(clock)
    this.#timer.start(connectTimeoutMls, () => this.end(this.timeoutError()))
  }

  get state() {
    return this.#state
  }

  // Negotiating

  /** Opens the channel and offers; the host's side. */
  offer() {
    if (this.#state === "closed") return
    this.#open(this.#pc.createDataChannel("messages"))
    this.#watch(this.#negotiation.offer())
  }

  /** @param {import("./negotiation.js").Signal} signal */
  receiveSignal(signal) {
    if (this.#state !== "closed") this.#watch(this.#negotiation.receive(signal))
  }

  /** What a time-out means in the present state. */
  timeoutError() {
    if (this.#state === "connecting") return new P2pError("ice_failed")
    return new P2pError("connect_timeout", { message: `${this.peerId} did not answer in time.` })
  }

  // Talking

  /**
   * @param {string} text an encoded frame
   * @throws {P2pError} `not_joined` when the channel isn't open, `rate_limited` when too much waits in it
   */
  sendText(text) {
    if (!this.#channel) throw new P2pError("not_joined")
    this.#channel.sendText(text)
  }

  /**
   * Sends an encoded frame to one receiver of many, of which none may hold up the others.
   * @param {string} text
   * @returns {P2pError | null} why it can't be sent
   */
  failureToSend(text) {
    try {
      this.sendText(text)
      return null
    } catch (error) {
      return /** @type {P2pError} */ (error)
    }
  }

  /**
   * Sends what may be lost, such as a heartbeat over a full channel.
   * @param {import("./messages.js").Frame} frame
   */
  trySend(frame) {
    if (!this.#channel?.isOpen) return
    try {
      this.#channel.send(frame)
    } catch (error) {
      if (!(error instanceof P2pError)) throw error
    }
  }

  /**
   * Says goodbye and closes; the delegate isn't told.
   * @param {P2pError} [reason]
   */
  close(reason) {
    if (this.#state === "closed") return
    this.trySend({ type: GOODBYE, error: reason?.toPayload() })
    this.#release()
  }

  /** Closes within this turn of the event loop, for a page that goes away: the other side sees the channel close. */
  abort() {
    if (this.#state === "closed") return
    this.#release()
    this.#pc.close()
  }

  // Private

  /** @param {RTCDataChannel} channel */
  #open(channel) {
    if (this.#channel) return channel.close()
    this.#channel = new Channel({ channel, delegate: this, clock: this.#clock })
  }

  channelOpened() {
    // A channel that the other side made is open when it arrives, and then says so by an event as well.
    if (this.#state === "closed" || this.#state === "connected") return
    this.#timer.stop()
    this.#negotiation.succeed()
    this.#heartbeat.start()
    this.#setState("connected")
  }

  /**
   * @param {import("./messages.js").Frame} frame
   * @param {string} text
   */
  channelReceived(frame, text) {
    this.#heartbeat.heard()
    if (frame.type === HEARTBEAT) return
    if (frame.type === GOODBYE) return this.end(frame.error ? P2pError.fromPayload(frame.error) : new P2pError("host_lost", { message: `${this.peerId} has left.` }))
    this.#delegate.connectionReceived(this, frame, text)
  }

  channelClosed() {
    this.end(new P2pError("host_lost", { message: `${this.peerId} has closed the connection.` }))
  }

  #signalingStateChanged() {
    if (this.#pc.signalingState === "stable" && this.#state === "negotiating") this.#setState("connecting")
  }

  #connectionStateChanged() {
    // "disconnected" often heals by itself; the heartbeat decides when it doesn't.
    if (this.#pc.connectionState === "failed") this.end(new P2pError("ice_failed"))
  }

  /** @param {Promise<void>} work */
  #watch(work) {
    work.catch((cause) => this.end(new P2pError("bad_request", { message: `The negotiation with ${this.peerId} failed.`, cause })))
  }

  /** @param {"connecting" | "connected"} state */
  #setState(state) {
    this.#state = state
    this.#delegate.connectionChanged(this)
  }

  /**
   * The connection is over for a reason that the delegate has to know.
   * @param {P2pError} error
   */
  end(error) {
    if (this.#state === "closed") return
    this.#release()
    this.#delegate.connectionEnded(this, error)
  }

  #release() {
    this.#state = "closed"
    this.#timer.stop()
    this.#heartbeat.stop()
    this.#negotiation.close()
    this.#pc.onconnectionstatechange = this.#pc.onsignalingstatechange = this.#pc.ondatachannel = null
    const pc = this.#pc
    if (this.#channel) void this.#channel.close().then(() => pc.close())
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
