/** Notices who joins and who leaves, from one picture of the peers to the next. */
export class Attendance {
  /** @type {Set<string> | null} */
  #here = null

  /**
   * @param {Record<string, string>} peers states by peer id
   * @returns {{ joined: string[], left: string[] }} nobody at first: who was here before has not joined
   */
  update(peers) {
    const ids = Object.keys(peers)
    const here = this.#here ?? new Set(ids.filter((id) => peers[id] === "connected"))
    const joined = ids.filter((id) => peers[id] === "connected" && !here.has(id))
    const left = ids.filter((id) => isGone(peers[id]) && here.has(id))
    for (const id of joined) here.add(id)
    for (const id of left) here.delete(id)
    this.#here = here
    return { joined, left }
  }

  /**
   * A new host knows only those who have come to it: whoever is not among them has left.
   * @param {Map<string, string>} peers
   * @returns {string[]}
   */
  settle(peers) {
    return [...this.#here ?? []].filter((id) => !peers.has(id) && this.leave(id))
  }

  /**
   * @param {string} peerId
   * @returns {boolean} whether that is news
   */
  leave(peerId) {
    return this.#here?.delete(peerId) ?? false
  }
}

/** @param {string} state */
function isGone(state) {
  return state === "disconnected" || state === "closed" || state === "failed"
}
