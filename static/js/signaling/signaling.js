// The connection to the server, over Socket.IO.
import { Manager } from "socket.io-client"

import { Timer, systemClock } from "../base/clock.js"
import { P2pError } from "../base/errors.js"
import { BAD } from "../base/fields.js"
import { Fallback } from "./fallback.js"
import { Reachability } from "./reachability.js"
import { Search } from "./search.js"
import { readAnswer, readNotice } from "./notices.js"

/** Milliseconds that the server has to answer a packet. */
export const ACK_TIMEOUT_MS = 5_000
/** Milliseconds that it has if the connection may be dead. */
export const CHECK_TIMEOUT_MS = 1_500
/** Milliseconds that a WebSocket has to open, before something else is tried beside it. */
export const PATIENCE_MS = 2_000
/** Milliseconds between two attempts to reach the server: at first, and at most. */
export const RECONNECT_MS = 300
export const RECONNECT_MAX_MS = 2_000

/**
 * The connection to the server. Only this file knows Socket.IO.
 *
 * @typedef {{ peer_id: string, host_peer_id: string, epoch: number, ice_servers: RTCIceServer[], seat?: string, can_send?: boolean, can_host?: boolean, ends_in_ms?: number, ice_expires_in_ms?: number, relay?: import("../wire/link.js").Relay, link?: string }} Ready
 * @typedef {{ host_peer_id: string | null, epoch: number, reason: string }} HostChange
 * @typedef {{ from: string, epoch: number, negotiation: string, description?: RTCSessionDescriptionInit, candidates?: RTCIceCandidateInit[] } & import("../wire/link.js").SignalDetails} IncomingSignal
 * @typedef {{ from: string, epoch: number, negotiation: string } & import("../wire/link.js").Batch} IncomingBatch
 *
 * @typedef {object} SignalingDelegate
 * @property {(ready: Ready) => void} signalingReady this peer has joined; or, if this peer is the host, a newcomer has
 * @property {(signal: IncomingSignal) => void} signalingReceived
 * @property {(batch: IncomingBatch) => void} signalingRelayed something that another peer has sent over the server
 * @property {(change: HostChange) => void} signalingHostChanged
 * @property {(peerId: string) => void} signalingPeerLeft
 * @property {(peerId: string, error: P2pError) => void} signalingExpelled the app has removed another peer
 * @property {(error: P2pError) => void} signalingRefused the server has refused this peer, or has removed it
 * @property {() => void} signalingDropped the connection to the server is lost, and is being made again
 * @property {() => Record<string, unknown>} signalingCredentials what a join tells the server besides the token
 * @property {(epoch: number) => { ok: boolean, epoch: number }} signalingProbed the server asks whether this peer is still the host
 * @property {() => boolean} signalingSeeks whether this peer still has to join, now that the server has answered a join from before it knew that
 */
export class Signaling {
  #delegate
  #manager
  #socket
  #reachability
  #search
  /** Long polling, where the server allows it. @type {Fallback | null} */
  #fallback
  /** Runs while an attempt to open a connection does. */
  #patience
  /** Whether the server has yet to answer a join, and whether another one was asked for meanwhile. */
  #isJoining = false
  #isDue = false

  /**
   * @param {object} options
   * @param {string} options.url the server's origin
   * @param {string} options.path Socket.IO's path on it
   * @param {string} options.namespace
   * @param {() => string} options.token the present token
   * @param {boolean} [options.mayPoll] whether the server allows long polling
   * @param {import("../base/clock.js").Clock} [options.clock]
   * @param {SignalingDelegate} options.delegate
   */
  constructor({ url, path, namespace, token, mayPoll = false, clock = systemClock, delegate }) {
    this.#delegate = delegate
    this.#reachability = new Reachability({ url, path, mayPoll, clock })
    this.#search = new Search({ look: () => this.#reachability.look(), clock })
    this.#patience = new Timer(clock)
    // A connection of its own, so that other uses of Socket.IO in the page aren't disturbed. A WebSocket first, because long polling notices
    // late that a peer is gone.
    this.#manager = new Manager(url, {
      path,
      transports: ["websocket"],
      autoConnect: false,
      reconnectionDelay: RECONNECT_MS,
      reconnectionDelayMax: RECONNECT_MAX_MS,
    })
    this.#socket = this.#manager.socket(namespace, { auth: (send) => send({ token: token(), ...this.#claims() }) })
    this.#fallback = mayPoll ? new Fallback(this.#manager.opts) : null
    this.#listen()
  }

  get isConnected() {
    return this.#socket.connected
  }

  /** Whether the connection is being made. */
  get isConnecting() {
    return this.#socket.active && !this.#socket.connected
  }

  /** Why the server isn't reached, as far as that is known. */
  get loss() {
    return this.#reachability.error
  }

  /**
   * Joins: opens the socket, or joins again on an open one. A join that isn't answered yet is waited for: the host takes a second one for another page's, and closes
   * the link that the first one gets.
   */
  join() {
    this.#search.stop()
    if (this.#isJoining) this.#isDue = true
    else if (this.#socket.connected) this.#rejoin()
    else if (!this.#socket.active) this.#connect() // an active socket is connecting already
  }

  /**
   * Looks for the server until it can be reached, or until this peer joins or leaves. Nothing is joined meanwhile.
   * @param {() => void} found
   */
  search(found) {
    this.#search.start(found)
  }

  /** The connection may be dead without the browser knowing it. Joins again; if the server doesn't answer that soon, makes another connection. */
  check() {
    if (!this.#socket.connected) return this.join()
    this.#request("session_join", this.#claims(), (answer) => {
      if (answer.error?.code !== "signaling_lost") return this.#rejoined(answer)
      if (!this.#socket.connected) return
      this.#disconnect()
      this.#connect()
    }, CHECK_TIMEOUT_MS)
  }

  /** The network is back. Connects at once, because Socket.IO doesn't notice that, and would wait for its next attempt. */
  hurry() {
    if (this.#socket.connected || !this.#socket.active) return
    // Disconnect first: opening the manager by hand during its own reconnection would keep it from ever reconnecting again.
    this.#disconnect()
    this.#connect()
  }

  /**
   * Sends a signal to one peer. If it gets lost, the negotiation sends it again.
   * @param {string} to
   * @param {number} epoch
   * @param {string} negotiation
   * @param {import("../wire/sdp.js").Signal} signal
   * @param {import("../wire/link.js").SignalDetails} [details]
   */
  signal(to, epoch, negotiation, signal, details) {
    if (!this.#socket.connected) return
    if ("candidates" in signal) {
      this.#socket.emit("ice_candidate", { to, epoch, negotiation, candidates: signal.candidates })
      return
    }
    const event = signal.description.type === "offer" ? "sdp_offer" : "sdp_answer"
    this.#request(event, { to, epoch, negotiation, description: signal.description, ...(event === "sdp_offer" && details) }, (answer) => {
      if (answer.error?.code === "no_such_peer") this.#delegate.signalingPeerLeft(to)
      if (answer.error?.code === "stale_epoch") this.join() // there is a later epoch that this peer doesn't know of
    })
  }

  /**
   * Gives the server something for another peer.
   * @param {string} to
   * @param {number} epoch
   * @param {string} negotiation
   * @param {import("../wire/link.js").Batch} batch
   * @param {(error: P2pError | null) => void} answered
   */
  relay(to, epoch, negotiation, batch, answered) {
    if (!this.#socket.connected) return queueMicrotask(() => answered(new P2pError("signaling_lost")))
    this.#request("relay", { to, epoch, negotiation, ...batch }, ({ ok, error }) => {
      answered(ok ? null : P2pError.fromPayload(error))
      if (error?.code === "stale_epoch") this.join() // there is a later epoch that this peer doesn't know of
    })
  }

  /**
   * Tells the server who is here. If this host has missed that another one was elected, it learns that from the answer, and joins anew.
   * @param {number} epoch
   * @param {Record<string, string>} peers
   */
  report(epoch, peers) {
    if (!this.#socket.connected) return
    this.#request("session_roster", { epoch, peers }, (answer) => {
      if (answer.error?.code === "stale_epoch" || answer.error?.code === "forbidden") this.join()
    })
  }

  /**
   * Leaves the session and closes the socket.
   * @param {"connected" | "closed"} reason
   * @param {string} [successor] who is to follow this host
   */
  leave(reason, successor) {
    if (this.#socket.connected) this.#socket.emit("session_leave", { reason, ...(successor !== undefined && { successor }) })
    this.#search.stop()
    this.#reachability.reset()
    this.#disconnect()
  }

  // Private

  #connect() {
    this.#wait()
    this.#socket.connect()
  }

  /** What a join says besides the token. */
  #claims() {
    this.#isJoining = true
    return this.#delegate.signalingCredentials()
  }

  /** The server has answered a join, or can't any more. @param {boolean} [isIn] whether this peer is in the session */
  #answered(isIn = false) {
    const isDue = this.#isDue && isIn
    this.#isJoining = this.#isDue = false
    if (isDue && this.#delegate.signalingSeeks()) this.#rejoin()
  }

  #disconnect() {
    this.#answered()
    this.#patience.stop()
    this.#socket.disconnect()
    // Socket.IO keeps packets that it couldn't send for the next connection. There, a goodbye of this one would leave the session
    // that the page has joined in the meantime.
    this.#socket.sendBuffer = []
    this.#socket.receiveBuffer = []
  }

  #listen() {
    const socket = this.#socket
    this.#hear("session_ready", (ready) => this.#delegate.signalingReady(ready))
    for (const event of ["sdp_offer", "sdp_answer", "ice_candidate"]) this.#hear(event, (signal) => this.#delegate.signalingReceived(signal))
    this.#hear("relay", (batch) => this.#delegate.signalingRelayed(batch))
    this.#hear("host_changed", (change) => this.#delegate.signalingHostChanged(change))
    this.#hear("peer_expelled", ({ peer_id, error }) => this.#delegate.signalingExpelled(peer_id, P2pError.fromPayload(error)))
    this.#hear("peer_left", ({ peer_id }) => this.#delegate.signalingPeerLeft(peer_id))
    this.#hear("host_probe", ({ epoch }, answer) => answer?.(this.#delegate.signalingProbed(epoch)))
    socket.on("session_error", (payload) => this.#dismissed(P2pError.fromPayload(payload)))
    socket.on("connect_error", (error) => this.#connectFailed(error))
    socket.on("connect", () => this.#connected())
    socket.on("disconnect", (reason) => this.#disconnected(reason))
    this.#manager.on("reconnect_attempt", () => this.#wait())
  }

  /** Gives an attempt its time. A WebSocket that isn't answered at all fails late. */
  #wait() {
    this.#patience.start(PATIENCE_MS, () => this.#missed())
  }

  /** No connection has opened: finds out why, and tries long polling where it may. Socket.IO goes on trying, until the attempt's own time-out ends that. */
  #missed() {
    void this.#reachability.missed()
    void this.#fallback?.next().then((isUrgent) => { if (isUrgent) this.hurry() })
  }

  #connected() {
    this.#patience.stop()
    this.#search.succeed()
    this.#reachability.reset()
    this.#fallback?.succeed(this.#manager.engine.transport.name)
    this.#answered(true)
  }

  /**
   * Handles an event of the server. An invalid one is ignored: whoever waits for it has a time-out.
   * @param {string} event
   * @param {(notice: any, answer?: (answer: unknown) => void) => void} heard
   */
  #hear(event, heard) {
    this.#socket.on(event, (payload, answer) => {
      const notice = readNotice(event, payload)
      if (notice !== BAD) heard(notice, typeof answer === "function" ? answer : undefined)
    })
  }

  /** @param {Error & { data?: unknown }} error */
  #connectFailed(error) {
    this.#answered()
    this.#patience.stop()
    if (this.#socket.active) this.#missed()
    else this.#delegate.signalingRefused(P2pError.fromPayload(error.data))
  }

  /** @param {string} reason */
  #disconnected(reason) {
    this.#answered()
    if (reason === "io server disconnect") this.#delegate.signalingRefused(new P2pError("unavailable"))
    // For any other reason, Socket.IO connects again by itself.
    else if (this.#socket.active) this.#delegate.signalingDropped()
  }

  /**
   * The server has removed this peer. The client closes the socket itself, because a worker that doesn't hold the socket can't do so at once.
   * @param {P2pError} verdict
   */
  #dismissed(verdict) {
    this.#disconnect()
    this.#delegate.signalingRefused(verdict)
  }

  #rejoin() {
    this.#request("session_join", this.#claims(), (answer) => this.#rejoined(answer))
  }

  /** @param {{ ok: boolean, error?: any }} answer */
  #rejoined({ ok, error }) {
    this.#answered(ok)
    // If the socket is gone, that is no refusal: either this peer has left, or Socket.IO connects again, and joins then.
    if (!ok && this.#socket.connected) this.#delegate.signalingRefused(P2pError.fromPayload(error))
  }

  /**
   * @param {string} event
   * @param {Record<string, unknown>} payload
   * @param {(answer: any) => void} answered
   * @param {number} [timeoutMs]
   */
  #request(event, payload, answered, timeoutMs = ACK_TIMEOUT_MS) {
    this.#socket.timeout(timeoutMs).emit(event, payload, (/** @type {Error | null} */ late, /** @type {any} */ answer) => {
      // The server isn't blamed for being late: the page itself may have slept.
      answered(late ? { ok: false, error: { ...new P2pError("signaling_lost").toPayload(), retry_after_ms: RECONNECT_MS } } : readAnswer(answer))
    })
  }
}
