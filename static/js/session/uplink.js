// The uplink: sends messages and files to the other peers, whichever role this one has.
import { P2pError } from "../base/errors.js"
import { isSpeech } from "../wire/frames.js"

/**
 * This peer's connection to the others, whichever role it has: tells whom it reaches, and sends messages and frames to them.
 *
 * All calls that send follow one rule: they return nothing, and throw a P2pError if nothing was taken. After `rate_limited` and `not_joined`, the caller may try again later.
 */
export class Uplink {
  #session
  #leadership

  /**
   * @param {import("./lifecycle.js").Lifecycle} session
   * @param {import("./leadership.js").Leadership} leadership
   * @param {string} peerId this peer's own id
   */
  constructor(session, leadership, peerId) {
    this.#session = session
    this.#leadership = leadership
    this.peerId = peerId
  }

  /** The present role, once this peer is connected. */
  get role() {
    return this.#session.state === "connected" ? this.#leadership.role : null
  }

  /** Everyone in the session, as far as this peer knows. */
  get peers() {
    return this.#leadership.picture.peers
  }

  /** @throws {P2pError} `forbidden`, `not_joined` if this peer may not send */
  requireVoice() {
    if (!this.#leadership.registration.canSend) throw new P2pError("forbidden", { message: "This peer may read, and not send." })
    if (!this.#leadership.role && this.#session.isOver) throw new P2pError("not_joined", { message: `This peer is ${this.#session.state}.` })
  }

  /**
   * Sends a message to everyone.
   * @param {number} id
   * @param {import("../wire/content.js").Content} content
   * @throws {P2pError}
   */
  say(id, content) {
    // The app may have sent this while it was still allowed to.
    this.requireVoice()
    this.#played.send(id, content)
  }

  /**
   * Sends a frame to its recipients.
   * @param {import("../wire/frames.js").RoutedFrame} frame
   * @throws {P2pError}
   */
  route(frame) {
    // The app may have sent this while it was still allowed to. The host would drop it without telling anyone.
    if (isSpeech(frame)) this.requireVoice()
    this.#played.route(frame)
  }

  /**
   * Sends another peer a note about a file.
   * @param {string} peerId
   * @param {import("../files/notes.js").Note} note
   * @returns {Promise<void>} resolves when the note has arrived
   */
  post(peerId, note) {
    return this.#session.messenger.tell(peerId, { note }, JSON.stringify(note).length)
  }

  /** Whether both a peer and this one are connected. @param {string} peerId */
  reaches(peerId) {
    return this.role !== null && this.peers.get(peerId) === "connected"
  }

  /** The other peers that are connected now. */
  reachable() {
    return [...this.peers.keys()].filter((peerId) => peerId !== this.peerId && this.reaches(peerId))
  }

  /** How many bytes of files wait in this peer's own channels to some peers; the fullest channel counts. @param {string[]} to */
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
