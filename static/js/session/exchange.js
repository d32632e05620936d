import { hasContent, readContent } from "../wire/content.js"
import { Unicast } from "../messaging/unicast.js"
import { P2pError } from "../base/errors.js"
import { Unreliable } from "../messaging/unreliable.js"
import { CHUNK, CREDIT, DATA, DIRECT, FAST, isSpeech, MAX_ADDRESSEES, RECEIVED } from "../wire/frames.js"
import { Requests } from "../messaging/requests.js"
import { Loader } from "../files/loader.js"

/**
 * What one peer has to do with single others, and what it tells everybody that may be lost: direct messages, requests, files, cursors. It outlives
 * connections and roles, as the conversation does.
 *
 * @typedef {import("../wire/content.js").Content} Content
 * @typedef {import("../wire/frames.js").RoutedFrame} RoutedFrame
 *
 * @typedef {object} ExchangeDelegate
 * @property {(message: { type: "Data", senderId: string, topic?: string, data: any, direct?: boolean }, mayWait: boolean) => void} exchangeShown
 * @property {() => void} exchangeFlushed something may have come to be sent
 * @property {(file: import("../files/receiving/incoming_file.js").IncomingFile) => boolean} exchangeOffered another peer offers a file; whether the app knows what to do
 * @property {(progress: import("../files/progress.js").Progress) => void} exchangeProgressed
 *
 * @typedef {object} ExchangeOptions
 * @property {string} peerId
 * @property {import("../base/clock.js").Clock} clock
 * @property {import("../messaging/topics.js").Topics} topics
 * @property {() => string} inc names this page's stay in the session
 * @property {() => import("./cast.js").Role | null} role the one that is being played
 * @property {() => boolean} isConnected
 * @property {() => Map<string, import("../wire/frames.js").PeerState>} peers
 * @property {() => void} requireVoice throws where this peer may not send
 * @property {import("../messaging/known_peers.js").KnownPeers} knownPeers
 * @property {() => number} [now] for how long, in milliseconds, this page has watched what waits
 * @property {ExchangeDelegate} delegate
 */
export class Exchange {
  #options
  #unicast
  #unreliable
  #requests
  #loader

  /** @param {ExchangeOptions} options */
  constructor(options) {
    this.#options = options
    const { clock, inc, topics, isConnected, now, delegate } = options
    const isPaced = () => options.role()?.isPaced ?? false
    const route = (/** @type {RoutedFrame} */ frame) => this.#route(frame)
    this.#unicast = new Unicast({ clock, inc, route, isConnected, isPaced, now, reaches: (peerId) => this.#reaches(peerId), received: (frame) => this.#received(frame) })
    this.#unreliable = new Unreliable({ inc, route, received: (frame) => this.#show(frame, { mayWait: false }) })
    this.#requests = new Requests({ clock, tell: (...args) => this.#tell(...args), reaches: (peerId) => this.#reaches(peerId), responder: (topic) => topics.responder(topic) })
    this.#loader = new Loader({
      peerId: options.peerId,
      clock,
      delegate,
      route,
      tell: (peerId, note) => this.#tell(peerId, { note }, JSON.stringify(note).length),
      buffered: (to) => options.role()?.buffered(to) ?? 0,
      reachable: () => [...options.peers().keys()].filter((peerId) => peerId !== options.peerId && this.#reaches(peerId)),
    })
  }

  // What the app says

  /**
   * @param {string[]} to
   * @param {Content} content
   * @returns {Promise<void>} resolves when each of them has been shown it
   */
  async send(to, content) {
    this.#refuseCrowd(to)
    this.#refuseUnknown(to)
    const { fields, size } = content
    await Promise.all(to.map((peerId) => this.#tell(peerId, fields, size)))
  }

  /**
   * @param {string[] | undefined} to everyone where undefined
   * @param {Content} content
   */
  sendFast(to, content) {
    if (to) this.#refuseCrowd(to)
    const { peerId } = this.#options
    this.talked()
    this.#unreliable.send(content, to?.filter((other) => other !== peerId))
    if (to?.includes(peerId) ?? true) this.#show({ senderId: peerId, ...content.fields }, { mayWait: false })
  }

  /**
   * @param {string} peerId
   * @param {Content} content
   * @param {{ timeout?: number, signal?: AbortSignal }} options
   */
  async request(peerId, content, options) {
    this.#refuseUnknown([peerId])
    return this.#requests.ask(peerId, content, options)
  }

  /**
   * @param {any} file
   * @param {{ to?: string[], name?: string, type?: string }} options
   * @throws {P2pError} `no_such_peer`, `unsupported`
   */
  sendFile(file, options) {
    if (options.to) this.#refuseUnknown(options.to)
    return this.#loader.send(file, options)
  }

  /** @param {P2pError} error */
  leave(error) {
    this.#unicast.leave(error)
    this.#requests.leave(error)
    this.#loader.leave(error)
  }

  /** How many messages wait for single peers. */
  get waiting() {
    return this.#unicast.size
  }

  /**
   * Gives up what was said before a time, and isn't acknowledged.
   * @param {number} time
   * @param {P2pError} error
   */
  expire(time, error) {
    this.#unicast.expire(time, error)
  }

  // What the role says

  /** @param {RoutedFrame} frame */
  routed(frame) {
    switch (frame.type) {
      case DIRECT: return this.#unicast.receive(frame)
      case RECEIVED: return this.#unicast.acknowledged(frame)
      case FAST: return this.#unreliable.receive(frame)
      case CHUNK: return this.#loader.chunkReceived(frame)
      case CREDIT: return this.#loader.creditReceived(frame)
    }
  }

  /** This peer has a new connection, or none to wait for. */
  resume() {
    this.#unicast.resume()
    this.#loader.resume()
  }

  /** Somebody has come or gone, this peer too. */
  update() {
    this.#unicast.update()
    this.#loader.update()
  }

  /** Something was said, or heard. */
  talked() {
    this.#loader.talked()
  }

  /** There is room again. */
  drained() {
    this.#loader.drained()
  }

  /** @returns {boolean} whether nothing is left that could be sent now */
  flush() {
    return this.#unicast.flush()
  }

  // Private

  /** @param {RoutedFrame} frame */
  #route(frame) {
    const role = this.#options.role()
    if (!role) throw new P2pError("not_joined")
    // The right to send may be gone since this was said, and the host would drop it without a word.
    if (isSpeech(frame)) this.#options.requireVoice()
    role.route(frame)
  }

  /** @param {string} peerId */
  #reaches(peerId) {
    return this.#options.isConnected() && this.#options.peers().get(peerId) === "connected"
  }

  /** @param {string[]} to */
  #refuseCrowd(to) {
    if (to.length > MAX_ADDRESSEES) throw new P2pError("too_large", { message: `A message can be for ${MAX_ADDRESSEES} peers, or for everyone.`, hint: "Leave out to, or send several." })
  }

  /** @param {string[]} to */
  #refuseUnknown(to) {
    // Before the host has said who is there, anybody may be.
    if (!this.#options.isConnected() || !this.#options.role()?.isSynced) return
    const unknown = to.find((peerId) => !this.#options.knownPeers.knows(peerId) && peerId !== this.#options.peerId)
    if (unknown !== undefined) throw new P2pError("no_such_peer", { message: `${unknown} is not in the session.` })
  }

  /**
   * @param {string} peerId
   * @param {import("../messaging/unicast.js").Letter} letter
   * @param {number} size
   * @returns {Promise<void>}
   */
  async #tell(peerId, letter, size) {
    if (peerId === this.#options.peerId) return this.#received({ senderId: peerId, ...letter })
    if (letter.note === undefined) this.talked()
    const received = this.#unicast.send(peerId, letter, size)
    this.#options.delegate.exchangeFlushed()
    return received
  }

  /** @param {{ senderId?: string } & import("../messaging/unicast.js").Letter} letter */
  #received(letter) {
    const { senderId = "", note, ask, answer } = letter
    if (note === undefined) this.talked()
    if (note !== undefined) this.#loader.noted(senderId, note)
    else if (answer !== undefined) this.#requests.answered(senderId, answer, letter, () => readContent(letter).data)
    else if (ask !== undefined) void this.#requests.asked(senderId, ask, readContent(letter))
    else if (hasContent(letter)) this.#show(letter, { direct: true })
  }

  /**
   * @param {{ senderId?: string } & import("../wire/content.js").ContentFields} frame
   * @param {{ mayWait?: boolean, direct?: boolean }} how
   */
  #show(frame, { mayWait = true, direct = false }) {
    const { senderId = "" } = frame
    this.#options.delegate.exchangeShown({ type: DATA, senderId, ...readContent(frame), ...(direct && { direct }) }, mayWait)
  }
}
