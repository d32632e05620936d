import { MAX_POINTS, pointOf } from "./stroke.js"
import { simplify } from "./simplify.js"

/** How many of the last points go into one preview, of which some get lost. */
const TAIL = 2 * 64

/** One stroke from where the pen is put down to where it is lifted. */
export class Pen {
  #element

  /**
   * @param {PointerEvent} event
   * @param {Element} element what is drawn on
   * @param {{ colour: string, width: number }} ink
   */
  constructor(event, element, ink) {
    this.#element = element
    this.pointerId = event.pointerId
    /** @type {import("./stroke.js").Stroke} */
    this.stroke = { id: Date.now(), ...ink, points: pointOf(event, element) }
  }

  /** Whether the stroke is as long as one may be. */
  get isWorn() {
    return this.stroke.points.length >= 2 * MAX_POINTS
  }

  /** The end of the stroke, for those who watch. */
  get tail() {
    const from = Math.max(0, this.stroke.points.length - TAIL)
    return { ...this.stroke, from, points: this.stroke.points.slice(from) }
  }

  /** @param {PointerEvent} event */
  move(event) {
    const { points } = this.stroke
    // A browser hands over several movements at once; all of them belong to the line.
    const events = event.getCoalescedEvents?.() ?? []
    for (const moved of events.length > 0 ? events : [event]) {
      const [x, y] = pointOf(moved, this.#element)
      if (!this.isWorn && (x !== points.at(-2) || y !== points.at(-1))) points.push(x, y)
    }
  }

  /** The stroke as it is sent. */
  lift() {
    return { ...this.stroke, points: simplify(this.stroke.points) }
  }
}
