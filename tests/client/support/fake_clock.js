/** A clock that stands still until a test moves it. */
export class FakeClock {
  #now = 0
  #lastHandle = 0
  /** @type {Map<number, { due: number, callback: () => void }>} */
  #timers = new Map()

  #asleep = 0

  now = () => this.#now

  wall = () => this.#now + this.#asleep

  /**
   * @param {() => void} callback
   * @param {number} ms
   */
  setTimeout = (callback, ms) => {
    this.#timers.set(++this.#lastHandle, { due: this.#now + ms, callback })
    return this.#lastHandle
  }

  /** @param {number} handle */
  clearTimeout = (handle) => {
    this.#timers.delete(handle)
  }

  /** @param {() => void} callback */
  soon = (callback) => {
    this.setTimeout(callback, 0)
  }

  /** How many timers are running: none may be left behind. */
  get pending() {
    return this.#timers.size
  }

  /** When the next timer is due. */
  get nextDue() {
    return Math.min(...[...this.#timers.values()].map(({ due }) => due))
  }

  /**
   * Lets time pass; each timer runs at its own moment.
   * @param {number} ms
   */
  advance(ms) {
    const end = this.#now + ms
    while (this.nextDue <= end) this.#runNext(this.nextDue)
    this.#now = end
  }

  /**
   * Lets time pass as in a page that was frozen: what was due in it runs late, once.
   * @param {number} ms
   */
  leap(ms) {
    this.#now += ms
    const due = [...this.#timers].filter(([, timer]) => timer.due <= this.#now).toSorted(([, a], [, b]) => a.due - b.due)
    for (const [handle] of due) this.#run(handle)
  }

  /**
   * Lets time pass as in a machine that sleeps: only the day's clock goes on.
   * @param {number} ms
   */
  sleep(ms) {
    this.#asleep += ms
  }

  // Private

  /** @param {number} due */
  #runNext(due) {
    this.#now = Math.max(this.#now, due)
    for (const [handle, timer] of this.#timers) if (timer.due === due) return this.#run(handle)
  }

  /** @param {number} handle */
  #run(handle) {
    const timer = this.#timers.get(handle)
    this.#timers.delete(handle)
    timer?.callback()
  }
}

/** What the system's own threads work on for a page: reading Blobs, and digests. They take time that isn't the clock's. */
const underWay = new Set()

for (const [prototype, name] of [[Blob.prototype, "arrayBuffer"], [crypto.subtle.constructor.prototype, "digest"]]) {
  const work = prototype[name]
  prototype[name] = function (...parameters) {
    const result = work.apply(this, parameters)
    const over = () => { underWay.delete(result) }
    underWay.add(result)
    result.then(over, over)
    return result
  }
}

/** Lets everything that waits for promises come to rest, and for what the system works on meanwhile. */
export async function settle() {
  do {
    await Promise.allSettled(underWay)
    await new Promise((resolve) => { setImmediate(resolve) })
  } while (underWay.size > 0)
}

/**
 * Lets time pass, and whatever happens in it come to rest before the next timer runs.
 * @param {FakeClock} clock
 * @param {number} ms
 */
export async function pass(clock, ms) {
  const end = clock.now() + ms
  await settle()
  while (clock.nextDue <= end) {
    clock.advance(Math.max(0, clock.nextDue - clock.now()))
    await settle()
  }
  clock.advance(end - clock.now())
}
