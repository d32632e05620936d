import { Roster } from "./roster.js"
import { sizeOf } from "../wire/content.js"
import { DOUBT_MS, MISSED_AFTER_MS } from "../base/limits.js"
import { sendToEach } from "../wire/link.js"
import { Announcements } from "./announcements.js"
import { ACK, DATA, isRoutedFrame, SUCCEED, SYNC } from "../wire/frames.js"
import { Connections } from "./connections.js"
import { P2pError } from "../base/errors.js"
import { Router } from "./router.js"

/**
 * The role of the host: it has a link to every client, passes on the frames that come over these links, and says who is there.
 *
 * @typedef {import("../wire/link.js").Link} Link
 * @typedef {import("./downstream.js").Downstream} Downstream
 */
export class Downstreams {
  iamHost = true
  isPaced = false
  /** @type {"connected" | "closed"} */
  state = "connected"
  #peerId
  #delegate
  #clock
  #connections
  #router
  #roster
  #announcements
  #sequencer
  /** Who is to be the next host, and whether this one has made room for it. @type {string | null} */
  #successor = null
  #hasYielded = false

  /** @param {import("./role.js").RoleOptions} options */
  constructor({ peerId, epoch, delegate, signal, relay, createLink, createSequencer, clock }) {
    this.#peerId = this.hostPeerId = peerId
    this.epoch = epoch
    this.#delegate = delegate
    this.#clock = clock
    this.#sequencer = createSequencer(epoch)
    this.#connections = new Connections({ signal, relay, createLink, clock, epoch: () => this.epoch, delegate: this })
    this.#router = new Router({ peerId, connections: this.#connections, received: (frame) => delegate.roleRouted(frame) })
    this.#announcements = new Announcements({
      peerId,
      clock,
      epoch: () => this.epoch,
      isReader: (reader) => this.#connections.get(reader)?.canSend === false,
      announce: (packet) => sendToEach(this.#connections.all.map(({ link }) => link), packet),
      changed: () => delegate.rolePeersChanged(),
    })
    this.#roster = new Roster({ clock, report: () => delegate.roleReported(Object.fromEntries(this.peers)) })
  }

  get peers() {
    return this.#announcements.peers
  }

  get hostEpoch() {
    return this.epoch
  }

  // What the server says

  /**
   * The server had forgotten this host (after a restart, say), and has taken it back under a later epoch. The host's connections live on.
   * @param {number} epoch
   */
  resume(epoch) {
    this.epoch = epoch
    this.#sequencer.resume(epoch)
    this.#announcements.announce()
  }

  /** This peer is connected to the server, which may have lost who is there. */
  serverReached() {
    this.#roster.changed()
  }

  /**
   * A newcomer asks for a connection, and gets it when its turn comes.
   * @param {string} peerId
   * @param {boolean} [canSend]
   * @param {string} [brokenLink] the link that it wants to have mended
   * @param {boolean} [canHost]
   */
  peerReady(peerId, canSend = true, brokenLink, canHost) {
    if (this.state !== "closed") this.#connections.ask(peerId, canSend, brokenLink, canHost)
  }

  /**
   * A peer's connection to the server is gone. That matters only while the peer negotiates: later, it needs no server.
   * @param {string} peerId
   */
  peerLeft(peerId) {
    const downstream = this.#connections.forget(peerId)
    if (downstream && !downstream.isConnected) downstream.link.dismiss(new P2pError("host_lost"))
  }

  /**
   * The app has removed a peer from the session.
   * @param {string} peerId
   * @param {P2pError} error
   */
  expel(peerId, error) {
    this.#connections.forget(peerId)?.link.dismiss(error)
  }

  /**
   * @param {string} from
   * @param {string} negotiationId
   * @param {import("../wire/sdp.js").Signal} signal
   */
  receiveSignal(from, negotiationId, signal) {
    this.#connections.receiveSignal(from, negotiationId, signal)
  }

  /**
   * @param {string} from
   * @param {string} name of a path over the server
   * @param {import("../wire/link.js").Batch} batch
   */
  receiveBatch(from, name, batch) {
    this.#connections.get(from)?.link.receiveBatch(name, batch)
  }

  /** The network may have changed. */
  suspect() {
    for (const { link } of this.connected()) link.suspect(DOUBT_MS)
  }

  /** There are other ICE servers. */
  configure() {
    for (const { link } of this.connected()) link.configure()
  }

  /** The links, by the peers at their other ends. @returns {Map<string, Link>} */
  get links() {
    return new Map(this.connected().map(({ peerId, link }) => [peerId, link]))
  }

  // What the connections say

  /** @param {Downstream} downstream */
  removed(downstream) {
    this.#sequencer.left(downstream)
  }

  // What the links say

  /** @param {Link} link */
  linkChanged(link) {
    const downstream = this.#connections.of(link)
    if (!downstream) return
    this.#setState(link.peerId, link.state)
    if (link.state === "connecting") downstream.triedAt = this.#clock.now()
    if (link.state === "connected") this.#welcome(downstream)
  }

  /**
   * Sends a new client the whole list of peers, before any change to that list.
   * @param {Downstream} downstream
   */
  #welcome(downstream) {
    this.#sequencer.connected(downstream)
    for (const packet of this.#announcements.snapshot) sendToEach([downstream.link], packet)
    this.#connections.add(downstream)
  }

  /**
   * @param {Link} link
   * @param {import("../wire/frames.js").Frame} frame
   * @param {import("../wire/link.js").Packet} packet
   */
  linkReceived(link, frame, packet) {
    if (isRoutedFrame(frame) || frame.type === DATA) this.#announcements.precede(link.peerId)
    // The app may have left, or thrown this peer out, from within what it was told.
    const downstream = this.#connections.of(link)
    if (!downstream) return
    if (isRoutedFrame(frame)) return this.#router.admit(downstream, frame, sizeOf(packet))
    switch (frame.type) {
      case DATA: return this.#sequencer.admit(downstream, frame, sizeOf(packet))
      case SYNC: return this.#sequencer.meet(downstream, frame)
      case ACK: return this.#sequencer.shown(downstream, frame.n)
      case SUCCEED: return this.#yieldTo(link.peerId)
    }
  }

  /** Yields to the next host. It does so once only: a client that repeats itself must not keep this host away from the server. @param {string} peerId */
  #yieldTo(peerId) {
    if (peerId !== this.#successor || this.#hasYielded) return
    this.#hasYielded = true
    this.#delegate.roleYields()
  }

  linkDrained() {
    this.#delegate.roleDrained()
  }

  /** @param {Link} link */
  linkRouted(link) {
    if (this.#connections.of(link)) this.#delegate.rolePathChanged(link)
  }

  /** @param {Link} link */
  linkJudged(link) {
    if (this.#connections.of(link)) this.#delegate.roleQualityChanged(link)
  }

  /** Nothing to do: the client makes up for what is lost. */
  linkMoved() {}

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
    const downstream = this.#connections.of(link)
    if (!downstream) return
    if (error.code === "rate_limited" || error.code === "bad_request") downstream.allowance.punish()
    this.#setState(link.peerId, "disconnected")
    const isMissed = this.#connections.connectedTo(link.peerId) !== downstream && this.#clock.now() - downstream.triedAt >= MISSED_AFTER_MS
    this.#connections.remove(downstream)
    if (isMissed) this.#delegate.roleMissed(link.peerId)
    if (link.peerId === this.#successor && error.code === "stale_epoch") this.#delegate.roleFollowed()
  }

  /** All clients that are connected. */
  connected() {
    return this.#connections.all
  }

  // What the app says

  /**
   * Asks a client to be the next host.
   * @param {string} peerId
   * @param {{ tried: string[], hung: number[] }} [chain] the hosts before, if the app hasn't chosen this client
   * @returns {boolean} whether there is such a client
   */
  appoint(peerId, chain) {
    const downstream = this.#connections.connectedTo(peerId)
    if (!downstream || !this.#sequencer.isSynced(downstream)) return false
    this.#successor = peerId
    this.#hasYielded = false
    downstream.link.trySend({ type: SUCCEED, ...chain })
    return true
  }

  /** Whether a client may be the host. @param {string} peerId */
  mayHost(peerId) {
    return this.#connections.connectedTo(peerId)?.canHost === true
  }

  get isSynced() {
    return this.state === "connected"
  }

  /**
   * Shows the host's own message to everyone.
   * @param {number} id
   * @param {import("../wire/content.js").Content} content
   */
  send(id, content) {
    this.#sequencer.sendOwn(this.#peerId, id, content)
  }

  /**
   * Hands a frame to those that it is for.
   * @param {import("../wire/frames.js").RoutedFrame} frame
   */
  route(frame) {
    this.#router.route(this.#peerId, frame)
  }

  /**
   * How many bytes of files wait to be sent to some peers. Of several links, the fullest one counts.
   * @param {string[]} to
   */
  buffered(to) {
    return Math.max(0, ...to.map((peerId) => this.#connections.connectedTo(peerId)?.link.buffered ?? 0))
  }

  /** Does nothing: a host has no other host that it could give up. */
  giveUp() {}

  /**
   * Ends the role, and tells every client why.
   * @param {P2pError} [reason] none for a host that leaves
   */
  stop(reason) {
    for (const downstream of this.#release()) downstream.close(reason)
  }

  /** Ends the role within this turn of the event loop. */
  abort() {
    for (const downstream of this.#release()) downstream.abort()
  }

  // Private

  #release() {
    this.#roster.stop()
    this.#announcements.stop()
    this.#sequencer.stop()
    this.state = "closed"
    return this.#connections.release()
  }

  /**
   * @param {string} peerId
   * @param {import("../wire/frames.js").PeerState} state
   */
  #setState(peerId, state) {
    if (this.#announcements.set(peerId, state)) this.#roster.changed()
  }
}
