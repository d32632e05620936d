import { Timer } from "../base/clock.js"
import { MAX_WAITING_CHARACTERS, MAX_WAITING_MESSAGES, RELAYED_CHARACTERS, TURN_CHARACTERS, TURN_MESSAGES, TURN_MS } from "../base/limits.js"

/**
 * Slows down a client that floods, without changing the order of what it sends, and gives the client up if too much waits. One client's frames are passed on a few
 * at a time, even where its rate would allow more, so that the other clients have their turn in between.
 */
export class RateLimiter {
  #messages
  #characters
  #clock
  #timer
  #overflowed
  /** @type {{ size: number, cost: number, deliver: () => void }[]} */
  #waiting = []
  #waitingCharacters = 0
  /** How much was passed on in this turn, and when the turn began. */
  #turn = { messages: 0, characters: 0, at: -Infinity }
  /** Whether the next turn is scheduled. */
  #isDue = false
  #isStopped = false

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {Pick<import("./allowance.js").Allowance, "messages" | "characters">} options.allowance
   * @param {() => void} options.overflowed called when more waits than is allowed
   */
  constructor({ clock, allowance: { messages, characters }, overflowed }) {
    this.#messages = messages
    this.#characters = characters
    this.#clock = clock
    this.#timer = new Timer(clock)
    this.#overflowed = overflowed
  }

  /**
   * Delivers a message at once, or when its time has come.
   * @param {number} size in characters
   * @param {() => void} deliver
   * @param {number} [copies] to how many it goes
   */
  pass(size, deliver, copies = 1) {
    const cost = Math.min(size * copies, RELAYED_CHARACTERS.burst)
    if (this.#waiting.length === 0 && this.#hasTurn && this.#wait(cost) === 0) return this.#deliver(cost, deliver)
    this.#waiting.push({ size, cost, deliver })
    this.#waitingCharacters += size
    if (this.#waiting.length > MAX_WAITING_MESSAGES || this.#waitingCharacters > MAX_WAITING_CHARACTERS) this.#overflowed()
    else this.#schedule()
  }

  stop() {
    this.#isStopped = true
    this.#timer.stop()
    this.#waiting = []
  }

  // Private

  get #hasTurn() {
    if (this.#clock.now() - this.#turn.at >= TURN_MS) this.#beginTurn()
    return this.#turn.messages < TURN_MESSAGES && this.#turn.characters < TURN_CHARACTERS
  }

  #beginTurn() {
    this.#turn = { messages: 0, characters: 0, at: this.#clock.now() }
  }

  /** @param {number} cost */
  #wait(cost) {
    return Math.max(this.#messages.wait(1), this.#characters.wait(cost))
  }

  /**
   * @param {number} cost
   * @param {() => void} deliver
   */
  #deliver(cost, deliver) {
    this.#messages.take(1)
    this.#characters.take(cost)
    this.#turn.messages += 1
    this.#turn.characters += cost
    deliver()
  }

  #schedule() {
    const [next] = this.#waiting
    if (!next || this.#isDue || this.#timer.isRunning) return
    const ms = this.#wait(next.cost)
    if (ms > 0) return this.#timer.start(ms, () => this.#drain())
    this.#isDue = true
    this.#clock.soon(() => {
      this.#isDue = false
      this.#drain()
    })
  }

  #drain() {
    if (this.#isStopped) return
    this.#beginTurn()
    let count = 0
    while (count < this.#waiting.length && this.#hasTurn && this.#wait(this.#waiting[count].cost) === 0) {
      const { size, cost, deliver } = this.#waiting[count++]
      this.#waitingCharacters -= size
      this.#deliver(cost, deliver)
    }
    this.#waiting.splice(0, count)
    this.#schedule()
  }
}
