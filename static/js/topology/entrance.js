import { Timer } from "../base/clock.js"
import { guarded } from "../base/errors.js"
import { MAX_NEGOTIATING } from "../base/limits.js"
import { MAX_PEERS } from "../wire/presence.js"

/** When a host makes a connection for a peer: not too often for one peer, and not for too many peers at once. A peer that asks again while it waits counts once. */
export class Entrance {
  #clock
  #timer
  #lookAt = 0
  #allowances
  #negotiating
  /** The peers that wait, in the order in which they asked. @type {Map<string, () => void>} */
  #waiting = new Map()

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {import("./allowance.js").Allowances} options.allowances
   * @param {() => number} options.negotiating how many connections are being made
   */
  constructor({ clock, allowances, negotiating }) {
    this.#clock = clock
    this.#timer = new Timer(clock)
    this.#allowances = allowances
    this.#negotiating = negotiating
  }

  /**
   * @param {string} peerId
   * @param {() => void} open makes the connection; it replaces the function of an earlier call that still waits
   */
  ask(peerId, open) {
    if (this.#waiting.size >= MAX_PEERS && !this.#waiting.has(peerId)) return
    this.#waiting.set(peerId, open)
    this.look()
  }

  /** Forgets a peer that has gone, because it needs no connection. @param {string} peerId */
  forget(peerId) {
    this.#waiting.delete(peerId)
  }

  stop() {
    this.#timer.stop()
    this.#waiting.clear()
  }

  /**
   * Lets peers in for whom there may be room now.
   * @throws {unknown} an error from making one of the connections; the other peers get their turn all the same
   */
  look() {
    const failures = []
    for (const [peerId, open] of this.#waiting) {
      if (this.#negotiating() >= MAX_NEGOTIATING) break // the host looks again when a negotiation ends
      const { connections } = this.#allowances.of(peerId)
      const wait = connections.wait(1)
      if (wait > 0) this.#lookAfter(wait)
      else if (this.#waiting.delete(peerId)) {
        connections.take(1)
        try { open() } catch (error) { failures.push(error) }
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  // Private

  /** @param {number} ms */
  #lookAfter(ms) {
    const at = this.#clock.now() + ms
    if (this.#timer.isRunning && this.#lookAt <= at) return
    this.#lookAt = at
    this.#timer.start(ms, () => guarded(() => this.look()))
  }
}
