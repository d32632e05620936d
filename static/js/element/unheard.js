// Writes errors that no app listens for to the browser's console.
/** Milliseconds that a page has to listen for an error before it is written to the console, because scripts may load late. */
export const UNHEARD_MS = 1_000

/** Writes errors that no app listens for to the console, each kind once. Without that, a developer would see nothing happen on a first page that fails. */
export class Unheard {
  #clock
  #isListening
  /** Whether somebody seems to listen on an element above this one. */
  #isHeardAbove = false
  /** @type {Set<string>} */
  #told = new Set()

  /**
   * @param {import("../base/clock.js").Clock} clock
   * @param {() => boolean} isListening whether there are listeners on the element itself now; earlier ones may have been removed
   */
  constructor(clock, isListening) {
    this.#clock = clock
    this.#isListening = isListening
  }

  /**
   * @param {CustomEvent<import("../base/errors.js").P2pError>} event the event of an error, which is to be dispatched
   * @returns {CustomEvent} the same event. If its detail is read, somebody listens, on this element or on one above
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
