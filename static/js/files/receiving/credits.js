// Tells the sender of a file how far it may go on, and from where.
import { P2pError } from "../../base/errors.js"
import { ASK_AGAIN_MS, ASK_MS, CREDIT_BYTES } from "../limits.js"

/** How the sender of one file is told how far it may go on, and from where. */
export class Credits {
  #options
  #grantedTo = 0
  /** Whether what came last can't be taken before what is missing has come. */
  #hasGap = false
  #askedAt = -Infinity
  #askedFor = -1

  /** @param {Pick<import("./incoming_file.js").IncomingOptions, "offer" | "senderId" | "carrier" | "clock">} options */
  constructor(options) {
    this.#options = options
  }

  /**
   * Something has come.
   * @param {import("./assembly.js").Assembly} assembly
   * @param {boolean} hasGap whether it is further on than what comes next
   */
  moved(assembly, hasGap) {
    this.#hasGap = hasGap
    if (hasGap) this.#ask(assembly)
    this.grant(assembly, CREDIT_BYTES - 1)
  }

  /**
   * Tells the sender how far it may count the file.
   * @param {import("./assembly.js").Assembly} assembly
   * @param {number} [least] it is more than so much more than it was told
   */
  grant({ credit }, least = 0) {
    if (credit <= this.#grantedTo + least) return
    this.#grantedTo = credit
    this.#send(credit)
  }

  /** Tells it all again: what was on its way is lost. @param {import("./assembly.js").Assembly} assembly */
  repeat(assembly) {
    this.#askedAt = -Infinity
    this.grant(assembly, -Infinity)
    this.#ask(assembly)
  }

  /**
   * A sign of life before a block is whole, and after a silence all that the sender may have missed.
   * @param {import("./assembly.js").Assembly} assembly
   * @param {boolean} isSilent
   */
  remind(assembly, isSilent) {
    this.grant(assembly, isSilent ? -Infinity : 0)
    if (isSilent || this.#hasGap) this.#ask(assembly)
  }

  // Private

  /** Tells the sender to go on from here, now and then only: what it sent before it heard this comes all the same. @param {import("./assembly.js").Assembly} assembly */
  #ask({ received }) {
    const now = this.#options.clock.now()
    if (now - this.#askedAt < (received === this.#askedFor ? ASK_AGAIN_MS : ASK_MS)) return
    this.#askedAt = now
    this.#askedFor = received
    this.#send(received, true)
  }

  /**
   * One that is lost is told again after a silence.
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
