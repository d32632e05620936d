import { Backoff } from "../../../static/js/base/backoff.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { LOOK_DELAYS_MS, Search } from "../../../static/js/signaling/search.js"

/** @typedef {import("./fake_clock.js").FakeClock} FakeClock */

/** Milliseconds that the seat of a host whose socket dropped stays reserved. */
export const GRACE_MS = 2_000

/** Milliseconds within which a host that a new record knows nothing of gets its seat back. */
export const RECOVERY_MS = 10_000

/** Milliseconds that a host's page may stand still, and that a client's word is good. */
export const IDLE_TIMEOUT_MS = 5_000
export const WORD_MS = 4_000
/** Milliseconds after which who has lost the host asks again. */
export const ASK_AGAIN_MS = 500

/** Milliseconds that a client's word is good that it doesn't reach the host; between two hosts that follow another for that; and for which such a host isn't elected for it. */
export const UNREACHED_MS = 40_000
export const DEPOSING_PAUSE_MS = 10_000
export const DEPOSED_MS = 60_000
/** How often in a row that may be, and after how many milliseconds it may be again. */
export const MAX_DEPOSINGS = 5
export const DEPOSING_REST_MS = 600_000
/** Milliseconds for which a free seat is kept for the peer that the host has asked to follow it. */
export const HEIR_MS = 2_000
/** Milliseconds that a new host has to get connected. */
export const UNREACHED_AFTER_MS = 5_000

const GONE = ["disconnected", "closed", "failed"]

/** One session of the server, in memory, after the rules of docs/protocol-signaling.md. */
export class FakeServer {
  isDown = false
  /** Whether a host hears by its roster's answer that it was followed by another. */
  answersRosters = false
  /** Refuses a join where it returns an error. @type {(peerId: string) => P2pError | null} */
  refuse = () => null
  /** What session_ready says besides. @type {Record<string, any>} */
  terms = {}
  /** Those who may only read, as it is told them when they join. @type {Set<string>} */
  readers = new Set()
  /** Those who may not host. @type {Set<string>} */
  followers = new Set()
  /** Loses a packet on its way to a peer where it returns true. @type {(event: string, payload: any, peerId: string) => boolean} */
  loses = () => false
  /** Refuses a batch where it returns an error. @type {(batch: any) => P2pError | null} */
  refuseBatch = () => null
  /** The number of the next election. @type {(epoch: number) => number} */
  nextEpoch = (epoch) => epoch + 1
  /** Milliseconds that a packet is on its way to a peer. @type {(peerId: string) => number} */
  latency = () => 0
  /** What the clients have said. @type {{ peerId: string, event: string, payload: any }[]} */
  log = []
  epoch = 0
  /** @type {string | null} */
  host = null
  /** @type {{ connected: Map<string, FakeSignaling>, active: Set<FakeSignaling> }} */
  #sockets = { connected: new Map(), active: new Set() }
  /** @type {number | null} */
  #absentSince = null
  /** The first election since the server knows of the session: when, and under which epoch. */
  #born = { at: 0, epoch: 0 }
  /** Hosts whose pages don't answer. @type {Set<string>} */
  hanging = new Set()
  /** Whom the host has told to be connected or present, and under which epoch. @type {{ epoch: number, connected: string[], present: string[] }} */
  #roster = { epoch: 0, connected: [], present: [] }
  /** Who has said when that the host is lost. @type {Map<string, number>} */
  #words = new Map()
  /** When the host was asked first without having answered. @type {number | null} */
  #askedAt = null
  /** Who has said when that it finds no path to the host. @type {Map<string, number>} */
  #unreached = new Map()
  /** Hosts that were followed because of that, and when. @type {Map<string, number>} */
  #deposed = new Map()
  #deposedAt = -Infinity
  #deposings = 0
  /** Whom the free seat is kept for. @type {{ peerId: string, until: number } | null} */
  #heir = null
  /** When the present host was elected. */
  #seatedAt = -Infinity
  #clock

  /** @param {FakeClock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  get clock() {
    return this.#clock
  }

  /** The peers that hold a socket. */
  get sockets() {
    return [...this.#sockets.connected.keys()]
  }

  /** What clients have said under this name. @param {string} event */
  heard(event) {
    return this.log.filter((entry) => entry.event === event)
  }

  // What happens to the server

  /** The server goes down without a word; every socket tries to come back. */
  stop() {
    this.isDown = true
    for (const peerId of this.sockets) this.dropSocket(peerId)
  }

  restart() {
    this.isDown = false
    for (const socket of this.#sockets.active) this.connect(socket)
  }

  /** The cache forgets the session. */
  forget() {
    this.host = this.#absentSince = null
    this.epoch = 0
    this.#born = { at: 0, epoch: 0 }
  }

  /**
   * The worker that holds the host's socket notices that the record is lost, or of an earlier epoch, and puts it back.
   * @param {string | null} host
   * @param {number} epoch
   */
  recall(host, epoch) {
    if (this.epoch >= epoch || !this.#sockets.connected.has(host ?? "")) return
    this.#seat(/** @type {string} */ (host), epoch, "resumed")
  }

  /** Another worker knows nothing of the session, and elects whom it sees. @param {number} epoch */
  forgetUntil(epoch) {
    this.forget()
    this.epoch = epoch
  }

  /** @param {string} peerId */
  dropSocket(peerId) {
    const socket = this.#sockets.connected.get(peerId)
    if (!socket) return
    socket.isConnected = false
    socket.answered()
    socket.delegate.signalingDropped()
    this.#gone(socket)
  }

  /**
   * Throws a socket out, as Socket.IO's `io server disconnect`.
   * @param {string} peerId
   * @param {P2pError} error
   */
  expel(peerId, error) {
    const socket = this.#sockets.connected.get(peerId)
    if (!socket) return
    this.#sockets.active.delete(socket)
    this.dropSocket(peerId)
    socket.delegate.signalingRefused(error)
  }

  /**
   * Sends to one peer's socket.
   * @param {string | null} peerId
   * @param {string} event
   * @param {any} payload
   */
  emit(peerId, event, payload) {
    const socket = this.#sockets.connected.get(peerId ?? "")
    if (!socket || (event !== "answer" && this.loses(event, payload, socket.peerId))) return
    const packet = structuredClone(payload)
    const { connections } = socket
    const deliver = () => { if (socket.isConnected && socket.connections === connections) socket.hear(event, packet) }
    const ms = this.latency(socket.peerId)
    if (ms > 0) this.#clock.setTimeout(deliver, ms)
    else queueMicrotask(deliver)
  }

  // What clients say

  /** @param {FakeSignaling} socket */
  connect(socket) {
    this.#sockets.active.add(socket)
    queueMicrotask(() => { if (!this.isDown && this.#sockets.active.has(socket) && !socket.isConnected && socket.isAwake) this.join(socket) })
  }

  /** @param {FakeSignaling} socket */
  joinAgain(socket) {
    if (this.holds(socket)) this.join(socket)
  }

  /** @param {FakeSignaling} socket */
  join(socket) {
    socket.isJoining = true
    const credentials = socket.delegate.signalingCredentials()
    this.log.push({ peerId: socket.peerId, event: "join", payload: credentials })
    const unknown = Object.keys(credentials).find((key) => !["seat", "lost_epoch", "connected_epoch", "unreached_epoch", "link", "idle_timeout_ms"].includes(key))
    const refusal = unknown ? new P2pError("bad_request", { message: `${unknown} is not known here` }) : this.refuse(socket.peerId) ?? this.#admit(socket.peerId, credentials, this.holds(socket))
    if (refusal) return this.#turnAway(socket, refusal)
    this.#replace(socket)
    if (!this.holds(socket)) {
      socket.isConnected = true
      socket.connections += 1
    }
    this.#sockets.connected.set(socket.peerId, socket)
    this.#welcome(socket.peerId, credentials.connected_epoch === this.epoch, credentials.link)
    this.emit(socket.peerId, "answer", {})
  }

  /**
   * @param {FakeSignaling} socket
   * @param {string} event
   * @param {any} payload
   */
  receive(socket, event, payload) {
    if (!this.holds(socket)) return
    this.log.push({ peerId: socket.peerId, event, payload })
    if (event === "session_leave") return this.#left(socket, payload.reason, payload.successor)
    if (event === "session_roster") return this.#read(socket, payload)
    const { to, ...signal } = payload
    if (signal.epoch !== this.epoch && event !== "ice_candidate") queueMicrotask(() => { if (socket.isConnected && socket.isAwake) socket.join() })
    if (signal.epoch !== this.epoch || ![to, socket.peerId].includes(this.host)) return
    if (this.#sockets.connected.has(to)) this.emit(to, event, { ...signal, from: socket.peerId })
    else if (event === "sdp_offer") socket.delegate.signalingPeerLeft(to)
  }

  /**
   * Passes a batch on.
   * @param {FakeSignaling} socket
   * @param {any} payload
   * @returns {P2pError | null}
   */
  relay(socket, { to, ...batch }) {
    if (!this.holds(socket)) return new P2pError("not_joined")
    if ((this.terms.relay ?? "off") === "off") return new P2pError("relay_off")
    if (batch.epoch !== this.epoch) return new P2pError("stale_epoch")
    if (![to, socket.peerId].includes(this.host)) return new P2pError("forbidden")
    if (!this.#sockets.connected.has(to)) return new P2pError("no_such_peer")
    const refusal = this.refuseBatch(batch)
    if (refusal) return refusal
    this.emit(to, "relay", { ...batch, from: socket.peerId })
    return null
  }

  /** Whether this is the peer's present socket. @param {FakeSignaling} socket */
  holds(socket) {
    return this.#sockets.connected.get(socket.peerId) === socket
  }

  /** Whether the client holds or wants a connection. @param {FakeSignaling} socket */
  isActive(socket) {
    return this.#sockets.active.has(socket)
  }

  /** The client doesn't try to come back. @param {FakeSignaling} socket */
  release(socket) {
    this.#sockets.active.delete(socket)
  }

  // Private

  /**
   * Takes a host's word on who is connected. A host that was followed by another learns of it by its roster's answer.
   * @param {FakeSignaling} socket
   * @param {{ epoch: number, peers: Record<string, string> }} roster
   */
  #read(socket, { epoch, peers }) {
    if (epoch === this.epoch && socket.peerId === this.host) {
      const all = Object.keys(peers).filter((peerId) => peerId !== this.host)
      this.#roster = { epoch, connected: all.filter((peerId) => peers[peerId] === "connected"), present: all.filter((peerId) => !GONE.includes(peers[peerId])) }
      this.#words.clear()
    }
    if (this.answersRosters && epoch < this.epoch) queueMicrotask(() => { if (socket.isConnected && socket.isAwake) socket.join() })
  }

  /**
   * @param {string} peerId
   * @param {any} credentials
   * @param {boolean} again whether the peer joins by the socket by which it has joined
   * @returns {P2pError | null}
   */
  #admit(peerId, { seat, lost_epoch, connected_epoch, unreached_epoch }, again) {
    const seated = seat?.peerId === peerId ? seat.epoch : -1
    if (again && peerId === this.host && seated === this.epoch && this.#absentSince === null) return null // that is no news
    if (seated >= 0 && (this.epoch === 0 || seated >= this.epoch)) return this.#seat(peerId, seated, "resumed")
    const isYoung = this.#clock.now() - this.#born.at <= RECOVERY_MS
    if (seated >= 0 && seated < this.#born.epoch && isYoung) return this.#seat(peerId, this.nextEpoch(this.epoch), "resumed")
    // Its host may only be away.
    if (connected_epoch !== undefined && (this.epoch === 0 || (connected_epoch === this.epoch && this.host !== null && this.#absentSince !== null))) return new P2pError("unavailable", { message: "The host may only be away.", retryAfterMls: ASK_AGAIN_MS })
    const elect = () => this.#seat(peerId, this.nextEpoch(this.epoch), "elected")
    const mayHost = !this.followers.has(peerId)
    if (this.host === null && !mayHost) return new P2pError("unavailable", { message: "There is no host.", retryAfterMls: ASK_AGAIN_MS })
    if (this.host === null && this.#heir !== null && this.#heir.peerId !== peerId && this.#clock.now() < this.#heir.until) return new P2pError("unavailable", { message: "Another peer is to be the host.", retryAfterMls: ASK_AGAIN_MS })
    if (this.host === null || this.host === peerId) return elect()
    const now = this.#clock.now()
    const hasLost = lost_epoch === this.epoch
    if (this.#absentSince === null) {
      if (unreached_epoch === this.epoch && connected_epoch === undefined && this.#isUnreached(peerId) && mayHost) {
        this.#deposed.set(this.host, now)
        this.#deposings = this.#deposingsInARow + 1
        this.#deposedAt = now
        return elect()
      }
      if (!hasLost || this.#isAnswered()) return null
      this.#askedAt ??= now
      this.#hear(peerId)
      if (this.#isLostToMost(2) || now - this.#askedAt >= IDLE_TIMEOUT_MS) return elect()
      return new P2pError("unavailable", { message: "The host does not answer.", retryAfterMls: ASK_AGAIN_MS })
    }
    if (hasLost) this.#hear(peerId)
    const remaining = GRACE_MS - (now - this.#absentSince)
    if (remaining <= 0 || (hasLost && this.#isLostToMost(1))) return elect()
    return new P2pError("unavailable", { message: "The host has just dropped.", retryAfterMls: hasLost ? Math.min(remaining, ASK_AGAIN_MS) : remaining })
  }

  /** Who never was connected has lost nobody. @param {string} peerId */
  #hear(peerId) {
    if (this.#roster.epoch === this.epoch && this.#roster.connected.includes(peerId)) this.#words.set(peerId, this.#clock.now())
  }

  get #deposingsInARow() {
    return this.#clock.now() - this.#deposedAt < DEPOSING_REST_MS ? this.#deposings : 0
  }

  /** A client finds no path to the host. @param {string} peerId @returns {boolean} whether enough have said so by now, and it may follow */
  #isUnreached(peerId) {
    const now = this.#clock.now()
    const { epoch, connected, present } = this.#roster
    const isTold = epoch === this.epoch
    const reached = isTold ? connected : []
    if (reached.includes(peerId)) return false
    this.#unreached.set(peerId, now)
    const isDeposed = now - (this.#deposed.get(peerId) ?? -Infinity) <= DEPOSED_MS
    if (isDeposed) this.#deposed.set(peerId, now)
    if (!isTold || now - this.#seatedAt < UNREACHED_AFTER_MS) return false
    if (this.#deposingsInARow >= MAX_DEPOSINGS) return false
    if (isDeposed || now - this.#deposedAt < DEPOSING_PAUSE_MS) return false
    const said = [...this.#unreached].filter(([who, at]) => now - at <= UNREACHED_MS && !reached.includes(who)).length
    const isAlone = [...present, ...this.sockets].every((who) => who === this.host || who === peerId)
    return said >= Math.max(isAlone ? 1 : 2, reached.length + 1)
  }

  /** @param {number} least how many have to say so in any case */
  #isLostToMost(least) {
    const said = [...this.#words.values()].filter((at) => this.#clock.now() - at <= WORD_MS).length
    return said >= Math.max(least, Math.floor(this.#roster.connected.length / 2) + 1)
  }

  /**
   * @param {string} peerId
   * @param {number} epoch
   * @param {string} reason
   */
  #seat(peerId, epoch, reason) {
    if (reason === "elected") this.#seatedAt = this.#clock.now()
    this.host = peerId
    this.epoch = epoch
    this.#absentSince = this.#askedAt = this.#heir = null
    this.#words.clear()
    this.#unreached.clear()
    if (this.#born.epoch === 0) this.#born = { at: this.#clock.now(), epoch }
    queueMicrotask(() => this.#announce(reason))
    return null
  }

  /** Asks the host whether it lives. */
  #isAnswered() {
    const socket = this.#sockets.connected.get(this.host ?? "")
    const answers = socket !== undefined && socket.isAwake && !this.hanging.has(socket.peerId) && socket.delegate.signalingProbed(this.epoch).ok
    if (answers) {
      this.#askedAt = null
      this.#words.clear()
    }
    return answers
  }

  /**
   * @param {string} peerId
   * @param {boolean} isConnected whether the peer needs no offer
   * @param {string} [link] the link that the peer wants to have mended
   */
  #welcome(peerId, isConnected, link) {
    const ready = { peer_id: peerId, host_peer_id: this.host, epoch: this.epoch, ice_servers: [{ urls: "stun:stun.example" }], ...this.terms, ...(this.readers.has(peerId) && { can_send: false }), ...(this.followers.has(peerId) && { can_host: false }) }
    if (peerId === this.host) return this.emit(peerId, "session_ready", { ...ready, seat: { peerId, epoch: this.epoch } })
    this.emit(peerId, "session_ready", ready)
    if (!isConnected || link) this.emit(this.host, "session_ready", { ...ready, ...(link && { link }) })
  }

  /** @param {string} reason */
  #announce(reason) {
    const host = this.#absentSince === null ? this.host : null
    for (const peerId of this.sockets) this.emit(peerId, "host_changed", { host_peer_id: host, epoch: this.epoch, reason })
  }

  /**
   * @param {FakeSignaling} socket
   * @param {P2pError} refusal
   */
  #turnAway(socket, refusal) {
    if (!this.holds(socket)) this.#sockets.active.delete(socket)
    queueMicrotask(() => {
      socket.answered()
      socket.delegate.signalingRefused(refusal)
    })
  }

  /** @param {FakeSignaling} socket */
  #replace(socket) {
    const older = this.#sockets.connected.get(socket.peerId)
    if (!older || older === socket) return
    older.isConnected = false
    older.answered()
    this.#sockets.active.delete(older)
    queueMicrotask(() => older.delegate.signalingRefused(new P2pError("peer_replaced")))
  }

  /**
   * @param {FakeSignaling} socket
   * @param {string} reason
   * @param {string} [successor]
   */
  #left(socket, reason, successor) {
    this.#sockets.connected.delete(socket.peerId)
    if (reason === "connected") return
    if (socket.peerId !== this.host) return this.emit(this.host, "peer_left", { peer_id: socket.peerId, epoch: this.epoch })
    this.host = null
    this.#unreached.clear()
    this.#heir = successor === undefined ? null : { peerId: successor, until: this.#clock.now() + HEIR_MS }
    this.#announce("left")
  }

  /** @param {FakeSignaling} socket */
  #gone(socket) {
    if (!this.holds(socket)) return
    this.#sockets.connected.delete(socket.peerId)
    if (socket.peerId !== this.host) return this.emit(this.host, "peer_left", { peer_id: socket.peerId, epoch: this.epoch })
    this.#absentSince = this.#clock.now()
    this.#announce("lost")
  }
}

/** What Signaling is to a Peer. */
export class FakeSignaling {
  isConnected = false
  /** How often it has been connected: what was on its way to an earlier connection is lost. */
  connections = 0
  isConnecting = false
  /** Whether its page runs and reaches the server. */
  isAwake = true
  /** Whether its page sees the server, though it can't join. */
  seesServer = false
  #server
  /** Whether the server has yet to answer a join. */
  isJoining = false
  #isDue = false
  #isActive = false
  #search

  /**
   * @param {FakeServer} server
   * @param {string} peerId
   * @param {import("../../../static/js/signaling/signaling.js").SignalingDelegate} delegate
   */
  constructor(server, peerId, delegate) {
    this.#server = server
    this.peerId = peerId
    this.delegate = delegate
    const backoff = new Backoff(() => 0.5, LOOK_DELAYS_MS)
    this.#search = new Search({ look: async () => (!server.isDown && this.isAwake) || this.seesServer, clock: server.clock, backoff })
  }

  get loss() {
    return new P2pError("signaling_lost")
  }

  search(found) {
    this.#search.start(found)
  }

  join() {
    this.#search.stop()
    if (this.isJoining) this.#isDue = true
    else if (this.isConnected) this.#joinAgain()
    else this.#server.connect(this)
  }

  hurry() {
    if (!this.isConnected && this.#isActive) this.#server.connect(this)
  }

  check() {
    if (this.isConnected) this.#joinAgain()
    else this.join()
  }

  /** The server has answered a join, or can't any more. @param {boolean} [isIn] */
  answered(isIn = false) {
    const isDue = this.#isDue && isIn
    this.isJoining = this.#isDue = false
    if (isDue && this.delegate.signalingSeeks()) this.#joinAgain()
  }

  relay(to, epoch, negotiation, batch, answered) {
    if (!this.isConnected) return queueMicrotask(() => answered(new P2pError("signaling_lost")))
    queueMicrotask(() => {
      const error = this.#server.relay(this, { to, epoch, negotiation, ...structuredClone(batch) })
      answered(error)
      if (error?.code === "stale_epoch" && this.isConnected && this.isAwake) this.join()
    })
  }

  signal(to, epoch, negotiation, signal, details) {
    const event = "candidates" in signal ? "ice_candidate" : signal.description.type === "offer" ? "sdp_offer" : "sdp_answer"
    this.#say(event, { to, epoch, negotiation, ...signal, ...(event === "sdp_offer" && details) })
  }

  report(epoch, peers) {
    this.#say("session_roster", { epoch, peers })
  }

  leave(reason, successor) {
    if (this.isConnected) this.#say("session_leave", { reason, ...(successor !== undefined && { successor }) })
    this.isConnected = false
    this.answered()
    this.#search.stop()
    this.#server.release(this)
  }

  /**
   * @param {string} event
   * @param {any} payload
   */
  hear(event, payload) {
    if (event === "relay") return this.delegate.signalingRelayed(payload)
    if (event === "session_ready") this.delegate.signalingReady(payload)
    else if (event === "host_changed") this.delegate.signalingHostChanged(payload)
    else if (event === "peer_left") this.delegate.signalingPeerLeft(payload.peer_id)
    else if (event === "answer") this.answered(true)
    else this.delegate.signalingReceived(payload)
  }

  // Private

  #joinAgain() {
    this.isJoining = true
    queueMicrotask(() => this.#server.joinAgain(this))
  }

  #say(event, payload) {
    if (this.isConnected) queueMicrotask(() => this.#server.receive(this, event, structuredClone(payload)))
  }
}
