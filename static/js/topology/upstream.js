import { Bucket } from "../base/token_bucket.js"
import { EarlySignals } from "./early_signals.js"
import { P2pError } from "../base/errors.js"
import { DOUBT_MS, OFFERS, PEERS_EVENTS, RENUMBERINGS } from "../base/limits.js"
import { DATA, DIRECT, encodeFrame, FAST, isRoutedFrame, isSpeech, RECEIVED, STATE, SUCCEED } from "../wire/frames.js"
import { News } from "./news.js"
import { isFirstPath, linkOf } from "../wire/link.js"
import { Presence } from "../wire/presence.js"

/**
 * The role of a client: it waits for the host's offer and has one link, to the host.
 *
 * @typedef {import("../wire/link.js").Link} Link
 */
export class Upstream {
  iamHost = false
  /** Messages to single peers have to be paced, because the host passes them on at a limited rate. */
  isPaced = true
  #peerId
  #delegate
  #signal
  #relay
  #createLink
  #createFollower
  #presence
  /** Tells that the list of peers has changed. */
  #news
  /** The peers that may not send. @type {Set<string>} */
  #readers = new Set()
  #offers
  #renumberings
  /** @type {Link | null} */
  #link = null
  /** Takes in what comes over the link. @type {import("./role.js").Follower | null} */
  #follower = null
  #early = new EarlySignals()
  /** The last negotiation that the host has begun. */
  #negotiationId = ""

  /** @param {import("./role.js").RoleOptions} options */
  constructor({ peerId, hostPeerId, epoch, delegate, signal, relay, createLink, createFollower, peers, clock }) {
    this.#peerId = peerId
    this.hostPeerId = hostPeerId
    this.epoch = epoch
    /** The epoch that the host says it has by now. News from the server is judged by `epoch` and not by this one, because a host may say anything. */
    this.hostEpoch = epoch
    this.#presence = new Presence(peers) // until the host sends a new list
    this.#delegate = delegate
    this.#signal = signal
    this.#relay = relay
    this.#createLink = createLink
    this.#createFollower = createFollower
    this.#offers = new Bucket({ ...OFFERS, clock })
    this.#renumberings = new Bucket({ ...RENUMBERINGS, clock })
    this.#news = new News({ rate: PEERS_EVENTS, clock, tell: () => this.#tell() })
  }

  /** @returns {import("../wire/frames.js").PeerState} */
  get state() {
    return this.#link?.state ?? "negotiating"
  }

  /** Whether the host has said which messages it has, so that this peer's messages may go out. */
  get isSynced() {
    return this.#follower?.isSynced ?? false
  }

  /** Whether the host isn't to blame for its silence. */
  get isExcused() {
    return this.#link?.isExcused ?? false
  }

  /** Whether the host has made an offer. */
  get hasOffer() {
    return this.#link !== null
  }

  /** Whether there is an offer, and the connection isn't made yet. */
  get isNegotiating() {
    return this.#link?.state === "negotiating" || this.#link?.state === "connecting"
  }

  get peers() {
    return this.#presence.states
  }

  /** What a time-out means in the present state. */
  timeoutError() {
    return this.#link?.timeoutError() ?? new P2pError("connect_timeout")
  }

  // What the server says

  /**
   * @param {string} from
   * @param {string} negotiationId
   * @param {import("../wire/sdp.js").Signal} signal
   * @param {import("../wire/link.js").SignalDetails} [details]
   */
  receiveSignal(from, negotiationId, signal, { link = negotiationId, restart } = {}) {
    if (from !== this.hostPeerId) return
    const offers = "description" in signal && signal.description.type === "offer"
    if (offers && negotiationId !== this.#negotiationId) {
      // A host can't go on with a link that this page doesn't have: the two ends count what they send each other.
      if ((link !== negotiationId && link !== this.#link?.id) || !this.#offers.tryTake(1)) return
      if (link === negotiationId) this.#begin(link)
      this.#negotiationId = negotiationId
    }
    if (!this.#link?.receiveSignal(negotiationId, signal, restart)) this.#early.add(negotiationId, signal)
    else if (offers) for (const early of this.#early.take(negotiationId)) this.#link.receiveSignal(negotiationId, early)
  }

  /**
   * @param {string} from
   * @param {string} name of a path over the server
   * @param {import("../wire/link.js").Batch} batch
   */
  receiveBatch(from, name, batch) {
    if (from !== this.hostPeerId) return
    const id = linkOf(name)
    // The host's call may come before its offer, and begins the link as that does.
    if (id !== this.#link?.id && isFirstPath(name) && batch.n === 0 && this.#offers.tryTake(1)) this.#begin(id)
    this.#link?.receiveBatch(name, batch)
  }

  /** This peer is connected to the server. */
  serverReached() {
    this.#link?.serverReached()
  }

  /** The network may have changed. */
  suspect() {
    this.#link?.suspect(DOUBT_MS)
  }

  /** There are other ICE servers. */
  configure() {
    this.#link?.configure()
  }

  /** Whether this peer has to be connected to the server. */
  get needsServer() {
    return this.#link?.needsServer ?? true
  }

  /** The link that the host is to mend. */
  get brokenLink() {
    return this.#link?.asksForRepair ? this.#link.id : undefined
  }

  /** The links, by the peers at their other ends. @returns {Map<string, Link>} */
  get links() {
    return new Map(this.#link ? [[this.hostPeerId, this.#link]] : [])
  }

  // What the link says

  /** @param {Link} link */
  linkChanged(link) {
    if (link !== this.#link) return
    if (link.state === "connected") this.#follower?.begin()
    this.#delegate.roleChanged()
  }

  /**
   * @param {Link} link
   * @param {import("../wire/frames.js").Frame} frame
   * @param {import("../wire/link.js").Packet} packet
   */
  linkReceived(link, frame, packet) {
    if (link !== this.#link) return
    if (frame.type === STATE) return this.#receivedState(frame)
    this.#news.flush()
    if (this.state === "closed") return // the app has left from within what it was told
    if (isRoutedFrame(frame)) this.#receivedRouted(frame)
    else if (frame.type === SUCCEED) this.#delegate.roleAppointed(frame)
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
    if (epoch > this.hostEpoch && this.#renumberings.tryTake(1)) this.#renumber(epoch)
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

  linkDrained() {
    this.#delegate.roleDrained()
  }

  /** @param {Link} link */
  linkRouted(link) {
    if (link === this.#link) this.#delegate.rolePathChanged(link)
  }

  /** @param {Link} link */
  linkJudged(link) {
    if (link === this.#link) this.#delegate.roleQualityChanged(link)
  }

  linkMoved() {
    this.#delegate.roleMoved()
  }

  linkSuspected() {
    this.#delegate.roleSuspects()
  }

  /** @param {Link} _link @param {P2pError} error */
  linkWarned(_link, error) {
    this.#delegate.roleWarned(error)
  }

  /**
   * @param {Link} link
   * @param {P2pError} error
   */
  linkEnded(link, error) {
    if (link !== this.#link) return
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
    return this.#link?.buffered ?? 0
  }

  get #talking() {
    if (!this.#link) throw new P2pError("not_joined")
    return this.#link
  }

  /** Says that this client is ready to be the host. */
  volunteer() {
    this.#link?.trySend({ type: SUCCEED })
  }

  /** Gives up a host that doesn't do its part. @param {P2pError} reason */
  giveUp(reason) {
    this.#link?.end(reason)
  }

  /** @param {P2pError} [reason] */
  stop(reason) {
    this.#rest()
    this.#link?.close(reason)
  }

  /** Ends the role within this turn of the event loop. */
  abort() {
    this.#rest()
    this.#link?.abort()
  }

  // Private

  #rest() {
    this.#follower?.stop()
    this.#news.stop()
  }

  /** @param {string} id also the name of the host's first negotiation */
  #begin(id) {
    this.#rest()
    this.#link?.close()
    const link = this.#createLink({
      peerId: this.hostPeerId,
      id,
      isHost: false,
      delegate: this,
      signal: (negotiationId, signal) => this.#signal(this.hostPeerId, negotiationId, signal),
      relay: (name, batch, answered) => this.#relay(this.hostPeerId, name, batch, answered),
    })
    this.#link = link
    this.#negotiationId = id
    this.#follower = this.#createFollower({ host: link, epoch: () => this.epoch, synced: () => this.#delegate.roleSynced() })
    link.begin()
  }
}
