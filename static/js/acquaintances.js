import { RETURN_MLS } from "./direct.js"

/**
 * Whom a peer knows to be in the session, or to have been in it a moment ago: after a change of host the picture is empty at first, and who was in it comes back.
 */
export class Acquaintances {
  #clock
  #present = new Set()
  /** Since when somebody is missing, in milliseconds. @type {Map<string, number>} */
  #goneAt = new Map()

  /** @param {import("./clock.js").Clock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  /**
   * Takes in who is there now.
   * @param {Iterable<string>} peerIds
   */
  meet(peerIds) {
    const now = this.#clock.now()
    const present = new Set(peerIds)
    for (const peerId of this.#present) if (!present.has(peerId)) this.#goneAt.set(peerId, now)
    for (const [peerId, at] of this.#goneAt) if (present.has(peerId) || now - at > RETURN_MLS) this.#goneAt.delete(peerId)
    this.#present = present
  }

  /** @param {string} peerId */
  knows(peerId) {
    return this.#present.has(peerId) || this.#goneAt.has(peerId)
  }

  forget() {
    this.#present.clear()
    this.#goneAt.clear()
  }
}
