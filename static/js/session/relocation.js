// Moves the session to another host if some clients have no direct path to this one.
import { Timer } from "../base/clock.js"
import { MAX_TRIED_HOSTS } from "../base/limits.js"

/** Milliseconds for which a client's path has to be the same before it counts: the direct attempts take some seconds. */
export const RELOCATION_PATIENCE_MS = 10_000
/** Milliseconds for which a client counts that has found no path at all, and has gone. */
export const MISSED_TERM_MS = 60_000
/** How many such clients are remembered. */
export const MAX_MISSED = 100
/** Milliseconds until the session may move again after it has moved MAX_TRIED_HOSTS times in a row. */
export const RELOCATION_PAUSE_MS = 600_000

/**
 * What a host tells its successor of the hosts before, in the `Succeed` frame; `hung` says how many clients had no direct path to each. There is none if the app has
 * chosen the successor.
 * @typedef {{ tried: string[], hung: number[] }} Chain
 */

/** @type {Chain} */
const NO_CHAIN = Object.freeze({ tried: [], hung: [] })

/**
 * Watches the links of a host. If some clients can't reach it directly and another client can, that client may be reached by more: it becomes the host. If it is
 * reached by fewer, it tries another one that wasn't tried yet, and in the end the session goes back to the best.
 */
export class Relocation {
  #options
  #timer
  /** Who has hosted before, since the session began to move. @type {Chain} */
  #chain = NO_CHAIN
  /** What a host has told this client that it wants to have as its successor. @type {Chain | undefined} */
  #told
  /** With how many clients without a direct path this host stays. */
  #bearable = 0
  /** Whether the app has chosen this host. */
  #isChosen = false
  #beganAt = 0
  /** The route of each link, and since when. @type {WeakMap<import("../wire/link.js").Link, { route: string | null, at: number }>} */
  #routes = new WeakMap()
  /** When clients have gone without having found a path. @type {Map<string, number>} */
  #missed = new Map()
  /** Those who were asked to be the host, and didn't become it. @type {Set<string>} */
  #unwilling = new Set()

  /**
   * @param {object} options
   * @param {string} options.peerId
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {() => import("../topology/downstreams.js").Downstreams | null} options.hosting the role, if it is the host's
   * @param {() => boolean} options.isMoving whether another peer is to be the host already
   * @param {(peerId: string, chain: Chain) => Promise<void>} options.move makes another peer the host
   */
  constructor(options) {
    this.#options = options
    this.#timer = new Timer(options.clock)
  }

  /** A host wants this client to be its successor. @param {Chain | undefined} chain */
  tell(chain) {
    this.#told = chain
  }

  /** This peer is the host now. @param {boolean} isAppointed whether the host before wanted that */
  begin(isAppointed) {
    this.stop()
    this.#isChosen = isAppointed && !this.#told
    this.#chain = (isAppointed && this.#told) || NO_CHAIN
    this.#bearable = this.#chain.hung.at(-1) ?? 0
    this.#beganAt = this.#options.clock.now()
  }

  /** A link has got, changed or lost its path. @param {import("../wire/link.js").Link} link */
  routed(link) {
    const { route } = link
    if (!this.#options.hosting() || this.#routes.get(link)?.route === route) return
    this.#routes.set(link, { route, at: this.#options.clock.now() })
    this.#watch()
  }

  /** A client has gone without having found a path. @param {string} peerId */
  missed(peerId) {
    this.#missed.delete(peerId)
    if (this.#missed.size >= MAX_MISSED) this.#missed.delete(this.#missed.keys().next().value ?? "")
    this.#missed.set(peerId, this.#options.clock.now())
    this.#judge()
  }

  stop() {
    this.#timer.stop()
    this.#missed.clear()
    this.#unwilling.clear()
  }

  // Private

  #watch(ms = RELOCATION_PATIENCE_MS) {
    if (!this.#isChosen && !this.#timer.isRunning) this.#timer.start(ms, () => this.#judge())
  }

  #judge() {
    const hosting = this.#options.hosting()
    if (!hosting || this.#isChosen) return
    const links = [...hosting.links.values()]
    const young = links.filter((link) => this.#age(link) < RELOCATION_PATIENCE_MS)
    if (young.length > 0) this.#watch(RELOCATION_PATIENCE_MS - Math.max(...young.map((link) => this.#age(link))))
    const settled = links.filter((link) => !young.includes(link))
    const hung = settled.filter(({ route }) => route === "server").length + this.#countMissed(hosting.links)
    if (hung <= this.#bearable) return
    if (this.#options.isMoving()) return this.#watch()
    if (!this.#mayMove()) return
    const direct = settled.filter(({ route, peerId }) => route === "direct" && hosting.mayHost(peerId)).map(({ peerId }) => peerId)
    const next = this.#next(direct, hosting.links)
    if (next !== undefined) this.#move(next, hung)
  }

  /** @param {import("../wire/link.js").Link} link */
  #age(link) {
    return this.#options.clock.now() - (this.#routes.get(link)?.at ?? -Infinity)
  }

  /**
   * How many clients have gone without a path. They count only if they are as many as those that are here: of many clients, a single one that fails, or says so, is
   * more likely to be the one whom nobody reaches.
   * @param {Map<string, unknown>} links
   */
  #countMissed(links) {
    const now = this.#options.clock.now()
    const missed = [...this.#missed].filter(([peerId, at]) => now - at < MISSED_TERM_MS && !links.has(peerId)).length
    return missed < links.size ? 0 : missed
  }

  #mayMove() {
    if (this.#unwilling.size >= MAX_TRIED_HOSTS) return false
    if (this.#chain.tried.length < MAX_TRIED_HOSTS) return true
    const left = this.#beganAt + RELOCATION_PAUSE_MS - this.#options.clock.now()
    if (left > 0) this.#watch(left)
    else this.#chain = NO_CHAIN
    return left <= 0
  }

  /**
   * Who is to be the host: somebody who wasn't tried yet; as the last step, the best of those who were.
   * @param {string[]} direct
   * @param {Map<string, unknown>} links
   * @returns {string | undefined}
   */
  #next(direct, links) {
    const { tried, hung } = this.#chain
    const fresh = direct.find((peerId) => !tried.includes(peerId) && !this.#unwilling.has(peerId))
    const best = tried[hung.indexOf(Math.min(...hung))]
    const isLast = tried.length === MAX_TRIED_HOSTS - 1
    if (fresh !== undefined && !isLast) return fresh
    return links.has(best) && !this.#unwilling.has(best) ? best : undefined
  }

  /** @param {string} peerId @param {number} hung */
  #move(peerId, hung) {
    const { tried, hung: before } = this.#chain
    const chain = { tried: [...tried, this.#options.peerId], hung: [...before, hung] }
    void this.#options.move(peerId, chain).catch(() => {
      this.#unwilling.add(peerId)
      if (this.#options.hosting()) this.#watch()
    })
  }
}
