/** How many strokes are drawn anew where the board changes its size; older ones are forgotten then. */
const MAX_STROKES = 5000

/** How many strokes are shown while they are drawn: there may be as many senders as a host makes up. */
const MAX_PREVIEWS = 200

/**
 * What is on the board: finished strokes in everybody's order, and those that others are drawing just now.
 * @typedef {import("./stroke.js").Stroke} Stroke
 */
export class Drawing {
  /** @type {Map<string, Stroke>} */
  #strokes = new Map()
  /** By peer. @type {Map<string, Stroke>} */
  #previews = new Map()
  /** The last stroke that each peer has finished. @type {Map<string, number>} */
  #finished = new Map()
  /** Whether strokes were drawn before those that are here, and can't be had any more. */
  isIncomplete = false

  get strokes() {
    return [...this.#strokes.values()]
  }

  get previews() {
    return [...this.#previews.values()]
  }

  /** How many strokes a newcomer has to know of. */
  get count() {
    return this.#strokes.size + Number(this.isIncomplete)
  }

  /**
   * @param {string} senderId
   * @param {Stroke} stroke
   * @param {number} before how many its sender saw before it
   */
  add(senderId, stroke, before) {
    if (this.#strokes.size === 0 && before > 0) this.isIncomplete = true
    this.#strokes.set(`${senderId} ${stroke.id}`, stroke)
    this.#finished.set(senderId, stroke.id)
    if (this.#strokes.size > MAX_STROKES) this.#forgetOldest()
    if (this.#previews.get(senderId)?.id === stroke.id) this.#previews.delete(senderId)
  }

  /**
   * Takes in a piece of a stroke that is being drawn; pieces overlap, for some get lost.
   * @param {string} senderId
   * @param {Stroke} piece
   * @param {number} from where its points belong
   */
  preview(senderId, piece, from) {
    // It took another way than the finished stroke, and may come after it.
    if (piece.id <= (this.#finished.get(senderId) ?? -Infinity)) return
    const known = this.#previews.get(senderId)
    if (!known && this.#previews.size >= MAX_PREVIEWS) return
    const points = known?.id === piece.id ? known.points.slice(0, from) : []
    // A straight line stands for what got lost.
    while (points.length < from) points.push(piece.points[0], piece.points[1])
    this.#previews.set(senderId, { ...piece, points: [...points, ...piece.points] })
  }

  /** @param {string} peerId who stopped in the middle of a stroke */
  drop(peerId) {
    return this.#previews.delete(peerId)
  }

  clear() {
    this.#strokes.clear()
    this.isIncomplete = false
  }

  // Private

  #forgetOldest() {
    this.#strokes.delete(/** @type {string} */ (this.#strokes.keys().next().value))
    this.isIncomplete = true
  }
}
