/** The board's own units, the same in every browser, however large it is shown. */
export const WIDTH = 1200
export const HEIGHT = 900
/** A stroke that gets longer goes on as another. */
export const MAX_POINTS = 4000

const COLOURS = ["ink", "red", "orange", "green", "blue", "violet"]
const MAX_LINE_WIDTH = 60

/**
 * A line drawn without lifting the pen; its points are a flat list, x before y.
 * @typedef {{ id: number, colour: string, width: number, points: number[] }} Stroke
 */

/**
 * What somebody else sent, if it is a stroke: nothing of it is taken on trust.
 * @param {any} data
 * @returns {Stroke | null}
 */
export function readStroke(data) {
  const { id, colour, width, points } = data ?? {}
  const isStroke = Number.isFinite(id) && COLOURS.includes(colour) && Number.isFinite(width) && width > 0 && width <= MAX_LINE_WIDTH && isLine(points)
  return isStroke ? { id, colour, width, points } : null
}

/**
 * Whether this can be a point's place in a stroke's list.
 * @param {any} index
 */
export function isPlace(index) {
  return Number.isInteger(index) && index >= 0 && index < 2 * MAX_POINTS && index % 2 === 0
}

/**
 * Where the pointer is on an element, in the board's units.
 * @param {{ clientX: number, clientY: number }} event
 * @param {Element} element
 * @returns {[number, number]}
 */
export function pointOf({ clientX, clientY }, element) {
  const { left, top, width, height } = element.getBoundingClientRect()
  return [within((clientX - left) / width, WIDTH), within((clientY - top) / height, HEIGHT)]
}

/** @param {number} share @param {number} size */
function within(share, size) {
  return Math.round(Math.min(1, Math.max(0, share)) * size)
}

/** @param {any} points */
function isLine(points) {
  return Array.isArray(points) && points.length % 2 === 0 && points.length <= 2 * MAX_POINTS && points.every(Number.isFinite)
}
