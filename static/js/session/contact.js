// The contact to the server: when a client needs it, and whether it is alive.
import { Timer } from "../base/clock.js"

/** Milliseconds between two checks of the connection to the server. */
export const CHECK_PAUSE_MS = 2_000

/** This peer's contact to the server. A client that is connected to its host needs none, unless their link goes over the server or has to be mended. */
export class Contact {
  #signaling
  #keepSignaling
  #pause
  /** Whether the connection is to be checked once more. */
  #isDue = false

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
  }

  /** A client is connected to its host. @param {boolean} isNeeded whether their link needs the server */
  settle(isNeeded) {
    if (isNeeded && !this.#signaling.isConnected) this.#signaling.join()
    if (!isNeeded && !this.#keepSignaling) this.#signaling.leave("connected")
  }

  /** Nothing is heard from another peer. Makes sure of the connection to the server: a network that has changed takes that with it, and only a silence tells so. */
  check() {
    if (!this.#signaling.isConnected) this.#signaling.check()
    else if (this.#pause.isRunning) this.#isDue = true
    else this.#checkNow()
  }

  stop() {
    this.#pause.stop()
    this.#isDue = false
  }

  // Private

  #checkNow() {
    this.#isDue = false
    this.#pause.start(CHECK_PAUSE_MS, () => { if (this.#isDue) this.check() })
    this.#signaling.check()
  }
}
