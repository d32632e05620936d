// A message there and back between two RTCPeerConnections of this page, and what an ICE server says meanwhile.

/**
 * @typedef {import("./checks.js").Outcome} Outcome
 * @typedef {import("./checks.js").Reason} Reason
 * @typedef {{ clock: import("../base/clock.js").Clock, RTCPeerConnection?: typeof globalThis.RTCPeerConnection }} Tools
 */

/** Error codes of TURN servers (RFC 8656, section 19; RFC 8489, section 14.8), and what they mean. @type {Readonly<Record<number, Reason>>} */
const MEANINGS = Object.freeze({ 400: "refused", 401: "refused", 403: "refused", 431: "refused", 438: "refused", 441: "refused", 486: "full", 508: "full" })

/**
 * @param {RTCConfiguration} configuration
 * @param {AbortSignal} signal
 * @param {Tools} tools
 * @returns {Promise<Outcome>}
 */
export function loop(configuration, signal, tools) {
  return new Loop(configuration, tools).run(signal)
}

/** Two connections that make themselves known to each other. */
class Loop {
  #tools
  #began
  #needsRelay
  /** @type {RTCPeerConnection[]} */
  #ends = []
  /** How many candidates have come, of both. */
  #candidates = 0
  #code = 0
  /** @type {(outcome: Outcome) => void} */
  #resolve = () => undefined
  #configuration

  /** @param {RTCConfiguration} configuration @param {Tools} tools */
  constructor(configuration, tools) {
    this.#configuration = configuration
    this.#tools = tools
    this.#began = tools.clock.now()
    this.#needsRelay = configuration.iceTransportPolicy === "relay"
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Outcome>}
   */
  async run(signal) {
    const done = new Promise((/** @type {(outcome: Outcome) => void} */ resolve) => { this.#resolve = resolve })
    signal.addEventListener("abort", () => this.#resolve(this.#failure()))
    this.#connect().catch((error) => this.#resolve({ ok: false, reason: "failed", code: error instanceof Error ? error.name : undefined }))
    try {
      return await done
    } finally {
      for (const end of this.#ends) end.close()
    }
  }

  // Private

  async #connect() {
    const { RTCPeerConnection = globalThis.RTCPeerConnection } = this.#tools
    if (!RTCPeerConnection) return this.#resolve({ ok: false, reason: "unsupported" })
    const [one, other] = (this.#ends = [new RTCPeerConnection(this.#configuration), new RTCPeerConnection(this.#configuration)])
    this.#talk(one.createDataChannel("check"))
    other.ondatachannel = ({ channel }) => { channel.onmessage = ({ data }) => channel.send(data) }
    /** @type {RTCIceCandidateInit[][]} */
    const early = [[], []]
    this.#watch(one, (candidate) => early[0].push(candidate))
    this.#watch(other, (candidate) => early[1].push(candidate))
    await one.setLocalDescription()
    await other.setRemoteDescription(/** @type {RTCSessionDescription} */ (one.localDescription))
    await other.setLocalDescription()
    await one.setRemoteDescription(/** @type {RTCSessionDescription} */ (other.localDescription))
    this.#pass(one, other, early[0])
    this.#pass(other, one, early[1])
  }

  /** @param {RTCPeerConnection} from @param {RTCPeerConnection} to @param {RTCIceCandidateInit[]} early */
  #pass(from, to, early) {
    // What can't be added is of no use for the loop; others may come.
    const add = (/** @type {RTCIceCandidateInit} */ candidate) => void to.addIceCandidate(candidate).catch(() => undefined)
    early.forEach(add)
    this.#watch(from, add)
  }

  /** @param {RTCPeerConnection} end @param {(candidate: RTCIceCandidateInit) => void} found */
  #watch(end, found) {
    end.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return
      this.#candidates++
      found(candidate)
    }
    end.onicecandidateerror = ({ errorCode }) => { this.#code = MEANINGS[errorCode] ? errorCode : this.#code || errorCode }
    end.onicegatheringstatechange = () => this.#gathered()
    end.onconnectionstatechange = () => { if (end.connectionState === "failed") this.#resolve(this.#failure()) }
  }

  #gathered() {
    // Both must have come to their end: the errors of one may come after the candidates of the other.
    if (this.#needsRelay && this.#candidates === 0 && this.#ends.every(({ iceGatheringState }) => iceGatheringState === "complete")) this.#resolve(this.#failure())
  }

  /** @param {RTCDataChannel} channel */
  #talk(channel) {
    const { clock } = this.#tools
    let sentAt = 0
    channel.onopen = () => {
      sentAt = clock.now()
      channel.send("there and back")
    }
    channel.onmessage = () => this.#resolve({ ok: true, ms: clock.now() - this.#began, tripMs: clock.now() - sentAt, reached: true })
  }

  /** @returns {Outcome} */
  #failure() {
    if (!this.#needsRelay) return { ok: false, reason: "failed" }
    if (this.#candidates > 0) return { ok: false, reason: "relaying", reached: true }
    if (!this.#code) return { ok: false, reason: "nothing" }
    return { ok: false, reason: MEANINGS[this.#code] ?? "unreached", code: this.#code }
  }
}
