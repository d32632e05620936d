/** How far, in the board's units, a line may be from the points that it leaves out. */
const TOLERANCE = 0.5

/**
 * Leaves out the points that nobody would miss (Ramer, Douglas and Peucker's algorithm).
 * @param {number[]} points flat, x before y
 * @returns {number[]}
 */
export function simplify(points) {
  const last = points.length / 2 - 1
  const kept = new Set([0, last])
  const spans = [[0, last]]
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [from, to] = span
    const farthest = farthestFrom(points, from, to)
    if (farthest === null) continue
    kept.add(farthest)
    spans.push([from, farthest], [farthest, to])
  }
  return [...kept].sort((one, other) => one - other).flatMap((index) => points.slice(2 * index, 2 * index + 2))
}

/** The point between two others that is farthest from the line between them, or null if all are near. */
function farthestFrom(points, from, to) {
  let [farthest, most] = [null, TOLERANCE]
  for (let index = from + 1; index < to; index += 1) {
    const distance = distanceTo(points, from, to, index)
    if (distance > most) [farthest, most] = [index, distance]
  }
  return farthest
}

function distanceTo(points, from, to, index) {
  const [ax, ay] = [points[2 * from], points[2 * from + 1]]
  const [dx, dy] = [points[2 * to] - ax, points[2 * to + 1] - ay]
  const [px, py] = [points[2 * index] - ax, points[2 * index + 1] - ay]
  const share = Math.min(1, Math.max(0, (px * dx + py * dy) / (dx * dx + dy * dy || 1)))
  return Math.hypot(px - share * dx, py - share * dy)
}
