import { sizeOf } from "../wire/content.js"
import { P2pError } from "../base/errors.js"
import { SNAPSHOT_STATES } from "../base/limits.js"
import { ACK, DATA, encodeFrame, isRoutedFrame, STATE, SUCCEED, SYNC } from "../wire/frames.js"
import { Allowances } from "./allowance.js"
import { Entrance } from "./entrance.js"
import { Guest } from "./downstream.js"
import { Presence } from "../wire/presence.js"
import { Relay } from "../messaging/sequencer.js"
import { Roster } from "./roster.js"
import { Switchboard } from "./router.js"

/**
 * What a role tells the peer that plays it.
 *
 * @typedef {object} RoleDelegate
 * @property {() => void} roleChanged the state is another one
 * @property {() => void} rolePeersChanged
 * @property {() => void} roleRenumbered a client's host has its session back under a later epoch
 * @property {() => void} roleSynced what waits to be sent may be sent
 * @property {(frame: import("../wire/frames.js").RoutedFrame) => void} roleRouted a frame for this peer from another one
 * @property {() => void} roleDrained there is room again for what waits to be sent
 * @property {() => void} roleAppointed the host wants this client to be the next host
 * @property {() => void} roleYields the next host is ready to take this host's place
 * @property {() => void} roleFollowed the next host has taken it
 * @property {(error: P2pError) => void} roleLost a client has lost its host
 * @property {(roster: Record<string, import("../wire/frames.js").PeerState>) => void} roleReported a host's roster for the server
 *
 * @typedef {Pick<import("../transport/direct_path.js").ConnectionOptions, "peerId" | "negotiationId" | "delegate" | "signal">} ConnectionSetup
 *
 * @typedef {object} RoleOptions
 * @property {string} peerId
 * @property {string} hostPeerId
 * @property {number} epoch
 * @property {RoleDelegate} delegate
 * @property {(to: string, negotiation: string, signal: import("../transport/negotiation.js").Signal) => void} signal
 * @property {(options: ConnectionSetup) => import("../transport/direct_path.js").Connection} createConnection
 * @property {import("../base/clock.js").Clock} clock
 * @property {import("../messaging/broadcast.js").Broadcast} broadcast
 * @property {import("../messaging/known_peers.js").KnownPeers} knownPeers
 * @property {Map<string, import("../wire/frames.js").PeerState>} [peers] the last picture of the session
 */

/** The part of the host: it offers to every newcomer, passes messages on, and says who is there. */
export class HostRole {
  iamHost = true
  isPaced = false
  /** @type {"connected" | "closed"} */
  state = "connected"
  #peerId
  #delegate
  #signal
  #createConnection
  #clock
  #switchboard
  #roster
  #presence = new Presence()
  /** @type {Map<string, Guest>} */
  #guests = new Map()
  #negotiations = 0
  #relay
  #allowances
  #entrance
  /** Who is to be the next host, and whether this one has made room for it. @type {string | null} */
  #successor = null
  #hasYielded = false

  /** @param {RoleOptions} options */
  constructor({ peerId, epoch, delegate, signal, createConnection, clock, broadcast, knownPeers }) {
    this.#peerId = this.hostPeerId = peerId
    this.epoch = epoch
    this.#delegate = delegate
    this.#signal = signal
    this.#createConnection = createConnection
    this.#clock = clock
    this.#relay = new Relay({ broadcast, knownPeers, clock, delegate: this, epoch })
    this.#switchboard = new Switchboard({ peerId, delegate: this })
    this.#allowances = new Allowances(clock)
    this.#entrance = new Entrance({ clock, allowances: this.#allowances, negotiating: () => this.#guests.size - this.connected().length })
    this.#presence.set(peerId, "connected")
    this.#roster = new Roster({ clock, report: () => delegate.roleReported(this.#presence.toJSON()) })
  }

  get peers() {
    return this.#presence.states
  }

  get hostEpoch() {
    return this.epoch
  }

  // What the server says

  /**
   * The server had forgotten this host, and has it back under a later epoch; its connections live on.
   * @param {number} epoch
   */
  resume(epoch) {
    this.epoch = epoch
    this.#relay.resume(epoch)
    this.#sendToAll(this.#encodeStates([], false))
  }

  /**
   * A newcomer asks for a connection, and gets it when it is its turn.
   * @param {string} peerId
   * @param {boolean} [canSend]
   */
  peerReady(peerId, canSend = true) {
    if (this.state !== "closed") this.#entrance.ask(peerId, () => this.#connect(peerId, canSend))
  }

  /**
   * An earlier connection of the same peer is over.
   * @param {string} peerId
   * @param {boolean} canSend
   */
  #connect(peerId, canSend) {
    this.#guests.get(peerId)?.close(new P2pError("peer_replaced"))
    const negotiationId = `${this.epoch}-${++this.#negotiations}`
    const connection = this.#createConnection({
      peerId,
      negotiationId,
      delegate: this,
      signal: (signal) => this.#signal(peerId, negotiationId, signal),
    })
    const flooded = (/** @type {P2pError} */ error) => this.#dismiss(connection, error)
    this.#guests.set(peerId, new Guest({ connection, canSend, clock: this.#clock, flooded, allowance: this.#allowances.of(peerId) }))
    this.#setState(peerId, "negotiating")
    connection.offer()
  }

  /**
   * A peer's socket is gone; that matters only while it negotiates.
   * @param {string} peerId
   */
  peerLeft(peerId) {
    this.#entrance.forget(peerId)
    const guest = this.#guests.get(peerId)
    if (guest && !guest.isConnected) this.#dismiss(guest.connection)
  }

  /**
   * The app has thrown a peer out.
   * @param {string} peerId
   * @param {P2pError} error
   */
  expel(peerId, error) {
    this.#entrance.forget(peerId)
    const guest = this.#guests.get(peerId)
    if (guest) this.#dismiss(guest.connection, error)
  }

  /**
   * @param {string} from
   * @param {string} negotiationId
   * @param {import("../transport/negotiation.js").Signal} signal
   */
  receiveSignal(from, negotiationId, signal) {
    const connection = this.#guests.get(from)?.connection
    const offered = "description" in signal && signal.description.type !== "answer"
    if (connection?.negotiationId === negotiationId && !offered) connection.receiveSignal(signal)
  }

  // What the connections say

  /** @param {import("../transport/direct_path.js").Connection} connection */
  connectionChanged(connection) {
    const { peerId, state } = connection
    const guest = this.#guestOf(connection)
    if (guest === null) return
    if (state === "connected") this.#relay.connected(guest)
    // The whole picture comes before any change to it.
    const error = state === "connected" ? this.#sendSnapshot(connection) : null
    if (error) connection.end(error)
    else this.#setState(peerId, state)
    this.#entrance.look()
  }

  /**
   * @param {import("../transport/direct_path.js").Connection} connection
   * @param {import("../wire/frames.js").Frame} frame
   * @param {import("../wire/content.js").Packet} packet
   */
  connectionReceived(connection, frame, packet) {
    const guest = this.#guestOf(connection)
    if (!guest) return
    if (isRoutedFrame(frame)) this.#switchboard.admit(guest, frame, sizeOf(packet))
    if (frame.type === DATA) this.#relay.admit(guest, frame, sizeOf(packet))
    if (frame.type === SYNC) this.#relay.meet(guest, frame)
    if (frame.type === ACK) this.#relay.shown(guest, frame.n)
    if (frame.type === SUCCEED) this.#yieldTo(connection.peerId)
  }

  /** Once: what a client says again and again doesn't keep this host from the server. @param {string} peerId */
  #yieldTo(peerId) {
    if (peerId !== this.#successor || this.#hasYielded) return
    this.#hasYielded = true
    this.#delegate.roleYields()
  }

  connectionDrained() {
    this.#delegate.roleDrained()
  }

  /**
   * @param {import("../transport/direct_path.js").Connection} connection
   * @param {P2pError} error
   */
  connectionEnded(connection, error) {
    const guest = this.#guestOf(connection)
    if (!guest) return
    guest.close()
    if (error.code === "rate_limited" || error.code === "bad_request") guest.allowance.punish()
    this.#guests.delete(connection.peerId)
    this.#relay.settle()
    this.#setState(connection.peerId, "disconnected")
    if (connection.peerId === this.#successor && error.code === "stale_epoch") this.#delegate.roleFollowed()
    this.#entrance.look()
  }

  // What the relay says

  /** The clients that get messages. */
  synced() {
    return this.connected().filter(({ isSynced }) => isSynced)
  }

  /** @param {import("../wire/content.js").Packet} packet */
  relayed(packet) {
    this.#sendTo(this.synced(), packet)
  }

  /**
   * @param {Guest} guest
   * @param {P2pError} error
   */
  relayFailed(guest, error) {
    this.#dismiss(guest.connection, error)
  }

  // What the switchboard says

  connected() {
    return [...this.#guests.values()].filter(({ isConnected }) => isConnected)
  }

  /** @param {string} peerId */
  connectedTo(peerId) {
    const guest = this.#guests.get(peerId)
    return guest?.isConnected ? guest : null
  }

  /** @param {import("../wire/frames.js").RoutedFrame} frame */
  routedHere(frame) {
    this.#delegate.roleRouted(frame)
  }

  /**
   * @param {Guest} guest
   * @param {P2pError} error
   */
  routeFailed(guest, error) {
    this.#dismiss(guest.connection, error)
  }

  // What the app says

  /**
   * Asks a client to be the next host.
   * @param {string} peerId
   * @returns {boolean} whether there is such a client
   */
  appoint(peerId) {
    const guest = this.#guests.get(peerId)
    if (!guest?.isSynced || !guest.isConnected) return false
    this.#successor = peerId
    this.#hasYielded = false
    guest.connection.trySend({ type: SUCCEED })
    return true
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
    this.#relay.sendOwn(this.#peerId, id, content)
    this.#relay.settle()
  }

  /**
   * Hands a frame to those that it is for.
   * @param {import("../wire/frames.js").RoutedFrame} frame
   */
  route(frame) {
    this.#switchboard.route(this.#peerId, frame)
  }

  /**
   * How many bytes of files wait on the way to some peers: at the fullest of the connections.
   * @param {string[]} to
   */
  buffered(to) {
    return Math.max(0, ...to.map((peerId) => this.connectedTo(peerId)?.connection.buffered ?? 0))
  }

  /** A host has nobody else to let go of. */
  giveUp() {}

  /**
   * Ends the part: every client is told why.
   * @param {P2pError} [reason] none for a host that leaves
   */
  stop(reason) {
    for (const guest of this.#release()) guest.close(reason)
  }

  /** Ends the part within this turn of the event loop. */
  abort() {
    for (const guest of this.#release()) guest.abort()
  }

  // Private

  #release() {
    this.#roster.stop()
    this.#relay.stop()
    this.#entrance.stop()
    this.state = "closed"
    const guests = [...this.#guests.values()]
    this.#guests.clear()
    return guests
  }

  /** @param {import("../transport/direct_path.js").Connection} connection */
  #guestOf(connection) {
    const guest = this.#guests.get(connection.peerId)
    return guest?.connection === connection ? guest : null
  }

  /**
   * @param {import("../transport/direct_path.js").Connection} connection
   * @param {P2pError} [error]
   */
  #dismiss(connection, error) {
    connection.close(error)
    this.connectionEnded(connection, error ?? new P2pError("host_lost"))
  }

  /** @param {import("../wire/content.js").Packet} packet */
  #sendToAll(packet) {
    this.#sendTo(this.connected(), packet)
  }

  /**
   * @param {Guest[]} guests
   * @param {import("../wire/content.js").Packet} packet
   */
  #sendTo(guests, packet) {
    const failures = []
    for (const { connection } of guests) {
      const error = connection.failureToSend(packet)
      if (error) failures.push(() => connection.end(error))
    }
    // Only now, for the app may send from within what it is told, and nobody shall get that first.
    for (const end of failures) end()
  }

  /**
   * @param {string} peerId
   * @param {import("../wire/frames.js").PeerState} state
   */
  #setState(peerId, state) {
    if (!this.#presence.set(peerId, state)) return
    this.#sendToAll(this.#encodeStates([[peerId, state]], false))
    this.#roster.changed()
    this.#delegate.rolePeersChanged()
  }

  /** @param {import("../transport/direct_path.js").Connection} connection */
  #sendSnapshot(connection) {
    const states = Object.entries({ ...this.#presence.toJSON(), [connection.peerId]: connection.state })
    for (let start = 0; start < states.length; start += SNAPSHOT_STATES) {
      const text = this.#encodeStates(states.slice(start, start + SNAPSHOT_STATES), start === 0)
      const error = connection.failureToSend(text)
      if (error) return error
    }
    return null
  }

  /**
   * @param {[string, import("../wire/frames.js").PeerState][]} states
   * @param {boolean} full whether they take the place of what was told before
   */
  #encodeStates(states, full) {
    const readers = states.map(([peerId]) => peerId).filter((peerId) => this.#guests.get(peerId)?.canSend === false)
    return encodeFrame({ type: STATE, senderId: this.#peerId, data: Object.fromEntries(states), epoch: this.epoch, ...(full && { full }), ...(readers.length > 0 && { readers }) })
  }
}
