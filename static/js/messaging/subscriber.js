import { MAX_SENDERS } from "../base/limits.js"
import { PACE, STABLE } from "../wire/frames.js"

/**
 * How far one client has come with the messages, as its host keeps account of it.
 *
 * @typedef {object} Client a client as the one who gives it messages needs it
 * @property {string} peerId
 * @property {boolean} canSend
 * @property {Pick<import("../wire/path.js").Path, "isHeard" | "send" | "trySend" | "end" | "dismiss">} path the way to it
 * @property {(size: number, deliver: () => void, copies?: number) => void} pass calls `deliver` at the rate that the client is allowed; `size` in characters, `copies`: to how many it goes
 * @property {(kind: string, deliver: () => void) => void} tell the same for what something newer of its kind may take the place of
 * @property {(act: () => void) => void} attend does something for it; a P2pError that this throws ends its connection
 */
export class Subscriber {
  /** Names the client's page, once it has said so. */
  inc = ""
  /** Whether it has been given what it lacked, and gets all that is new from then on. */
  isSynced = false
  /** The place up to which its app has been shown all. */
  shown = 0
  /** When it was given all that there was, as the host watches. */
  metAt = 0
  #lastId = 0
  /** How far it says that it has come with each sender. @type {import("../wire/frames.js").Mark[]} */
  #seen = []
  #isWitness = false

  /**
   * @param {Client} client
   * @param {number} [since] the place of the last message that was there when it got connected: what has come since is for it as well, however late it says hello
   */
  constructor(client, since = 0) {
    this.client = client
    this.since = since
  }

  // How far it has come

  /**
   * Takes in a part of what the client says first.
   * @param {import("../wire/frames.js").SyncFrame} frame
   * @returns {import("../wire/frames.js").Hello | null} all of it, with the last part
   */
  hear({ seen, more, inc = "", fresh = false, history = 0 }) {
    if (this.isSynced || this.#seen.length > MAX_SENDERS) return null
    this.#seen.push(...seen)
    return more ? null : { inc, fresh, history, seen: this.#seen }
  }

  /**
   * The client has all that there is.
   * @param {string} inc
   * @param {number} lastId the last of its own messages that the host has
   */
  meet(inc, lastId) {
    this.inc = inc
    this.#lastId = lastId
    this.#seen = []
    this.isSynced = true
  }

  /** Whether a number of its own is a new one. What is sent twice, which no client of ours does, counts once. @param {number} id */
  admits(id) {
    if (id <= this.#lastId) return false
    this.#lastId = id
    return true
  }

  // What it is told

  /** It shall say at once what its app has been shown. */
  makeWitness() {
    if (this.#isWitness) return
    this.#isWitness = true
    this.client.path.trySend({ type: PACE, ms: 0 })
  }

  /** @param {number} place up to which its messages are kept by others */
  tellStable(place) {
    this.client.path.trySend({ type: STABLE, n: place })
  }
}
