// How messages and files are sent to the other peers, whichever role this one plays.
import { P2pError } from "../base/errors.js"
import { isSpeech } from "../wire/frames.js"

/**
 * This peer's way to the others, whichever role it plays: whom it reaches, and what is sent over it.
 *
 * There is one manner of sending: a call returns nothing, and throws a P2pError where nothing was taken. After `rate_limited` and `not_joined` the same may be sent again later.
 */
export class Uplink {
  #session
  #leadership

  /**
   * @param {import("./lifecycle.js").Lifecycle} session
   * @param {import("./leadership.js").Leadership} leadership
   * @param {string} peerId this peer's own
   */
  constructor(session, leadership, peerId) {
    this.#session = session
    this.#leadership = leadership
    this.peerId = peerId
  }

  /** The role that is played, once this peer is connected. */
  get role() {
    return this.#session.state === "connected" ? this.#leadership.role : null
  }

  /** Everybody in the session, as far as this peer knows. */
  get peers() {
    return this.#leadership.picture.peers
  }

  /** @throws {P2pError} `forbidden`, `not_joined` where this peer may not send */
  requireVoice() {
    if (!this.#leadership.registration.canSend) throw new P2pError("forbidden", { message: "This peer may read, and not send." })
    if (!this.#leadership.role && this.#session.isOver) throw new P2pError("not_joined", { message: `This peer is ${this.#session.state}.` })
  }

  /**
   * Sends a message to everybody.
   * @param {number} id
   * @param {import("../wire/content.js").Content} content
   * @throws {P2pError}
   */
  say(id, content) {
    // The right to send may be gone since this was said.
    this.requireVoice()
    this.#played.send(id, content)
  }

  /**
   * Sends a frame to those that it is for.
   * @param {import("../wire/frames.js").RoutedFrame} frame
   * @throws {P2pError}
   */
  route(frame) {
    // The right to send may be gone since this was said, and the host would drop it without a word.
    if (isSpeech(frame)) this.requireVoice()
    this.#played.route(frame)
  }

  /**
   * Tells another peer something about a file.
   * @param {string} peerId
   * @param {import("../files/notes.js").Note} note
   * @returns {Promise<void>} resolves when it has come
   */
  post(peerId, note) {
    return this.#session.messenger.tell(peerId, { note }, JSON.stringify(note).length)
  }

  /** Whether a peer is connected, and this one. @param {string} peerId */
  reaches(peerId) {
    return this.role !== null && this.peers.get(peerId) === "connected"
  }

  /** The others that are connected now. */
  reachable() {
    return [...this.peers.keys()].filter((peerId) => peerId !== this.peerId && this.reaches(peerId))
  }

  /** How many bytes of files wait in this peer's own channels to some, in the fullest one. @param {string[]} to */
  buffered(to) {
    return this.#leadership.role?.buffered(to) ?? 0
  }

  // Private

  get #played() {
    const { role } = this.#leadership
    if (!role) throw new P2pError("not_joined")
    return role
  }
}
