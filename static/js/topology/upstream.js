import { Bucket } from "../base/token_bucket.js"
import { EarlySignals } from "./early_signals.js"
import { P2pError } from "../base/errors.js"
import { OFFERS, PEERS_EVENTS } from "../base/limits.js"
import { DATA, DIRECT, encodeFrame, FAST, isRoutedFrame, isSpeech, RECEIVED, STATE, SUCCEED } from "../wire/frames.js"
import { News } from "./news.js"
import { Presence } from "../wire/presence.js"

/**
 * The role of a client: it waits for the host's offer and has one path, to the host.
 *
 * @typedef {import("../wire/path.js").Path} Path
 */
export class Upstream {
  iamHost = false
  /** Messages to single peers have to be paced, because the host passes them on at a limited rate. */
  isPaced = true
  #peerId
  #delegate
  #signal
  #createPath
  #createFollower
  #presence
  /** Tells that the list of peers has changed. */
  #news
  /** The peers that may not send. @type {Set<string>} */
  #readers = new Set()
  #offers
  /** @type {Path | null} */
  #path = null
  /** Takes in what comes over the path. @type {import("./role.js").Follower | null} */
  #follower = null
  #early = new EarlySignals()

  /** @param {import("./role.js").RoleOptions} options */
  constructor({ peerId, hostPeerId, epoch, delegate, signal, createPath, createFollower, peers, clock }) {
    this.#peerId = peerId
    this.hostPeerId = hostPeerId
    this.epoch = epoch
    /** The epoch that the host says it has by now. News from the server is judged by `epoch` and not by this one, because a host may say anything. */
    this.hostEpoch = epoch
    this.#presence = new Presence(peers) // until the host sends a new list
    this.#delegate = delegate
    this.#signal = signal
    this.#createPath = createPath
    this.#createFollower = createFollower
    this.#offers = new Bucket({ ...OFFERS, clock })
    this.#news = new News({ rate: PEERS_EVENTS, clock, tell: () => this.#tell() })
  }

  /** @returns {import("../wire/frames.js").PeerState} */
  get state() {
    return this.#path?.state ?? "negotiating"
  }

  /** Whether the host has said which messages it has, so that this peer's messages may go out. */
  get isSynced() {
    return this.#follower?.isSynced ?? false
  }

  /** Whether the host has made an offer. */
  get hasOffer() {
    return this.#path !== null
  }

  /** Whether there is an offer, and the connection isn't made yet. */
  get isNegotiating() {
    return this.#path?.state === "negotiating" || this.#path?.state === "connecting"
  }

  get peers() {
    return this.#presence.states
  }

  /** What a time-out means in the present state. */
  timeoutError() {
    return this.#path?.timeoutError() ?? new P2pError("connect_timeout")
  }

  // What the server says

  /**
   * @param {string} from
   * @param {string} negotiationId
   * @param {import("../wire/sdp.js").Signal} signal
   */
  receiveSignal(from, negotiationId, signal) {
    if (from !== this.hostPeerId) return
    const offers = "description" in signal && signal.description.type === "offer"
    if (offers && this.#path?.negotiationId !== negotiationId && this.#offers.tryTake(1)) this.#begin(negotiationId)
    if (this.#path?.negotiationId === negotiationId) this.#path.receiveSignal(signal)
    else this.#early.add(negotiationId, signal)
  }

  // What the path says

  /** @param {Path} path */
  pathChanged(path) {
    if (path !== this.#path) return
    if (path.state === "connected") this.#follower?.begin()
    this.#delegate.roleChanged()
  }

  /**
   * @param {Path} path
   * @param {import("../wire/frames.js").Frame} frame
   * @param {import("../wire/path.js").Packet} packet
   */
  pathReceived(path, frame, packet) {
    if (path !== this.#path) return
    if (frame.type === STATE) return this.#receivedState(frame)
    this.#news.flush()
    if (this.state === "closed") return // the app has left from within what it was told
    if (isRoutedFrame(frame)) this.#receivedRouted(frame)
    else if (frame.type === SUCCEED) this.#delegate.roleAppointed()
    else this.#follower?.receive(frame, packet, (senderId) => this.#readers.has(senderId))
  }

  /** @param {import("../wire/frames.js").RoutedFrame} frame */
  #receivedRouted(frame) {
    const { senderId } = frame
    if (!senderId || (this.#readers.has(senderId) && isSpeech(frame))) return
    this.#delegate.roleRouted(frame)
  }

  /** @param {import("../wire/frames.js").StateFrame} frame */
  #receivedState({ data, full, readers = [], epoch = 0 }) {
    if (epoch > this.hostEpoch && this.#offers.tryTake(1)) this.#renumber(epoch)
    if (Object.entries(data).some(([peerId, state]) => this.#presence.hides(peerId, state))) {
      this.#news.flush()
      this.#delegate.roleChanged() // what waits to be sent is told even where the app isn't, as it has been told so much of late
    }
    const { peers } = this
    this.#presence.merge(data, full === true)
    for (const peerId of Object.keys(data)) this.#readers.delete(peerId)
    this.#readers = new Set([...this.#readers, ...readers].filter((peerId) => this.#presence.has(peerId)))
    if (this.peers !== peers) this.#news.add() // a newcomer is told of itself twice
  }

  #tell() {
    this.#presence.told()
    if (this.state === "closed") return
    this.#delegate.rolePeersChanged()
  }

  /** The server had forgotten this host, and has taken it back under a later epoch. @param {number} epoch */
  #renumber(epoch) {
    this.hostEpoch = epoch
    this.#follower?.resume(epoch)
    this.#delegate.roleRenumbered()
  }

  pathDrained() {
    this.#delegate.roleDrained()
  }

  /**
   * @param {Path} path
   * @param {P2pError} error
   */
  pathEnded(path, error) {
    if (path !== this.#path) return
    this.#rest()
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
    this.#talking.send(content.packet({ type: DATA, id }))
  }

  /**
   * Sends a frame to the host, which passes it on to its recipients.
   * @param {import("../wire/frames.js").RoutedFrame} frame
   * @throws {P2pError}
   */
  route(frame) {
    if (frame.type === FAST) this.#talking.sendFreshest(JSON.stringify([frame.to, frame.topic]), encodeFrame(frame))
    else this.#talking.send(encodeFrame(frame), frame.type === DIRECT || frame.type === RECEIVED ? "messages" : "bulk")
  }

  /** How many bytes of files wait to be sent to the host. */
  buffered() {
    return this.#path?.buffered ?? 0
  }

  get #talking() {
    if (!this.#path) throw new P2pError("not_joined")
    return this.#path
  }

  /** Says that this client is ready to be the host. */
  volunteer() {
    this.#path?.trySend({ type: SUCCEED })
  }

  /** Gives up a host that doesn't do its part. @param {P2pError} reason */
  giveUp(reason) {
    this.#path?.end(reason)
  }

  /** @param {P2pError} [reason] */
  stop(reason) {
    this.#rest()
    this.#path?.close(reason)
  }

  /** Ends the role within this turn of the event loop. */
  abort() {
    this.#rest()
    this.#path?.abort()
  }

  // Private

  #rest() {
    this.#follower?.stop()
    this.#news.stop()
  }

  /** @param {string} negotiationId */
  #begin(negotiationId) {
    this.#rest()
    this.#path?.close()
    const path = this.#createPath({
      peerId: this.hostPeerId,
      negotiationId,
      delegate: this,
      signal: (signal) => this.#signal(this.hostPeerId, negotiationId, signal),
    })
    this.#path = path
    this.#follower = this.#createFollower({ host: path, epoch: () => this.epoch, synced: () => this.#delegate.roleSynced() })
    for (const signal of this.#early.take(negotiationId)) path.receiveSignal(signal)
  }
}
