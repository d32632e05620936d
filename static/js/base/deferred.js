/**
 * A promise together with its two functions. If nobody looks at the promise, its rejection isn't reported, because apps may watch events instead.
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
