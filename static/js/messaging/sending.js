// The queue of messages to be sent: it takes them in, in order, sends them, tries again, and gives up.
import { Timer } from "../base/clock.js"
import { Deadline } from "../base/deadline.js"
import { P2pError } from "../base/errors.js"
import { isBlob } from "../base/kinds.js"
import { READ_TERM_MS, SEND_TERM_MS } from "../base/limits.js"
import { Watch } from "../base/watch.js"
import { Content } from "../wire/content.js"

/** How many messages may wait until a Blob that was sent before them has been read. */
export const MAX_READING = 100
/** Milliseconds after which a message is tried again for which the channel had no room. */
export const RETRY_SEND_MS = 50

/** This peer's messages on their way from the app to the channel: taken in in order, sent when there is room, and given up if nobody confirms them. */
export class Sending {
  #clock
  #uplink
  #broadcast
  #unicast
  #idleTimeoutMs
  /** The messages that are taken in and not read yet: how many there are, and the last one of them. */
  #reading = 0
  /** @type {Promise<unknown>} */
  #lastRead = Promise.resolve()
  #retry
  #watch
  /** The last progress that was seen of the host (see Broadcast), and since when there has been no more. */
  #progress = 0
  #progressAt = 0

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {import("./messenger.js").Uplink} options.uplink
   * @param {import("./broadcast.js").Broadcast} options.broadcast
   * @param {import("./unicast.js").Unicast} options.unicast
   * @param {number} options.idleTimeoutMs a host that lets nothing become stable for twice this time counts as lost
   */
  constructor({ clock, uplink, broadcast, unicast, idleTimeoutMs }) {
    this.#clock = clock
    this.#uplink = uplink
    this.#broadcast = broadcast
    this.#unicast = unicast
    this.#idleTimeoutMs = idleTimeoutMs
    this.#retry = new Timer(clock)
    this.#watch = new Watch({ clock, look: () => this.#look() })
  }

  /** For how long, in milliseconds, this page has watched the messages that wait. */
  get now() {
    return this.#watch.now
  }

  /**
   * Takes in what an app sends, in order. Reading a Blob takes a while, and what is sent after it waits.
   * @param {any} data
   * @param {string} [topic]
   * @returns {Content | Promise<Content>}
   * @throws {P2pError} see Content; `rate_limited`
   */
  take(data, topic) {
    const isRead = isBlob(data)
    if (!isRead && this.#reading === 0) return Content.of(data, topic)
    if (this.#reading >= MAX_READING) throw new P2pError("rate_limited", { message: `${MAX_READING} messages wait for a Blob to be read.` })
    const content = isRead ? this.#read(data, topic) : Content.of(data, topic)
    const turn = Promise.allSettled([this.#lastRead, content]).then(() => content)
    this.#reading += 1
    this.#lastRead = turn.catch(() => undefined).finally(() => { this.#reading -= 1 })
    return turn
  }

  /**
   * Sends a message to everyone.
   * @param {Content} content
   * @returns {Promise<void>} resolves when it is stable
   */
  send(content) {
    const stable = this.#broadcast.outbox.add(content, this.now)
    this.go()
    return stable
  }

  /** Sends the messages that wait, and watches those that remain, so that none waits for ever. */
  go() {
    this.flush()
    if (this.#isWaiting) this.#watch.start()
  }

  /** Sends the messages that wait. Those for which the channel has no room are tried again. */
  flush() {
    if (!this.#uplink.role?.isSynced) return
    const isDone = this.#broadcast.outbox.flush((id, content) => this.#uplink.say(id, content)) && this.#unicast.flush()
    if (!isDone && !this.#retry.isRunning) this.#retry.start(RETRY_SEND_MS, () => this.flush())
  }

  /** There is a new connection, or a new role. */
  resume() {
    this.#hasProgressed()
    this.flush()
  }

  /** The connection is over. The messages go on waiting. */
  rest() {
    this.#retry.stop()
    this.#hasProgressed()
  }

  /** This peer leaves for good. */
  leave() {
    this.#watch.stop()
  }

  // Private

  /**
   * Reads a Blob. One that can't be read, such as a file on a drive that doesn't answer, must not hold up the rest for ever.
   * @param {Blob} blob
   * @param {string} [topic]
   * @returns {Promise<Content>}
   */
  #read(blob, topic) {
    const timer = new Deadline(this.#clock)
    return new Promise((resolve, reject) => {
      timer.start(READ_TERM_MS, () => reject(new P2pError("file_changed", { message: `The Blob could not be read within ${READ_TERM_MS} ms.` })))
      Content.ofBlob(blob, topic).then(resolve, reject)
    }).finally(() => timer.stop())
  }

  get #isWaiting() {
    return this.#broadcast.outbox.size > 0 || this.#unicast.size > 0 || this.#isBehind
  }

  /** Whether this client isn't synced with its host. */
  get #isBehind() {
    return this.#uplink.role?.isSynced === false
  }

  /** Gives up messages that were sent too long ago, and a host that makes no progress although this peer waits for it. */
  #look() {
    const late = new P2pError("no_answer", { message: `Nobody has confirmed the message for ${SEND_TERM_MS / 1_000} s.`, hint: "It may have arrived, or arrive yet." })
    this.#broadcast.outbox.expire(this.now - SEND_TERM_MS, late)
    this.#unicast.expire(this.now - SEND_TERM_MS, late)
    const isOwed = this.#uplink.role && (this.#broadcast.outbox.size > 0 || this.#isBehind)
    const patienceMs = 2 * this.#idleTimeoutMs
    if (!isOwed || this.#uplink.role?.isExcused || this.#broadcast.progress !== this.#progress) this.#hasProgressed()
    else if (this.now - this.#progressAt >= patienceMs) this.#uplink.role?.giveUp(new P2pError("host_lost", { message: `The host lets nothing become stable for ${patienceMs} ms.` }))
    return this.#isWaiting
  }

  #hasProgressed() {
    this.#progress = this.#broadcast.progress
    this.#progressAt = this.now
  }
}
