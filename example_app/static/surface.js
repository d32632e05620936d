import { HEIGHT, WIDTH } from "./stroke.js"

/** A canvas as sharp as the screen, whatever its size on the page, that draws strokes. */
export class Surface {
  #canvas
  #context
  #repaint
  #observer = new ResizeObserver((entries) => this.#resize(entries[0]))

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} repaint called when the canvas is empty because its size has changed
   */
  constructor(canvas, repaint) {
    this.#canvas = canvas
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
    this.#repaint = repaint
  }

  start() {
    this.#observer.observe(this.#canvas)
  }

  stop() {
    this.#observer.disconnect()
  }

  clear() {
    this.#context.clearRect(0, 0, WIDTH, HEIGHT)
  }

  /** @param {import("./stroke.js").Stroke} stroke */
  draw({ colour, width, points }) {
    const context = this.#context
    // The colours are the style sheet's: those of a dark page are light.
    context.strokeStyle = getComputedStyle(this.#canvas).getPropertyValue(`--${colour}`)
    context.lineWidth = width
    context.beginPath()
    // A dot is a line, too, if it goes where it is.
    context.moveTo(points[0], points[1])
    for (let index = 0; index < points.length; index += 2) context.lineTo(points[index], points[index + 1])
    context.stroke()
  }

  // Private

  #resize({ contentRect }) {
    const { width, height } = contentRect
    if (width === 0) return // Another view is shown in its place.
    this.#canvas.width = Math.round(width * devicePixelRatio)
    this.#canvas.height = Math.round(height * devicePixelRatio)
    this.#context.scale(this.#canvas.width / WIDTH, this.#canvas.height / HEIGHT)
    this.#context.lineCap = this.#context.lineJoin = "round"
    this.#repaint()
  }
}
