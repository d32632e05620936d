// A message there and back over the server, between two sockets of this page in a session of their own.
import { Signaling } from "../signaling/signaling.js"
import { RELAY_AGAIN_MS } from "./limits.js"

/** What the link between the two is called. */
const LINK = "check"

/**
 * @typedef {import("./checks.js").Outcome} Outcome
 * @typedef {import("../signaling/signaling.js").Ready} Ready
 * @typedef {{ clock: import("../base/clock.js").Clock, Signaling?: typeof import("../signaling/signaling.js").Signaling }} Tools
 */

/**
 * @param {{ url: string, path: string, namespace: string, mayPoll: boolean, tokens: [string, string] }} options the first one to join is the host
 * @param {AbortSignal} signal
 * @param {Tools} tools
 * @returns {Promise<Outcome>}
 */
export function talkOverServer(options, signal, tools) {
  return new Conversation(options, tools).run(signal)
}

class Conversation {
  #clock
  #host
  #client
  #sentAt = 0
  /** @type {Ready | null} */
  #hosting = null
  #isOver = false
  /** Why nothing has got through yet. @type {Outcome} */
  #known = { ok: false, reason: "silent" }
  /** @type {(outcome: Outcome) => void} */
  #resolve = () => undefined

  /** @param {{ url: string, path: string, namespace: string, mayPoll: boolean, tokens: [string, string] }} options @param {Tools} tools */
  constructor({ tokens, ...place }, tools) {
    const SignalingHere = tools.Signaling ?? Signaling
    this.#clock = tools.clock
    this.#host = new SignalingHere({ ...place, token: () => tokens[0], delegate: { ...this.#common(), signalingReady: (ready) => this.#hostReady(ready), signalingRelayed: (batch) => this.#answer(batch) } })
    this.#client = new SignalingHere({ ...place, token: () => tokens[1], delegate: { ...this.#common(), signalingReady: (ready) => this.#clientReady(ready), signalingRelayed: () => this.#answered() } })
  }

  /** @param {AbortSignal} signal @returns {Promise<Outcome>} */
  async run(signal) {
    const done = new Promise((/** @type {(outcome: Outcome) => void} */ resolve) => { this.#resolve = resolve })
    signal.addEventListener("abort", () => this.#resolve(this.#known))
    this.#host.join()
    try {
      return await done
    } finally {
      this.#isOver = true
      this.#client.leave("closed")
      this.#host.leave("closed")
    }
  }

  // Private

  /** What neither of the two needs, or both do alike. */
  #common() {
    const nothing = () => undefined
    return {
      signalingReceived: nothing,
      signalingHostChanged: nothing,
      signalingPeerLeft: nothing,
      signalingExpelled: nothing,
      signalingDropped: nothing,
      signalingCredentials: () => ({}),
      signalingSeeks: () => false,
      signalingProbed: (/** @type {number} */ epoch) => ({ ok: epoch === this.#hosting?.epoch, epoch }),
      signalingRefused: (/** @type {import("../base/errors.js").P2pError} */ { code }) => this.#resolve({ ok: false, reason: "refused", code }),
    }
  }

  /** @param {Ready} ready for the host itself, or for the one that has come to it */
  #hostReady(ready) {
    if (ready.peer_id !== ready.host_peer_id || this.#hosting) return
    this.#hosting = ready
    this.#client.join()
  }

  /** @param {Ready} ready */
  #clientReady({ host_peer_id, epoch, relay }) {
    if (relay === "off") return this.#resolve({ ok: false, reason: "off" })
    this.#sentAt = this.#clock.now()
    this.#send(host_peer_id, epoch)
  }

  /** @param {string} to @param {number} epoch */
  #send(to, epoch) {
    if (this.#isOver) return
    this.#client.relay(to, epoch, LINK, { n: 1, ack: 0, packets: ["there"] }, (error) => {
      if (!error) return
      this.#known = { ok: false, reason: "failed", code: error.code }
      if (error.code === "relay_off") this.#resolve({ ok: false, reason: "off" })
      else if (error.retry) this.#clock.setTimeout(() => this.#send(to, epoch), error.retryAfterMls ?? RELAY_AGAIN_MS)
      else this.#resolve(this.#known)
    })
  }

  /** @param {import("../signaling/signaling.js").IncomingBatch} batch */
  #answer({ from, epoch, negotiation, n }) {
    if (n === 0) return
    this.#host.relay(from, epoch, negotiation, { n: 1, ack: n, packets: ["back"] }, (error) => {
      if (error) this.#resolve({ ok: false, reason: "failed", code: error.code })
    })
  }

  #answered() {
    this.#resolve({ ok: true, ms: this.#clock.now() - this.#sentAt })
  }
}
