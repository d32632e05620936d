// Writes errors that no app listens for to the browser's console.
/** Milliseconds that a page has to listen for an error before its browser's console tells it: scripts may come late. */
export const UNHEARD_MS = 1_000

/** Tells the console of the errors that no app listens for, each kind once: who tries a first page would see nothing happen. */
export class Unheard {
  #clock
  #isListening
  /** Whether somebody listens on an element above, as far as one can see. */
  #isHeardAbove = false
  /** @type {Set<string>} */
  #told = new Set()

  /**
   * @param {import("../base/clock.js").Clock} clock
   * @param {() => boolean} isListening whether there are listeners on the element itself now: those that were there may have gone
   */
  constructor(clock, isListening) {
    this.#clock = clock
    this.#isListening = isListening
  }

  /**
   * @param {CustomEvent<import("../base/errors.js").P2pError>} event an error's, which is to be dispatched
   * @returns {CustomEvent} the same; whoever reads what it tells has heard it, on whichever element above
   */
  watch(event) {
    const error = event.detail
    let isHeard = false
    Object.defineProperty(event, "detail", { get: () => {
      isHeard = true
      this.#isHeardAbove ||= !this.#isListening()
      return error
    } })
    this.#clock.setTimeout(() => { if (!isHeard) this.#tell(error) }, UNHEARD_MS)
    return event
  }

  // Private

  /** @param {import("../base/errors.js").P2pError} error */
  #tell({ code, message, hint }) {
    if (this.#isHeardAbove || this.#isListening() || this.#told.has(code)) return
    this.#told.add(code)
    // oxlint-disable-next-line no-console -- the place where a developer looks
    console.warn(`<p2p-frame> ${code}: ${message} ${hint} Listen for "p2p:error" to handle this.`)
  }
}
