// Credits: what a recipient tells the sender of a file about how far it may go on, and from where.
import { P2pError } from "../../base/errors.js"
import { ASK_AGAIN_MS, ASK_MS, CREDIT_BYTES } from "../limits.js"

/** Tells the sender of one file how far it may go on, and from where it has to send again. */
export class Credits {
  #options
  #grantedTo = 0
  /** Whether the last chunk couldn't be taken because an earlier one is missing. */
  #hasGap = false
  #askedAt = -Infinity
  #askedFor = -1

  /** @param {Pick<import("./incoming_file.js").IncomingOptions, "offer" | "senderId" | "carrier" | "clock">} options */
  constructor(options) {
    this.#options = options
  }

  /**
   * A chunk has arrived.
   * @param {import("./assembly.js").Assembly} assembly
   * @param {boolean} hasGap whether the chunk isn't the next one, but a later one
   */
  moved(assembly, hasGap) {
    this.#hasGap = hasGap
    if (hasGap) this.#ask(assembly)
    this.grant(assembly, CREDIT_BYTES - 1)
  }

  /**
   * Gives the sender credit.
   * @param {import("./assembly.js").Assembly} assembly
   * @param {number} [least] only if it has grown by more than so many bytes
   */
  grant({ credit }, least = 0) {
    if (credit <= this.#grantedTo + least) return
    this.#grantedTo = credit
    this.#send(credit)
  }

  /** Tells everything again, because what was on its way is lost. @param {import("./assembly.js").Assembly} assembly */
  repeat(assembly) {
    this.#askedAt = -Infinity
    this.grant(assembly, -Infinity)
    this.#ask(assembly)
  }

  /**
   * Gives the sender a sign of life before a block is whole; and after a silence, tells everything again, because the sender may have missed it.
   * @param {import("./assembly.js").Assembly} assembly
   * @param {boolean} isSilent
   */
  remind(assembly, isSilent) {
    this.grant(assembly, isSilent ? -Infinity : 0)
    if (isSilent || this.#hasGap) this.#ask(assembly)
  }

  // Private

  /** Asks the sender to go on from here; not too often, because chunks that were sent before it hears this still arrive. @param {import("./assembly.js").Assembly} assembly */
  #ask({ received }) {
    const now = this.#options.clock.now()
    if (now - this.#askedAt < (received === this.#askedFor ? ASK_AGAIN_MS : ASK_MS)) return
    this.#askedAt = now
    this.#askedFor = received
    this.#send(received, true)
  }

  /**
   * Sends a credit. If it gets lost, it is sent again after a silence.
   * @param {number} offset
   * @param {boolean} [resume]
   */
  #send(offset, resume) {
    const { carrier, senderId, offer } = this.#options
    try {
      carrier.route({ type: "Credit", to: senderId, transfer: offer.id, offset, resume })
    } catch (error) {
      if (!(error instanceof P2pError)) throw error
    }
  }
}
