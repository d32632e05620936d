import { Bucket } from "../base/token_bucket.js"
import { Timer } from "../base/clock.js"
import { EarlySignals } from "./early_signals.js"
import { P2pError } from "../base/errors.js"
import { OFFERS, PEERS_EVENTS } from "../base/limits.js"
import { MAX_SENDERS } from "../messaging/message_log.js"
import { ACK, DATA, DIRECT, encodeFrame, FAST, GAP, isRoutedFrame, isSpeech, PACE, RECEIVED, REFUSED, STABLE, STATE, SUCCEED, SYNC } from "../wire/frames.js"
import { News } from "./news.js"
import { MAX_PEERS, Presence } from "../wire/presence.js"

/** Milliseconds after which a client says what its app has been shown, and after how many messages it doesn't wait for that. */
export const ACK_PAUSE_MLS = 250
export const ACK_MESSAGES = 32
/** Milliseconds between two acknowledgements of a client that is to give them at once. */
export const QUICK_ACK_PAUSE_MLS = 50
/** Milliseconds after which a client that has heard nothing from its host says again how far it has come. */
export const HELLO_AGAIN_MLS = 2_000

/** The part of a client: it waits for the host's offer and holds one connection, to the host. */
export class ClientRole {
  iamHost = false
  /** What is for single peers is passed on by the host, at a rate. */
  isPaced = true
  #peerId
  #delegate
  #signal
  #createConnection
  #presence
  /** That who is there has changed. */
  #news
  /** Who may not send. @type {Set<string>} */
  #readers = new Set()
  #broadcast
  #clock
  /** Whether the host has said what it has, so that this peer's messages may go out. */
  isSynced = false
  /** How far the host says that it has come with each sender. @type {import("../wire/frames.js").Mark[]} */
  #seen = []
  #offers
  #ackTimer
  #helloTimer
  #ackPause = ACK_PAUSE_MLS
  /** The place of the last message that the app was shown, and how many since the host was told of one. */
  #shown = 0
  #unacknowledged = 0
  #acknowledgedAt = -Infinity
  /** @type {import("../transport/direct_path.js").Connection | null} */
  #connection = null
  #early = new EarlySignals()

  /** @param {import("./downstreams.js").RoleOptions} options */
  constructor({ peerId, hostPeerId, epoch, delegate, signal, createConnection, peers, clock, broadcast }) {
    this.#peerId = peerId
    this.hostPeerId = hostPeerId
    this.epoch = epoch
    /** The epoch that the host says it has by now. What the server says is judged by the other one, for a host may say anything. */
    this.hostEpoch = epoch
    this.#presence = new Presence(peers) // until the host sends a new one
    this.#delegate = delegate
    this.#signal = signal
    this.#createConnection = createConnection
    this.#broadcast = broadcast
    this.#clock = clock
    this.#offers = new Bucket({ ...OFFERS, clock })
    this.#ackTimer = new Timer(clock)
    this.#helloTimer = new Timer(clock)
    this.#news = new News({ rate: PEERS_EVENTS, clock, tell: () => delegate.rolePeersChanged() })
  }

  /** @returns {import("../wire/frames.js").PeerState} */
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
   * @param {import("../transport/negotiation.js").Signal} signal
   */
  receiveSignal(from, negotiationId, signal) {
    if (from !== this.hostPeerId) return
    const offers = "description" in signal && signal.description.type === "offer"
    if (offers && this.#connection?.negotiationId !== negotiationId && this.#offers.tryTake(1)) this.#begin(negotiationId)
    if (this.#connection?.negotiationId === negotiationId) this.#connection.receiveSignal(signal)
    else this.#early.add(negotiationId, signal)
  }

  // What the connection says

  /** @param {import("../transport/direct_path.js").Connection} connection */
  connectionChanged(connection) {
    if (connection !== this.#connection) return
    if (connection.state === "connected") this.#sayHello(connection)
    this.#delegate.roleChanged()
  }

  /** @param {import("../transport/direct_path.js").Connection} connection */
  #sayHello(connection) {
    for (const packet of this.#broadcast.hello(this.epoch)) connection.failureToSend(packet)
    this.#helloTimer.start(HELLO_AGAIN_MLS, () => this.#sayHello(connection))
  }

  /**
   * @param {import("../transport/direct_path.js").Connection} connection
   * @param {import("../wire/frames.js").Frame} frame
   * @param {import("../wire/content.js").Packet} packet
   */
  connectionReceived(connection, frame, packet) {
    if (connection !== this.#connection) return
    if (frame.type === STATE) return this.#receivedState(frame)
    this.#news.flush()
    if (isRoutedFrame(frame)) return this.#receivedRouted(frame)
    switch (frame.type) {
      case DATA: return this.#receivedData(frame, packet)
      case SYNC: return this.#receivedSync(frame)
      case SUCCEED: return this.#delegate.roleAppointed()
      case GAP: return this.#broadcast.miss(frame)
      case STABLE: return this.#broadcast.outbox.stable(frame.n)
      case REFUSED: return this.#broadcast.outbox.refuse(frame.id, P2pError.fromPayload(frame.error))
      case PACE: this.#ackPause = Math.min(ACK_PAUSE_MLS, Math.max(QUICK_ACK_PAUSE_MLS, frame.mls))
    }
  }

  /**
   * @param {import("../wire/frames.js").DataFrame} frame
   * @param {import("../wire/content.js").Packet} packet
   */
  #receivedData(frame, packet) {
    if (!frame.senderId || !frame.inc) return
    if (this.#readers.has(frame.senderId)) this.#broadcast.ignore(frame)
    else this.#broadcast.receive(frame, packet)
    this.#acknowledge(frame.n ?? 0)
  }

  /** @param {import("../wire/frames.js").RoutedFrame} frame */
  #receivedRouted(frame) {
    const { senderId } = frame
    if (!senderId || (this.#readers.has(senderId) && isSpeech(frame))) return
    this.#delegate.roleRouted(frame)
  }

  /** @param {import("../wire/frames.js").SyncFrame} frame */
  #receivedSync({ seen, more, n = 0 }) {
    if (this.isSynced || this.#seen.length > MAX_SENDERS) return
    this.#seen.push(...seen)
    if (more) return
    if (this.#broadcast.disowns(this.#seen)) return this.#comeBackAnew()
    this.isSynced = true
    this.#helloTimer.stop()
    // What doesn't fit is lost to the others only if nobody else has it.
    for (const packet of this.#broadcast.meet(this.#seen.splice(0))) if (this.#connection?.failureToSend(packet)) break
    this.#acknowledge(n)
    this.#delegate.roleSynced()
  }

  /** Under the name that this page has, the host passes nothing on. */
  #comeBackAnew() {
    this.#broadcast.renew()
    this.#connection?.end(new P2pError("host_lost", { message: "The host was told messages of this page that it hasn't sent." }))
  }

  /**
   * The app has been shown all up to a place; the host hears of it soon.
   * @param {number} place
   */
  #acknowledge(place) {
    this.#shown = Math.max(this.#shown, place)
    this.#unacknowledged += 1
    const wait = this.#acknowledgedAt + this.#ackPause - this.#clock.now()
    if (this.#unacknowledged >= ACK_MESSAGES || (wait <= 0 && this.#ackPause < ACK_PAUSE_MLS)) this.#sendAck()
    else if (!this.#ackTimer.isRunning) this.#ackTimer.start(Math.max(0, wait > 0 ? wait : this.#ackPause), () => this.#sendAck())
  }

  #sendAck() {
    this.#ackTimer.stop()
    this.#unacknowledged = 0
    this.#acknowledgedAt = this.#clock.now()
    this.#connection?.trySend({ type: ACK, n: this.#shown })
  }

  /** @param {import("../wire/frames.js").StateFrame} frame */
  #receivedState({ data, full, readers = [], epoch = 0 }) {
    if (epoch > this.hostEpoch && this.#offers.tryTake(1)) this.#renumber(epoch)
    this.#presence.merge(data, full === true)
    if (full) this.#readers = new Set()
    for (const peerId of Object.keys(data)) this.#readers.delete(peerId)
    for (const peerId of readers) if (this.#presence.has(peerId)) this.#readers.add(peerId)
    if (this.#readers.size > MAX_PEERS) this.#readers = new Set([...this.#readers].filter((peerId) => this.#presence.has(peerId)))
    this.#news.add()
  }

  /** The server had forgotten this host, and has it back under a later epoch. @param {number} epoch */
  #renumber(epoch) {
    this.hostEpoch = epoch
    this.#broadcast.resume(epoch)
    this.#delegate.roleRenumbered()
  }

  connectionDrained() {
    this.#delegate.roleDrained()
  }

  /**
   * @param {import("../transport/direct_path.js").Connection} connection
   * @param {P2pError} error
   */
  connectionEnded(connection, error) {
    if (connection !== this.#connection) return
    this.#stopTimers()
    for (const peerId of [this.hostPeerId, this.#peerId]) this.#presence.set(peerId, "disconnected")
    this.#delegate.roleLost(error)
  }

  // What the app says

  /**
   * @param {number} id
   * @param {import("../wire/content.js").Content} content
   * @throws {P2pError}
   */
  send(id, content) {
    this.#talking.sendPacket(content.packet({ type: DATA, id }))
  }

  /**
   * Hands a frame to the host, for those that it is for.
   * @param {import("../wire/frames.js").RoutedFrame} frame
   * @throws {P2pError}
   */
  route(frame) {
    if (frame.type === FAST) this.#talking.sendFreshest(JSON.stringify([frame.to, frame.topic]), encodeFrame(frame))
    else this.#talking.sendPacket(encodeFrame(frame), frame.type === DIRECT || frame.type === RECEIVED ? "messages" : "bulk")
  }

  /** How many bytes of files wait on the way to the host. */
  buffered() {
    return this.#connection?.buffered ?? 0
  }

  get #talking() {
    if (!this.#connection) throw new P2pError("not_joined")
    return this.#connection
  }

  /** Says that this client is ready to be the host. */
  volunteer() {
    this.#connection?.trySend({ type: SUCCEED })
  }

  /** Lets go of a host that doesn't do its part. @param {P2pError} reason */
  giveUp(reason) {
    this.#connection?.end(reason)
  }

  /** @param {P2pError} [reason] */
  stop(reason) {
    this.#stopTimers()
    this.#connection?.close(reason)
  }

  /** Ends the part within this turn of the event loop. */
  abort() {
    this.#stopTimers()
    this.#connection?.abort()
  }

  // Private

  #stopTimers() {
    this.#ackTimer.stop()
    this.#helloTimer.stop()
    this.#news.stop()
  }

  /** @param {string} negotiationId */
  #begin(negotiationId) {
    this.#stopTimers()
    this.#connection?.close()
    this.isSynced = false
    this.#shown = 0
    const connection = this.#createConnection({
      peerId: this.hostPeerId,
      negotiationId,
      delegate: this,
      signal: (signal) => this.#signal(this.hostPeerId, negotiationId, signal),
    })
    this.#connection = connection
    for (const signal of this.#early.take(negotiationId)) connection.receiveSignal(signal)
  }
}
