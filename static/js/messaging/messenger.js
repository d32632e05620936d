// The messenger: everything that a peer sends and receives passes through it, and it decides how each message travels.
import { hasContent, Content, readContent } from "../wire/content.js"
import { Broadcast } from "./broadcast.js"
import { KnownPeers } from "./known_peers.js"
import { P2pError } from "../base/errors.js"
import { Receipts } from "./receipts.js"
import { Requests } from "./requests.js"
import { Sending } from "./sending.js"
import { Unicast } from "./unicast.js"
import { Unreliable } from "./unreliable.js"
import { DATA, DIRECT, FAST, MAX_ADDRESSEES, RECEIVED } from "../wire/frames.js"

/**
 * Everything that a peer sends and receives: messages to everyone, messages to some peers, messages that may be lost, requests, and the notes of a service such as
 * that of files. The messenger decides how a message travels and which part of the app gets it. It outlives connections and roles.
 *
 * @typedef {{ type: "Data", senderId: string, topic?: string, data: any, direct?: boolean }} Shown
 * @typedef {{ to?: string[], topic?: string, reliable?: boolean }} SendOptions
 * @typedef {import("./unicast.js").Letter} Letter
 * @typedef {import("../wire/frames.js").RoutedFrame} RoutedFrame
 *
 * @typedef {object} Role the part of a role (the host's or a client's) that deals with messages
 * @property {boolean} isSynced whether messages to everyone may go out
 * @property {boolean} [isExcused] whether the host isn't to blame for its silence
 * @property {boolean} isPaced whether the host passes on this peer's messages to single peers, which it does at a limited rate
 * @property {(error: P2pError) => void} giveUp gives up a host that doesn't do its part
 *
 * @typedef {object} Uplink this peer's connection to the others, whatever its role
 * @property {string} peerId this peer's own id
 * @property {Role | null} role the present role; null as long as this peer isn't connected
 * @property {Map<string, import("../wire/frames.js").PeerState>} peers everyone in the session, as far as this peer knows
 * @property {() => void} requireVoice throws a P2pError if this peer may not send
 * @property {(id: number, content: Content) => void} say sends to everyone; throws a P2pError if the message isn't taken
 * @property {(frame: RoutedFrame) => void} route sends a frame to its recipients; throws a P2pError if the frame isn't taken
 * @property {(peerId: string) => boolean} reaches whether both a peer and this one are connected
 *
 * @typedef {object} Service something else that peers do over the same connections, such as sending files
 * @property {(senderId: string, note: any) => void} noted called with a note of another peer's service
 * @property {(frame: RoutedFrame) => void} received called with a frame that isn't a message
 * @property {() => void} talked called when a message was sent or received
 *
 * @typedef {{ messageReceived: (message: Shown) => void } & import("./broadcast.js").BroadcastDelegate} MessengerDelegate what the app is told; it gets the messages that have no topic
 *
 * @typedef {object} MessengerOptions
 * @property {import("../base/clock.js").Clock} clock
 * @property {number} [history] how many messages a newcomer is shown, and keeps for later newcomers
 * @property {number} idleTimeoutMs a host that lets nothing become stable for twice this time counts as lost
 * @property {import("./topics.js").Topics} topics
 * @property {Uplink} uplink
 * @property {MessengerDelegate} delegate
 */
export class Messenger {
  #uplink
  #delegate
  #topics
  #unicast
  #receipts
  #unreliable
  #requests
  /** @type {Service | null} */
  #service = null

  /** @param {MessengerOptions} options */
  constructor(options) {
    const { clock, uplink, topics } = options
    this.#uplink = uplink
    this.#delegate = options.delegate
    this.#topics = topics
    this.knownPeers = new KnownPeers({ peerId: uplink.peerId, clock })
    this.broadcast = new Broadcast({ ...options, peerId: uplink.peerId, reader: this })
    this.#unicast = new Unicast({ clock, uplink, stay: this.broadcast })
    this.#receipts = new Receipts({ clock, uplink, reader: this })
    this.#unreliable = new Unreliable({ uplink, stay: this.broadcast, reader: this })
    this.#requests = new Requests({ clock, uplink, topics, messenger: this })
    this.sending = new Sending({ ...options, broadcast: this.broadcast, unicast: this.#unicast })
  }

  /** @param {Service} service gets the frames and notes that aren't for the messenger */
  register(service) {
    this.#service = service
  }

  // What the app sends

  /**
   * @param {any} data
   * @param {SendOptions} options
   * @returns {Promise<void>}
   * @throws {P2pError}
   */
  async send(data, { to, topic, reliable = true }) {
    const taken = this.#take(data, topic)
    if (taken instanceof Content) return this.#sendContent(taken, to, reliable)
    const content = await taken
    this.#uplink.requireVoice()
    return this.#sendContent(content, to, reliable)
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
    this.requireAudience([peerId])
    return this.#requests.ask(peerId, content, options)
  }

  /**
   * @param {string[]} [to] everyone if undefined
   * @throws {P2pError} if this peer may not send, or if a recipient isn't in the session
   */
  requireAudience(to) {
    this.#uplink.requireVoice()
    // Until the host has said who is there, every recipient may be there.
    if (!to || !this.#uplink.role?.isSynced) return
    // Who has come just now may not have been told of yet.
    const unknown = to.find((peerId) => !this.knownPeers.knows(peerId) && !this.#uplink.peers.has(peerId))
    if (unknown !== undefined) throw new P2pError("no_such_peer", { message: `${unknown} is not in the session.` })
  }

  // What happens to the session

  /** There is a new connection, or a new role. */
  resume() {
    this.#unicast.resume()
    this.sending.resume()
  }

  /** A peer has come or gone; this may be the peer itself. */
  update() {
    this.knownPeers.meet(this.#uplink.peers)
    this.#unicast.update()
    this.sending.go()
  }

  /**
   * This peer leaves for good.
   * @param {P2pError} error rejects what isn't delivered
   */
  leave(error) {
    this.broadcast.leave(error)
    this.knownPeers.forget()
    this.#unicast.leave(error)
    this.#receipts.leave()
    this.#requests.leave(error)
    this.sending.leave()
  }

  // What arrives

  /** @param {RoutedFrame} frame for this peer alone, or one that may be lost */
  receive(frame) {
    switch (frame.type) {
      case DIRECT: return this.#receipts.receive(frame)
      case RECEIVED: return this.#unicast.acknowledged(frame)
      case FAST: return this.#unreliable.receive(frame)
      default: return this.#service?.received(frame)
    }
  }

  /** @param {{ senderId?: string } & Letter} letter from another peer, or from this one to itself */
  letterReceived(letter) {
    const { senderId = "", note, ask, answer } = letter
    if (note !== undefined) return this.#service?.noted(senderId, note)
    this.#service?.talked()
    if (answer !== undefined) this.#requests.answered(senderId, answer, letter, () => readContent(letter).data)
    else if (ask !== undefined) void this.#requests.asked(senderId, ask, readContent(letter))
    else if (hasContent(letter)) this.messageShown({ type: DATA, senderId, ...readContent(letter), direct: true })
  }

  /**
   * Shows a message to the part of the app that it is for.
   * @param {Shown} message
   * @param {boolean} [mayWait] whether it may wait for a handler of its topic
   */
  messageShown(message, mayWait) {
    this.#service?.talked()
    if (message.topic === undefined) this.#delegate.messageReceived(message)
    else this.#topics.show(message, mayWait)
  }

  /**
   * Sends another peer a letter.
   * @param {string} peerId
   * @param {Letter} letter
   * @param {number} size about how many characters it has
   * @returns {Promise<void>} resolves when the other peer has it
   */
  async tell(peerId, letter, size) {
    if (peerId === this.#uplink.peerId) return this.letterReceived({ senderId: peerId, ...letter })
    if (letter.note === undefined) this.#service?.talked()
    const received = this.#unicast.send(peerId, letter, size, this.sending.now)
    this.sending.go()
    return received
  }

  // Private

  /**
   * @param {any} data
   * @param {string} [topic]
   */
  #take(data, topic) {
    this.#uplink.requireVoice()
    return this.sending.take(data, topic)
  }

  /**
   * @param {Content} content
   * @param {string[] | undefined} to
   * @param {boolean} reliable
   * @returns {Promise<void> | void}
   */
  #sendContent(content, to, reliable) {
    if (to && to.length > MAX_ADDRESSEES) throw new P2pError("too_large", { message: `A message can be for ${MAX_ADDRESSEES} peers, or for everyone.`, hint: "Leave out to, or send several." })
    if (!reliable) return this.#sendUnreliably(content, to)
    if (!to) return this.sending.send(content)
    this.requireAudience(to)
    return this.#sendTo(to, content)
  }

  /**
   * @param {string[]} to
   * @param {Content} content
   */
  async #sendTo(to, { fields, size }) {
    await Promise.all(to.map((peerId) => this.tell(peerId, fields, size)))
  }

  /**
   * @param {Content} content
   * @param {string[]} [to] everyone if undefined
   */
  #sendUnreliably(content, to) {
    const { peerId } = this.#uplink
    this.#service?.talked()
    this.#unreliable.send(content, to?.filter((other) => other !== peerId))
    if (to?.includes(peerId) ?? true) this.messageShown({ type: DATA, senderId: peerId, ...readContent(content.fields) }, false)
  }
}
