// Reflects the state of an element in its attributes, and restores them when a morph removes them.
import { Bucket } from "../base/token_bucket.js"
import { Timer } from "../base/clock.js"

/** How often in a row attributes are restored that somebody else changes, and how often a second after that. Beyond that, the change stays for a while, so that no endless loop begins. */
export const MAX_PUT_BACK = 10
export const PUT_BACK_RATE = 1

/** Attributes that show the state of the element. A morph removes them, because the server doesn't know them. So they are restored. */
export class Reflection {
  #element
  #read
  #bucket
  #timer
  #isDue = false

  /**
   * @param {Element} element
   * @param {() => Record<string, string | null>} read the value that each attribute should have; null for no attribute
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

  /** Somebody has changed an attribute. It is restored a moment later, because somebody may be removing all attributes, one by one. */
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
