/** How much of a shared store each of many owners uses, so that the owner with the most can be made to give way. */
export class Shares {
  count = 0
  size = 0
  /** @type {Map<string, { count: number, size: number }>} */
  #shares = new Map()

  /** @param {string} owner @param {number} size */
  add(owner, size) {
    this.#change(owner, 1, size)
  }

  /** @param {string} owner @param {number} size */
  remove(owner, size) {
    this.#change(owner, -1, -size)
  }

  /** How many things an owner has in the store. @param {string} owner */
  of(owner) {
    return this.#shares.get(owner)?.count ?? 0
  }

  /**
   * The owner that has the most.
   * @param {"count" | "size"} what
   */
  greatest(what) {
    let [greatest = ""] = this.#shares.keys()
    for (const [owner, share] of this.#shares) if (share[what] > (this.#shares.get(greatest)?.[what] ?? 0)) greatest = owner
    return greatest
  }

  /** @param {string} owner @param {number} count @param {number} size */
  #change(owner, count, size) {
    this.count += count
    this.size += size
    const share = this.#shares.get(owner) ?? { count: 0, size: 0 }
    share.count += count
    share.size += size
    if (share.count > 0) this.#shares.set(owner, share)
    else this.#shares.delete(owner)
  }
}
