// A stay: the time that an element spends in one session, with its session object and its token.
import { systemClock } from "../base/clock.js"
import { Link } from "../transport/link.js"
import { P2pError } from "../base/errors.js"
import { Session } from "../session/session.js"
import { TokenRenewal } from "../signaling/token_renewal.js"
import { Signaling } from "../signaling/signaling.js"

/** An element's stay in a session: its peer, and the token and options with which that joins. A stay can be started only once. */
export class Stay {
  #options
  #place
  #renewal
  #hasStarted = false
  #hasEnded = false

  /**
   * @param {import("./attributes.js").Attributes} options
   * @param {import("../messaging/topics.js").Topics} topics
   * @param {import("../session/session.js").SessionOptions["delegate"]} delegate
   * @param {(renewal: TokenRenewal) => void} renewed the server has given a newer token
   */
  constructor(options, topics, delegate, renewed) {
    this.#options = options
    this.#place = placeOf(options)
    this.#renewal = new TokenRenewal({ ...options, clock: systemClock, renewed, iceRenewed: (iceServers) => this.session.configure(iceServers), failed: (error) => this.#warn(error, delegate) })
    this.session = new Session({
      ...options,
      topics,
      clock: systemClock,
      delegate,
      iceExpires: (ms) => this.#renewal.renewIceWithin(ms),
      createSignaling: (signaling) => new Signaling({ ...options, token: () => this.token, delegate: signaling }),
      createLink: ({ terms, ...setup }) => new Link({ ...options, ...setup, terms: { ...terms, iceServers: () => this.#options.iceServers ?? terms.iceServers() }, clock: systemClock }),
    })
    this.#renewal.start()
  }

  get peerId() {
    return this.#options.peerId
  }

  /** The newest token. */
  get token() {
    return this.#renewal.token
  }

  get hasEnded() {
    return this.#hasEnded
  }

  /** Whether the stay goes on, so that one can come back to it. */
  get isLive() {
    const { state } = this.session
    return this.#isUnderWay && state !== "closed" && state !== "failed"
  }

  get #isUnderWay() {
    return this.#hasStarted && !this.#hasEnded
  }

  /**
   * Whether these options mean this stay. Tokens and ICE servers aren't compared, because they differ in each page that the server renders.
   * @param {import("./attributes.js").Attributes | null} options
   */
  isFor(options) {
    return options !== null && placeOf(options) === this.#place
  }

  /** @param {import("./attributes.js").Attributes} options */
  hasServersOf({ iceServers }) {
    return JSON.stringify(iceServers) === JSON.stringify(this.#options.iceServers)
  }

  start() {
    if (this.#hasStarted || this.#hasEnded) return
    this.#hasStarted = true
    this.#attempt(() => this.session.start())
  }

  /**
   * Takes over newer options of the same stay. They are used from the next join on. If the former ones have failed, that is now.
   * @param {import("./attributes.js").Attributes} options
   */
  renew(options) {
    const isNew = this.#renewal.take(options) || !this.hasServersOf(options)
    this.#options = options
    if (isNew && this.session.state === "failed") this.reconnect()
  }

  reconnect() {
    if (this.#isUnderWay) this.#attempt(() => this.session.reconnect())
  }

  end() {
    this.#hasEnded = true
    this.#renewal.stop()
    this.session.close()
  }

  // Private

  /**
   * Reports that the token can't be renewed, unless this peer has left and needs none.
   * @param {P2pError} error
   * @param {import("../session/session.js").SessionOptions["delegate"]} delegate
   */
  #warn(error, delegate) {
    if (this.session.state !== "closed") delegate.sessionErrored(error)
  }

  /** @param {() => void} join */
  #attempt(join) {
    if ("RTCPeerConnection" in globalThis) join()
    else this.session.refuse(new P2pError("unsupported", { message: "This browser has no WebRTC.", hint: "Use a browser with RTCPeerConnection." }))
  }
}

/** @param {import("./attributes.js").Attributes} options */
function placeOf(options) {
  return JSON.stringify({ ...options, token: 0, tokenExpiresInMs: 0, tokenUrl: 0, iceServers: 0 })
}
