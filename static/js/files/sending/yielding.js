// Whether messages are being sent, for which files make room.
import { TALK_MS } from "../limits.js"

/** Whether somebody talks in the session, for whom files make room. */
export class Yielding {
  #lastAt = -Infinity

  /** @param {import("../../base/clock.js").Clock} clock */
  constructor(clock) {
    this.clock = clock
  }

  /** Something was said, or heard. */
  note() {
    this.#lastAt = this.clock.now()
  }

  get isOn() {
    return this.clock.now() - this.#lastAt < TALK_MS
  }
}
