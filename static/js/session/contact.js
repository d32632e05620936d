// The contact to the server: when a client needs it, and whether it is alive.
import { Timer } from "../base/clock.js"

/** Milliseconds after which a client that the server has refused joins again, if the server doesn't say when. */
export const COME_AGAIN_MS = 1_000
/** Milliseconds between two checks of the connection to the server. */
export const CHECK_PAUSE_MS = 2_000

/** This peer's contact to the server. A client that is connected to its host needs none, unless their link goes over the server or has to be mended. */
export class Contact {
  #signaling
  #keepSignaling
  #pause
  /** Whether the connection is to be checked once more. */
  #isDue = false
  /** Runs until this client joins again. */
  #again

  /**
   * @param {object} options
   * @param {import("../signaling/signaling.js").Signaling} options.signaling
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {boolean} options.keepSignaling whether a client keeps its connection to the server in any case
   */
  constructor({ signaling, clock, keepSignaling }) {
    this.#signaling = signaling
    this.#keepSignaling = keepSignaling
    this.#pause = new Timer(clock)
    this.#again = new Timer(clock)
  }

  /** A client is connected to its host. @param {boolean} isNeeded whether their link needs the server */
  settle(isNeeded) {
    if (isNeeded && !this.#signaling.isConnected) this.#signaling.join()
    if (!isNeeded) this.#again.stop()
    // One that is being made is given up when it is there: browsers complain about a connection that is closed before.
    if (!isNeeded && !this.#keepSignaling && !this.#signaling.isConnecting) this.#signaling.leave("connected")
  }

  /** The server wants this client to come again. @param {number} [ms] */
  comeAgain(ms = COME_AGAIN_MS) {
    this.#again.start(ms, () => this.#signaling.join())
  }

  /** Nothing is heard from another peer. Makes sure of the connection to the server: a network that has changed takes that with it, and only a silence tells so. */
  check() {
    if (!this.#signaling.isConnected) this.#signaling.check()
    else if (this.#pause.isRunning) this.#isDue = true
    else this.#checkNow()
  }

  stop() {
    this.#pause.stop()
    this.#again.stop()
    this.#isDue = false
  }

  // Private

  #checkNow() {
    this.#isDue = false
    this.#pause.start(CHECK_PAUSE_MS, () => { if (this.#isDue) this.check() })
    this.#signaling.check()
  }
}
