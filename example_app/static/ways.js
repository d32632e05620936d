/**
 * By what way a person is connected to the host, and how long it takes there and back.
 * @typedef {{ path: string, ms: number | null }} Way
 */

/** How many people's ways are kept: there may be as many senders as a host makes up. */
const MAX_KNOWN = 200
/** Milliseconds there and back that are believed at most. */
const MAX_MS = 60_000

/** Each sign's word, and what it means, for those who point at it, and for screen readers. @type {Record<string, [word: string, meaning: string]>} */
const SIGNS = {
  host: ["hosts", "Hosts the room: everybody else is connected to this browser, and what is said goes through it."],
  direct: ["direct", "Connected directly, from browser to browser."],
  turn: ["relayed", "Connected over a TURN server, which passes on what it can't read."],
  server: ["server", "Connected over the server of this page, as no other way was found yet."],
}

/** What is known of the ways of everybody: what the others tell, and what this page sees itself. */
export class Ways {
  /** By peer. @type {Map<string, Way>} */
  #told = new Map()
  /** This page's links. @type {Map<string, Way>} */
  #seen = new Map()

  /**
   * @param {string} peerId
   * @param {any} word another page may say anything
   */
  told(peerId, word) {
    if (!isWay(word) || (this.#told.size >= MAX_KNOWN && !this.#told.has(peerId))) return
    this.#told.set(peerId, { path: word.path, ms: word.ms })
  }

  /** @param {Map<string, { path: string | null, rttMs: number | null }>} stats of this page's links */
  seen(stats) {
    this.#seen = new Map()
    for (const [peerId, { path, rttMs }] of stats) if (path !== null) this.#seen.set(peerId, { path, ms: rounded(rttMs) })
  }

  /** Only what is known of these peers is kept. @param {Map<string, string>} peers states by peer id */
  keep(peers) {
    for (const known of [this.#told, this.#seen]) {
      for (const peerId of known.keys()) if (peers.get(peerId) !== "connected") known.delete(peerId)
    }
  }

  /** Another host, other ways. */
  forget() {
    this.#told.clear()
    this.#seen.clear()
  }

  /**
   * @param {string} peerId
   * @param {{ peerId: string, hostPeerId: string | null }} here this page, and its host
   * @returns {Way | null} null if it isn't known
   */
  of(peerId, { peerId: me, hostPeerId }) {
    if (peerId === hostPeerId) return { path: "host", ms: null }
    // A client has one link, which is its own way; a host has one to each of the others.
    return this.#seen.get(peerId === me ? hostPeerId ?? "" : peerId) ?? this.#told.get(peerId) ?? null
  }
}

/** @param {Way} way */
export function wordFor({ path, ms }) {
  const [word] = SIGNS[path]
  return ms === null ? word : `${word}, ${ms}\u00a0ms`
}

/** @param {Way} way */
export function meaningOf({ path, ms }) {
  const [, meaning] = SIGNS[path]
  return ms === null ? meaning : `${meaning} It takes ${ms} ms to the host and back.`
}

/** @param {any} word */
function isWay(word) {
  const { path, ms } = word ?? {}
  return ["direct", "turn", "server"].includes(path) && (ms === null || (Number.isInteger(ms) && ms > 0 && ms <= MAX_MS))
}

/** @param {number | null} ms */
function rounded(ms) {
  return ms === null ? null : Math.min(MAX_MS, Math.max(1, Math.round(ms)))
}
