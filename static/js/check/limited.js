// Limits how long a check takes, and how many run at once.

/**
 * @template T
 * @param {number} ms
 * @param {(signal: AbortSignal) => Promise<T>} work is told by the signal when its time is over, and then comes to its end; or when it is done, and lets go of what it holds
 * @param {import("../base/clock.js").Clock} clock
 * @returns {Promise<T>}
 */
export async function within(ms, work, clock) {
  const over = new AbortController()
  const timer = clock.setTimeout(() => over.abort(), ms)
  try {
    return await work(over.signal)
  } finally {
    clock.clearTimeout(timer)
    over.abort()
  }
}

/**
 * Does things one after the other, so many at once.
 * @param {(() => Promise<void>)[]} works
 * @param {number} atOnce
 */
export async function inTurn(works, atOnce) {
  const waiting = [...works]
  const worker = async () => {
    for (let work = waiting.shift(); work; work = waiting.shift()) await work()
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
