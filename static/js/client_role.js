import { P2pError } from "./errors.js"
import { DATA, REFUSED, STATE } from "./messages.js"
import { MAX_WAITING_CANDIDATES } from "./negotiation.js"
import { Presence } from "./presence.js"

/** The part of a client: it waits for the host's offer and holds one connection, to the host. */
export class ClientRole {
  iamHost = false
  #peerId
  #delegate
  #signal
  #createConnection
  #presence
  /** Who may not send. */
  #readers = new Set()
  /** @type {import("./connection.js").Connection | null} */
  #connection = null
  /** Signals that came before the offer they belong to. @type {{ negotiationId: string, signal: import("./negotiation.js").Signal }[]} */
  #early = []

  /** @param {import("./host_role.js").RoleOptions} options */
  constructor({ peerId, hostPeerId, epoch, delegate, signal, createConnection, peers }) {
    this.#peerId = peerId
    this.hostPeerId = hostPeerId
    this.epoch = epoch
    /** The epoch that the host says it has by now: only for the server's ears, which judges it. */
    this.hostEpoch = epoch
    this.#presence = new Presence(peers) // until the host sends a new one
    this.#delegate = delegate
    this.#signal = signal
    this.#createConnection = createConnection
  }

  /** @returns {import("./messages.js").PeerState} */
  get state() {
    return this.#connection?.state ?? "negotiating"
  }

  /** Whether the host has made an offer. */
  get hasOffer() {
    return this.#connection !== null
  }

  /** Whether there is an offer, and nothing has come of it yet. */
  get isNegotiating() {
    return this.#connection?.state === "negotiating" || this.#connection?.state === "connecting"
  }

  get peers() {
    return this.#presence.states
  }

  /** What a time-out means in the present state. */
  timeoutError() {
    return this.#connection?.timeoutError() ?? new P2pError("connect_timeout")
  }

  // What the server says

  /**
   * @param {string} from
   * @param {string} negotiationId
   * @param {import("./negotiation.js").Signal} signal
   */
  receiveSignal(from, negotiationId, signal) {
    if (from !== this.hostPeerId) return
    const offers = "description" in signal && signal.description.type === "offer"
    if (offers && this.#connection?.negotiationId !== negotiationId) this.#begin(negotiationId)
    if (this.#connection?.negotiationId === negotiationId) this.#connection.receiveSignal(signal)
    else this.#keep(negotiationId, signal)
  }

  /**
   * @param {string} negotiationId
   * @param {import("./negotiation.js").Signal} signal
   */
  #keep(negotiationId, signal) {
    if (this.#early.length === MAX_WAITING_CANDIDATES) this.#early.shift() // the oldest is of an attempt that is over
    this.#early.push({ negotiationId, signal })
  }

  // What the connection says

  /** @param {import("./connection.js").Connection} connection */
  connectionChanged(connection) {
    if (connection === this.#connection) this.#delegate.roleChanged()
  }

  /**
   * @param {import("./connection.js").Connection} connection
   * @param {import("./messages.js").Frame} frame
   */
  connectionReceived(connection, frame) {
    if (connection !== this.#connection) return
    if (frame.type === DATA) this.#receivedData(frame)
    if (frame.type === STATE) this.#receivedState(frame)
    if (frame.type === REFUSED) this.#delegate.roleRefused(frame.id, P2pError.fromPayload(frame.error))
  }

  /** @param {import("./messages.js").DataFrame} frame */
  #receivedData(frame) {
    if (typeof frame.senderId === "string" && !this.#readers.has(frame.senderId)) this.#delegate.roleReceived(frame)
  }

  /** @param {import("./messages.js").StateFrame} frame */
  #receivedState({ data, full, readers = [], epoch = 0 }) {
    this.hostEpoch = Math.max(this.hostEpoch, epoch)
    this.#presence.merge(data, full === true)
    if (full) this.#readers = new Set()
    for (const peerId of Object.keys(data)) this.#readers.delete(peerId)
    for (const peerId of readers) if (this.#presence.has(peerId)) this.#readers.add(peerId)
    this.#delegate.rolePeersChanged()
  }

  /**
   * @param {import("./connection.js").Connection} connection
   * @param {P2pError} error
   */
  connectionEnded(connection, error) {
    if (connection !== this.#connection) return
    for (const peerId of [this.hostPeerId, this.#peerId]) this.#presence.set(peerId, "disconnected")
    this.#delegate.roleLost(error)
  }

  // What the app says

  /** @param {string} text an encoded Data frame */
  send(text) {
    if (!this.#connection) throw new P2pError("not_joined")
    this.#connection.sendText(text)
  }

  stop() {
    this.#connection?.close()
  }

  /** Ends the part within this turn of the event loop. */
  abort() {
    this.#connection?.abort()
  }

  // Private

  /** @param {string} negotiationId */
  #begin(negotiationId) {
    this.#connection?.close()
    const connection = this.#createConnection({
      peerId: this.hostPeerId,
      negotiationId,
      delegate: this,
      signal: (signal) => this.#signal(this.hostPeerId, negotiationId, signal),
    })
    this.#connection = connection
    const early = this.#early.splice(0).filter((entry) => entry.negotiationId === negotiationId)
    for (const { signal } of early) connection.receiveSignal(signal)
  }
}
