import { Allowance } from "./allowance.js"
import { P2pError } from "../base/errors.js"
import { FloodGuard } from "./rate_limiter.js"
import { MAX_SENDERS } from "../messaging/message_log.js"
import { PACE, REFUSED, STABLE } from "../wire/frames.js"
import { Newest } from "./newest.js"

/** A client as its host sees it: its connection, what it may do, and how far it has come. */
export class Guest {
  /** Names the client's page, once it has said so. */
  inc = ""
  /** Whether it has been given what it lacked, and gets all that is new from then on. */
  isSynced = false
  /** The place up to which its app has been shown all. */
  shown = 0
  /** The place of the last message that was there when it got connected: what has come since is for it as well, however late it says hello. */
  since = 0
  /** When it was given all that there was, as the host watches. */
  metAt = 0
  /** The place of its own last message. */
  lastPlace = 0
  /** Whether it leaves what it is given unacknowledged, so that nobody waits for it. */
  isSilent = false
  #guard
  #letterGuard
  #news
  #lastId = 0
  /** How far it says that it has come with each sender. @type {import("../wire/frames.js").Mark[]} */
  #seen = []
  /** The place up to which it has been told that its messages are stable. */
  #toldStable = 0
  #isWitness = false

  /**
   * @param {object} options
   * @param {import("../transport/direct_path.js").Connection} options.connection
   * @param {boolean} options.canSend
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {(error: P2pError) => void} options.flooded called when this client sends more than can be passed on
   * @param {Allowance} [options.allowance] what its connections before have left it
   */
  constructor({ connection, canSend, clock, flooded, allowance = new Allowance(clock) }) {
    this.connection = connection
    this.canSend = canSend
    this.allowance = allowance
    const overflowed = () => flooded(new P2pError("rate_limited", { message: "This peer sends more than its host can pass on." }))
    this.#guard = new FloodGuard({ clock, allowance, overflowed })
    this.#letterGuard = new FloodGuard({ clock, allowance: allowance.letters, overflowed })
    this.#news = new Newest({ clock, bucket: allowance.news })
  }

  get isConnected() {
    return this.connection.state === "connected"
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
   * @param {number} [at]
   */
  meet(inc, lastId, at = 0) {
    this.inc = inc
    this.metAt = at
    this.#lastId = lastId
    this.#seen = []
    this.isSynced = true
  }

  /** It shall say at once what its app has been shown. */
  makeWitness() {
    if (this.#isWitness) return
    this.#isWitness = true
    this.connection.trySend({ type: PACE, mls: 0 })
  }

  /** @param {number} place up to which messages are kept by others */
  tellStable(place) {
    if (this.lastPlace <= this.#toldStable || place <= this.#toldStable) return
    this.#toldStable = place
    this.connection.trySend({ type: STABLE, n: place })
  }

  // What it says

  /**
   * Passes a message on, unless it came before or isn't allowed; one that comes too fast has to wait.
   * @param {import("../wire/frames.js").DataFrame} frame
   * @param {number} size in characters
   * @param {() => void} relay
   * @param {number} [copies] to how many it goes
   */
  admit({ id }, size, relay, copies) {
    if (id <= this.#lastId) return // sent twice, which no client of ours does
    this.#lastId = id
    this.pass(size, relay, copies)
  }

  /**
   * Lets something through that another peer has said.
   * @param {number} size in characters
   * @param {() => void} relay
   * @param {number} [copies] to how many it goes
   */
  pass(size, relay, copies) {
    this.#guard.pass(size, relay, copies)
  }

  /**
   * Lets something through that is for one other peer. It doesn't wait behind what is for all, which costs so much more: an honest client paces it by the time, and
   * not by what has been passed on.
   * @param {number} size in characters
   * @param {() => void} route
   */
  post(size, route) {
    this.#letterGuard.pass(size, route)
  }

  /**
   * Lets something through that something newer of its kind may take the place of.
   * @param {string} kind
   * @param {() => void} pass
   */
  tell(kind, pass) {
    this.#news.pass(kind, pass)
  }

  /**
   * Whether a message that may be lost is passed on.
   * @param {number} size in characters
   */
  admitsFast(size) {
    const { fastMessages, fastCharacters } = this.allowance
    if (fastMessages.wait(1) > 0 || fastCharacters.wait(size) > 0) return false
    fastMessages.take(1)
    fastCharacters.take(size)
    return true
  }

  /**
   * @param {number} id
   * @param {P2pError} error
   */
  refuse(id, error) {
    this.connection.trySend({ type: REFUSED, id, error: error.toPayload() })
  }

  /** @param {P2pError} [reason] */
  close(reason) {
    this.#rest()
    this.connection.close(reason)
  }

  abort() {
    this.#rest()
    this.connection.abort()
  }

  #rest() {
    this.#guard.stop()
    this.#letterGuard.stop()
    this.#news.stop()
  }
}
