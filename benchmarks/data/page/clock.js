/** The machine's clock in milliseconds, by which one page's times can be told from another's. */

const TICKS = 5

/** Added to performance.now(): the clock's ticks are whole milliseconds, its own start is a page's guess. */
const offset = Math.max(...Array.from({ length: TICKS }, tick))

export const now = () => performance.now() + offset

/** @param {number} mls */
export const pause = (mls) => new Promise((resolve) => { setTimeout(resolve, mls) })

function tick() {
  const before = Date.now()
  let at = before
  while (at === before) at = Date.now()
  return at - performance.now()
}
