import { MAX_SENDERS } from "../base/limits.js"
import { PACE, STABLE } from "../wire/frames.js"

/**
 * A client as the sequencer sees it: how far it has come with the messages.
 *
 * @typedef {object} Client what the sequencer needs of a client
 * @property {string} peerId
 * @property {boolean} canSend
 * @property {Pick<import("../wire/link.js").Link, "isHeard" | "send" | "trySend" | "end" | "dismiss">} link the link to the client
 * @property {(size: number, deliver: () => void, copies?: number) => void} pass calls `deliver` at the rate that the client is allowed; `size` in characters, `copies`: to how many it goes
 * @property {(kind: string, deliver: () => void) => void} tell the same for something of which only the newest of its kind counts
 * @property {(act: () => void) => void} attend does something for the client; a P2pError that this throws ends the client's connection
 */
export class Subscriber {
  /** Names the client's page, once it has said so. */
  inc = ""
  /** Whether it has got the messages that it lacked, and gets every new one from then on. */
  isSynced = false
  /** The place up to which its app has been shown all messages. */
  shown = 0
  /** When it was sent all the messages that there were, on the clock of the host's watch. */
  metAt = 0
  #lastId = 0
  /** How far it says that it has come with each sender. @type {import("../wire/frames.js").Mark[]} */
  #seen = []
  #isWitness = false

  /**
   * @param {Client} client
   * @param {number} [since] the place of the last message when the client was connected. All later messages are for it, however late it says hello
   */
  constructor(client, since = 0) {
    this.client = client
    this.since = since
  }

  // How far it has come

  /**
   * Takes in one part of the client's hello.
   * @param {import("../wire/frames.js").SyncFrame} frame
   * @returns {import("../wire/frames.js").Hello | null} the whole hello, once the last part is there
   */
  hear({ seen, more, inc = "", fresh = false, history = 0 }) {
    if (this.isSynced || this.#seen.length > MAX_SENDERS) return null
    this.#seen.push(...seen)
    return more ? null : { inc, fresh, history, seen: this.#seen }
  }

  /**
   * The client has all the messages that there are.
   * @param {string} inc
   * @param {number} lastId the last of its own messages that the host has
   */
  meet(inc, lastId) {
    this.inc = inc
    this.#lastId = lastId
    this.#seen = []
    this.isSynced = true
  }

  /** Whether one of its own numbers is new. A message that is sent twice counts once, although our own client never sends one twice. @param {number} id */
  admits(id) {
    if (id <= this.#lastId) return false
    this.#lastId = id
    return true
  }

  // What it is told

  /** Asks the client to acknowledge at once what its app has been shown. */
  makeWitness() {
    if (this.#isWitness) return
    this.#isWitness = true
    this.client.link.trySend({ type: PACE, ms: 0 })
  }

  /** @param {number} place up to which the client's messages are kept by others */
  tellStable(place) {
    this.client.link.trySend({ type: STABLE, n: place })
  }
}
