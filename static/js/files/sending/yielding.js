// Yielding: whether messages are being sent, for which files leave room.
import { TALK_MS } from "../limits.js"

/** Knows whether messages are being sent in the session. While they are, files leave room for them. */
export class Yielding {
  #lastAt = -Infinity

  /** @param {import("../../base/clock.js").Clock} clock */
  constructor(clock) {
    this.clock = clock
  }

  /** A message was sent or received. */
  note() {
    this.#lastAt = this.clock.now()
  }

  get isOn() {
    return this.clock.now() - this.#lastAt < TALK_MS
  }
}
