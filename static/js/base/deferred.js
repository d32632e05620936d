/**
 * A promise, and the two ends of it. Whoever ignores it hears nothing of its rejection: apps may look at events in its place.
 * @template T
 * @returns {{ promise: Promise<T>, resolve: (value: T) => void, reject: (error: unknown) => void }}
 */
export function deferred() {
  /** @type {any} */
  let ends
  /** @type {Promise<T>} */
  const promise = new Promise((resolve, reject) => { ends = { resolve, reject } })
  promise.catch(() => undefined)
  return { promise, ...ends }
}
