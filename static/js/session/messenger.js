import { KnownPeers } from "../messaging/known_peers.js"
import { Timer } from "../base/clock.js"
import { Content } from "../wire/content.js"
import { ContentQueue } from "../messaging/content_queue.js"
import { Broadcast } from "../messaging/broadcast.js"
import { P2pError } from "../base/errors.js"
import { Exchange } from "./exchange.js"
import { HEARTBEAT_IDLE_TIMEOUT_MLS, SEND_TERM_MLS } from "../base/limits.js"
import { Topics } from "../messaging/topics.js"
import { Watch } from "../base/watch.js"

/** Milliseconds after which a message is tried again that found the channel full. */
export const RETRY_SEND_MLS = 50

/**
 * All that a peer says and hears: the conversation with everybody, and the exchange with single others. It decides which way a message takes, and whom in the
 * app it is for.
 *
 * @typedef {{ type: "Data", senderId: string, topic?: string, data: any, direct?: boolean }} Shown
 * @typedef {{ to?: string[], topic?: string, reliable?: boolean }} SendOptions
 *
 * @typedef {object} MessengerDelegate
 * @property {(message: Shown) => void} sessionReceived a message without a topic
 * @property {(gap: { senderId: string, from: number, to: number }) => void} sessionMissed messages can't be had any more
 * @property {(host: { hostPeerId: string | null, epoch: number }) => void} sessionForked the session had gone on in two halves
 * @property {(file: import("../files/receiving/incoming_file.js").IncomingFile) => boolean} sessionOffered another peer offers a file; whether the app knows what to do
 * @property {(progress: import("../files/progress.js").Progress) => void} sessionProgressed a file has got on
 * @property {(error: import("../base/errors.js").P2pError) => void} sessionErrored
 *
 * @typedef {object} MessengerOptions
 * @property {string} peerId
 * @property {import("../base/clock.js").Clock} clock
 * @property {number} [history]
 * @property {{ idleTimeoutMls: number }} [heartbeat] after twice this time a host that lets nothing become stable is taken for lost
 * @property {Topics} [topics]
 * @property {() => import("./cast.js").Role | null} role the one that is being played
 * @property {() => Map<string, import("../wire/frames.js").PeerState>} peers
 * @property {() => boolean} isConnected
 * @property {() => void} requireVoice throws where this peer may not send
 * @property {MessengerDelegate} delegate
 */
export class Messenger {
  #options
  #delegate
  #topics
  #contents
  #exchange
  #retry
  #watch
  /** How far the host had come in what it owes this peer, and since when. */
  #progress = 0
  #progressAt = 0

  /** @param {MessengerOptions} options */
  constructor(options) {
    this.#options = options
    this.#delegate = options.delegate
    this.#topics = options.topics ?? new Topics((error) => options.delegate.sessionErrored(error))
    this.#contents = new ContentQueue(options.clock)
    this.#retry = new Timer(options.clock)
    this.#watch = new Watch({ clock: options.clock, look: () => this.#look() })
    this.broadcast = new Broadcast({ ...options, delegate: this })
    this.knownPeers = new KnownPeers(options)
    this.#exchange = new Exchange({ ...options, knownPeers: this.knownPeers, topics: this.#topics, inc: () => this.broadcast.inc, now: () => this.#watch.now, delegate: this })
  }

  // What the app says

  /**
   * @param {any} data
   * @param {SendOptions} options
   * @returns {Promise<void>}
   * @throws {import("../base/errors.js").P2pError}
   */
  async send(data, { to, topic, reliable = true }) {
    const taken = this.#take(data, topic)
    const content = taken instanceof Content ? taken : await taken
    this.#options.requireVoice()
    if (!reliable) return this.#exchange.sendFast(to, content)
    if (to) return this.#exchange.send(to, content)
    const stable = this.broadcast.send(content, this.#watch.now)
    this.flush()
    this.#mind()
    return stable
  }

  /**
   * @param {string} peerId
   * @param {string} topic
   * @param {any} data
   * @param {{ timeout?: number, signal?: AbortSignal }} options
   * @returns {Promise<any>}
   */
  async request(peerId, topic, data, options) {
    const content = await this.#take(data, topic)
    this.#options.requireVoice()
    return this.#exchange.request(peerId, content, options)
  }

  /**
   * @param {any} file
   * @param {{ to?: string[], name?: string, type?: string }} options
   */
  sendFile(file, options) {
    this.#options.requireVoice()
    return this.#exchange.sendFile(file, options)
  }

  // How the peer fares

  /** There is a new connection, or a new role to play. */
  resume() {
    this.#hasProgressed()
    this.#exchange.resume()
    this.flush()
  }

  /** Somebody has come or gone, this peer too. */
  update() {
    this.knownPeers.meet(this.#options.peers())
    this.#exchange.update()
    this.flush()
    this.#mind()
  }

  /** Sends what waits; what finds a full channel is tried again. */
  flush() {
    const role = this.#options.role()
    if (!role?.isSynced || !this.#options.isConnected()) return
    const say = (/** @type {number} */ id, /** @type {Content} */ content) => {
      if (role.iamHost) this.#options.requireVoice() // it may be gone since this was said; a client is refused by its host
      role.send(id, content)
    }
    const isDone = this.broadcast.flush(say) && this.#exchange.flush()
    if (!isDone && !this.#retry.isRunning) this.#retry.start(RETRY_SEND_MLS, () => this.flush())
  }

  /** The connection is over; what waits goes on waiting. */
  rest() {
    this.#retry.stop()
    this.#hasProgressed()
  }

  /**
   * This peer leaves for good.
   * @param {import("../base/errors.js").P2pError} error for what isn't delivered
   */
  leave(error) {
    this.broadcast.leave(error)
    this.knownPeers.forget()
    this.#exchange.leave(error)
    this.#watch.stop()
  }

  // What the role says

  /** @param {import("../wire/frames.js").RoutedFrame} frame */
  routed(frame) {
    this.#exchange.routed(frame)
  }

  drained() {
    this.#exchange.drained()
  }

  // What the conversation says

  /** @param {Shown} message */
  broadcastShown(message) {
    this.#show(message)
  }

  /** @param {{ senderId: string, from: number, to: number }} gap */
  broadcastMissed(gap) {
    this.#delegate.sessionMissed(gap)
  }

  broadcastForked() {
    const { hostPeerId = null, epoch = 0 } = this.#options.role() ?? {}
    this.#delegate.sessionForked({ hostPeerId, epoch })
  }

  // What the exchange says

  /**
   * @param {Shown} message
   * @param {boolean} mayWait
   */
  exchangeShown(message, mayWait) {
    this.#show(message, mayWait)
  }

  exchangeFlushed() {
    this.flush()
    this.#mind()
  }

  /** @param {import("../files/receiving/incoming_file.js").IncomingFile} file */
  exchangeOffered(file) {
    return this.#delegate.sessionOffered(file)
  }

  /** @param {import("../files/progress.js").Progress} progress */
  exchangeProgressed(progress) {
    this.#delegate.sessionProgressed(progress)
  }

  // Private

  /** Watches for as long as something waits, so that nothing waits for ever. */
  #mind() {
    if (this.#isWaiting) this.#watch.start()
  }

  get #isWaiting() {
    return this.broadcast.waiting > 0 || this.#exchange.waiting > 0 || this.#isBehind
  }

  /** Whether this client isn't in step with its host. */
  get #isBehind() {
    return this.#options.isConnected() && this.#options.role()?.isSynced === false
  }

  #look() {
    const late = new P2pError("no_answer", { message: `Nobody has confirmed the message for ${SEND_TERM_MLS / 1_000} s.`, hint: "It may have arrived, or arrive yet." })
    this.broadcast.expire(this.#watch.now - SEND_TERM_MLS, late)
    this.#exchange.expire(this.#watch.now - SEND_TERM_MLS, late)
    const { idleTimeoutMls = HEARTBEAT_IDLE_TIMEOUT_MLS } = this.#options.heartbeat ?? {}
    const isOwed = this.#options.isConnected() && (this.broadcast.waiting > 0 || this.#isBehind)
    if (!isOwed || this.broadcast.progress !== this.#progress) this.#hasProgressed()
    else if (this.#watch.now - this.#progressAt >= 2 * idleTimeoutMls) this.#options.role()?.giveUp(new P2pError("host_lost", { message: `The host lets nothing become stable for ${2 * idleTimeoutMls} ms.` }))
    return this.#isWaiting
  }

  #hasProgressed() {
    this.#progress = this.broadcast.progress
    this.#progressAt = this.#watch.now
  }

  /**
   * @param {any} data
   * @param {string | undefined} topic
   */
  #take(data, topic) {
    this.#options.requireVoice()
    return this.#contents.take(data, topic)
  }

  /**
   * @param {Shown} message
   * @param {boolean} [mayWait]
   */
  #show(message, mayWait) {
    this.#exchange.talked()
    if (message.topic === undefined) this.#delegate.sessionReceived(message)
    else this.#topics.show(message, mayWait)
  }
}
