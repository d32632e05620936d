// Whether the server can be reached where no connection to it could be made, and why not.
import { Timer } from "../base/clock.js"
import { P2pError } from "../base/errors.js"

/** Milliseconds that the server has to answer one question. */
export const PROBE_TIMEOUT_MS = 5_000
/** The shortest time between two questions by HTTP, in milliseconds. */
export const PROBE_PAUSE_MS = 5_000

/** @param {boolean} mayPoll */
const blocked = (mayPoll) => ({
  message: "The server answers, but no WebSocket to it can be opened: the network, or a proxy in between, lets none through.",
  hint: `Visitors: try another network, or without a VPN. Who runs the site: let the proxy pass Upgrade, Connection and Host on (nginx: proxy_http_version 1.1), look into the server's log, or ${mayPoll ? "give long polling one worker, or sticky sessions" : "allow long polling by P2P_TRANSPORTS"}.`,
})

/** Asks the server whether it is there, when no WebSocket opens: so that a proxy that refuses WebSockets is told apart from a server that is away. */
export class Reachability {
  #address
  #clock
  #mayPoll
  /** Whether the server has answered by HTTP since the last connection. */
  #answers = false
  #askedAt = -Infinity

  /**
   * @param {object} options
   * @param {string} options.url the server's origin
   * @param {string} options.path Socket.IO's path on it
   * @param {boolean} options.mayPoll whether an answer by HTTP is enough to join
   * @param {import("../base/clock.js").Clock} options.clock
   */
  constructor({ url, path, mayPoll, clock }) {
    this.#address = `${url}${path.replace(/\/$/, "")}/?EIO=4&transport=websocket`
    this.#mayPoll = mayPoll
    this.#clock = clock
  }

  /** Why the server isn't reached, as far as that is known. */
  get error() {
    return new P2pError("signaling_lost", this.#answers ? blocked(this.#mayPoll) : {})
  }

  /** No WebSocket has opened. Asks by HTTP, unless that was done just before. */
  async missed() {
    const now = this.#clock.now()
    if (now - this.#askedAt < PROBE_PAUSE_MS) return
    this.#askedAt = now
    const answers = await answersHttp(this.#address)
    if (this.#askedAt === now) this.#answers = answers
  }

  /** A connection was made, or nobody wants one any more. */
  reset() {
    this.#answers = false
    this.#askedAt = -Infinity
  }

  /** Whether the server can be reached now, in a way in which this peer could join. */
  async look() {
    return (await this.#opens()) || (this.#mayPoll && answersHttp(this.#address))
  }

  // Private

  /** @returns {Promise<boolean>} whether a WebSocket opens, and Engine.IO greets */
  #opens() {
    const term = new Timer(this.#clock)
    const socket = new WebSocket(this.#address.replace(/^http/, "ws"))
    return new Promise((resolve) => {
      socket.onmessage = () => resolve(true)
      socket.onerror = socket.onclose = () => resolve(false)
      term.start(PROBE_TIMEOUT_MS, () => resolve(false))
    }).finally(() => {
      term.stop()
      socket.close()
    })
  }
}

/**
 * Whether the server answers a request for a WebSocket that comes without the handshake: it refuses it (400). A proxy whose server is away answers with 5xx.
 * @param {string} address
 */
async function answersHttp(address) {
  try {
    const { status } = await fetch(address, { cache: "no-store", credentials: "omit", redirect: "manual", signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
    return status >= 400 && status < 500
  } catch {
    return false // It is away, or the answer took too long.
  }
}
