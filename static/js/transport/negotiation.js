import { Timer } from "../base/clock.js"
import { P2pError } from "../base/errors.js"
import { MAX_CANDIDATES, MAX_SIGNALS } from "../base/limits.js"
import { isDescription } from "../wire/sdp.js"

/**
 * One negotiation of a connection between two peers: offer, answer and candidates.
 *
 * Only the host makes offers, so two offers can't collide. Signals are sent through a function, so that the negotiation needn't know
 * how they travel. They are applied one after the other, in whatever order they come.
 *
 * @typedef {import("../wire/sdp.js").Signal} Signal
 */

/** Milliseconds after which the signals are sent again if there is no connection yet. */
export const RESEND_MS = 2_000
/** How many candidates go into one signal. */
export const MAX_CANDIDATES_PER_SIGNAL = 64

export class Negotiation {
  #pc
  #signal
  #clock
  /** Own candidates that aren't sent yet. @type {RTCIceCandidateInit[]} */
  #found = []
  /** Own candidates that are sent. @type {RTCIceCandidateInit[]} */
  #sent = []
  /** Candidates of the other peer that came before its description. @type {RTCIceCandidateInit[]} */
  #waiting = []
  /** All candidates of the other peer so far. They are sent repeatedly, and a browser would examine each one again. @type {Set<string>} */
  #known = new Set()
  #signals = 0
  /** @type {Promise<void>} */
  #applying = Promise.resolve()
  #resendTimer
  #closed = false
  /** How many candidates the browser has refused. A useless candidate doesn't end the attempt. */
  badCandidates = 0

  /**
   * @param {object} options
   * @param {RTCPeerConnection} options.pc
   * @param {(signal: Signal) => void} options.signal sends a signal to the other peer
   * @param {import("../base/clock.js").Clock} options.clock
   */
  constructor({ pc, signal, clock }) {
    this.#pc = pc
    this.#signal = signal
    this.#clock = clock
    this.#resendTimer = new Timer(clock)
    this.#pc.onicecandidate = ({ candidate }) => this.#foundCandidate(candidate)
  }

  /** Makes the offer. Only the host calls this. */
  async offer() {
    await this.#pc.setLocalDescription()
    if (!this.#closed) this.#sendDescription()
  }

  /**
   * Applies a signal of the other peer.
   * @param {Signal} signal
   * @returns {Promise<void>} rejects with the browser's error when a description doesn't fit, and with a P2pError when the description isn't allowed
   */
  receive(signal) {
    if (++this.#signals > MAX_SIGNALS) return this.#applying
    const applied = this.#applying.then(() => this.#apply(signal))
    // If a signal fails, its own promise reports it, and the next signal is applied all the same.
    this.#applying = applied.catch(() => undefined)
    return applied
  }

  /** The peers are connected: nothing needs to be sent again. */
  succeed() {
    this.#resendTimer.stop()
  }

  close() {
    this.#closed = true
    this.#pc.onicecandidate = null
    this.#resendTimer.stop()
  }

  // Descriptions

  #sendDescription() {
    const { type, sdp } = /** @type {RTCSessionDescription} */ (this.#pc.localDescription)
    this.#signal({ description: { type, sdp } })
    this.#resendTimer.start(RESEND_MS, () => this.#resend())
  }

  /** Sends again what may have been lost. A host without an answer repeats its offer, which the client answers again. With an answer, only candidates can be missing. */
  #resend() {
    if (this.#pc.signalingState === "have-local-offer") return this.#sendDescription()
    this.#sendCandidates(this.#sent)
    this.#resendTimer.start(RESEND_MS, () => this.#resend())
  }

  /** @param {Signal} signal */
  async #apply(signal) {
    if (this.#closed) return
    if ("candidates" in signal) return this.#applyCandidates(signal.candidates.filter((candidate) => this.#isNew(candidate)))
    const { description } = signal
    if (!isDescription(description)) throw new P2pError("bad_request", { message: "This is no description, or too long a one." })
    if (description.type === "answer" && this.#pc.signalingState !== "have-local-offer") return // a repeated answer
    await this.#pc.setRemoteDescription(description)
    if (this.#closed) return
    if (description.type === "offer") await this.#answer()
    await this.#applyCandidates(this.#waiting.splice(0))
  }

  async #answer() {
    await this.#pc.setLocalDescription()
    if (!this.#closed) this.#sendDescription()
  }

  // Candidates

  /** @param {RTCIceCandidateInit[]} candidates */
  async #applyCandidates(candidates) {
    if (!this.#pc.remoteDescription) {
      this.#waiting.push(...candidates)
      return
    }
    for (const candidate of candidates) {
      if (this.#closed) return
      await this.#pc.addIceCandidate(candidate).catch(() => { this.badCandidates += 1 })
    }
  }

  /** @param {RTCIceCandidateInit} candidate */
  #isNew(candidate) {
    const name = JSON.stringify(candidate)
    if (this.#known.has(name) || this.#known.size >= MAX_CANDIDATES) return false
    this.#known.add(name)
    return true
  }

  /** @param {RTCIceCandidate | null} candidate */
  #foundCandidate(candidate) {
    if (!candidate?.candidate) return // nothing needs to be sent for the end of the candidates
    const { sdpMid, sdpMLineIndex, usernameFragment } = candidate
    if (this.#found.length + this.#sent.length >= MAX_CANDIDATES) return
    // Candidates that are found in one turn of the event loop are sent together.
    if (this.#found.length === 0) this.#clock.soon(() => this.#flush())
    this.#found.push({ candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment })
  }

  #flush() {
    if (this.#closed) return
    const found = this.#found.splice(0)
    this.#sendCandidates(found)
    this.#sent.push(...found)
  }

  /** @param {RTCIceCandidateInit[]} candidates */
  #sendCandidates(candidates) {
    for (let start = 0; start < candidates.length; start += MAX_CANDIDATES_PER_SIGNAL) {
      this.#signal({ candidates: candidates.slice(start, start + MAX_CANDIDATES_PER_SIGNAL) })
    }
  }
}
