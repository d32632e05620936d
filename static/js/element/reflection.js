// Writes the state of an element into its attributes, and puts it back when a morph removes it.
import { Bucket } from "../base/token_bucket.js"
import { Timer } from "../base/clock.js"

/** How often in a row attributes are put back that somebody else changes, and how often a second after that: who insists wins for the rest of the time. */
export const MAX_PUT_BACK = 10
export const PUT_BACK_RATE = 1

/** Attributes that say how the element is. A morph takes them away, as the server doesn't know them: they are put back. */
export class Reflection {
  #element
  #read
  #bucket
  #timer
  #isDue = false

  /**
   * @param {Element} element
   * @param {() => Record<string, string | null>} read what each attribute is to be; null for none
   * @param {import("../base/clock.js").Clock} clock
   */
  constructor(element, read, clock) {
    this.#element = element
    this.#read = read
    this.#bucket = new Bucket({ rate: PUT_BACK_RATE, burst: MAX_PUT_BACK, clock })
    this.#timer = new Timer(clock)
  }

  /** The element has changed. */
  update() {
    for (const [name, value] of this.#wrong) {
      if (value === null) this.#element.removeAttribute(name)
      else this.#element.setAttribute(name, value)
    }
  }

  /** Somebody has changed an attribute; whoever takes all attributes away one by one comes to an end first. */
  disturbed() {
    if (this.#isDue || this.#wrong.length === 0) return
    this.#isDue = true
    const wait = this.#bucket.wait(1)
    if (wait > 0) this.#timer.start(wait, () => this.#putBack())
    else queueMicrotask(() => this.#putBack())
  }

  // Private

  #putBack() {
    this.#isDue = false
    this.#bucket.take(1)
    this.update()
  }

  get #wrong() {
    return Object.entries(this.#read()).filter(([name, value]) => this.#element.getAttribute(name) !== value)
  }
}
