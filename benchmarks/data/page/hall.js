// What a page of the hall can do; the benchmarks call it from outside.

import { Bare } from "./bare.js"
import { now, pause } from "./clock.js"
import { Forwarder } from "./forwarder.js"
import { Ours } from "./ours.js"
import { PeerJs } from "./peerjs.js"
import { Simple } from "./simple_peer.js"
import { Sink } from "./sink.js"
import { chunks, file } from "./source.js"

/** How long the last echoes of a chat may take. */
const ECHO_TIMEOUT_MS = 10_000

const KINDS = { bare: Bare, peerjs: PeerJs, simple: Simple }
const sink = new Sink()
/** @type {Record<string, any>} */
const systems = {}
/** Where a hub passes on by hand what has come. @type {{ system: string, forwarder: Forwarder | null } | null} */
let relaying = null
/** Milliseconds from a text of this page's to its own echo. @type {Map<string, { sentAt: number, mls?: number }>} */
const said = new Map()
let lastNumber = 0
let name = ""
/** @type {Promise<unknown>} */
let begun = Promise.resolve()
/** What is said until it is hushed. */
let isHushed = false
/** @type {Promise<number[]>} */
let talked = Promise.resolve([])

/**
 * @param {string} system
 * @param {string} from
 * @param {string | ArrayBuffer | Uint8Array} data
 */
function received(system, from, data) {
  const isText = typeof data === "string" || data.byteLength < 1_000
  if (relaying?.system === system && (isText || relaying.forwarder)) return passOn(from, data)
  if (!isText) return sink.takeBytes(system, data.byteLength)
  const text = typeof data === "string" && data.startsWith("{") ? JSON.parse(data).data : data
  if (said.size > 0) echoed(text)
  return sink.takeText(system, text)
}

/** By hand: read, stamped with its sender's name, and written once for all. */
function passOn(from, data) {
  if (relaying.forwarder) return relaying.forwarder.push(data)
  const stamped = JSON.stringify({ senderId: from, data: JSON.parse(data).data })
  for (const link of systems[relaying.system].links.values()) link.sendText(stamped)
  return undefined
}

/** @param {string} text */
function echoed(text) {
  const entry = said.get(text.slice(0, text.indexOf("@")))
  if (entry) entry.mls = now() - entry.sentAt
}

/** @param {string} system @param {string} text */
function say(system, text) {
  if (system === "ours") return systems.ours.send(text)
  const [hub] = systems[system].links.values()
  return hub.sendText(JSON.stringify({ data: text }))
}

/**
 * Says something at every interval: once at least.
 * @param {string} system
 * @param {number} intervalMs
 * @param {number} characters
 * @param {(number: number) => boolean} isOver whether so many are enough
 */
async function speak(system, intervalMs, characters, isOver) {
  said.clear()
  for (let number = 0; number === 0 || !isOver(number); number += 1) {
    const key = `${name}#${(lastNumber += 1)}`
    const sentAt = now()
    said.set(key, { sentAt })
    // Stable is later than shown, which is what is measured.
    void say(system, `${key}@${sentAt}|`.padEnd(characters, "x"))
    await pause(intervalMs)
  }
}

/** How long each has waited for its echo, or waits. */
function waits() {
  const mls = [...said.values()].map((entry) => entry.mls ?? now() - entry.sentAt)
  said.clear()
  return mls
}

/** @param {import("./bare.js").Link} link @param {number} bytes */
async function pump(link, bytes) {
  for (const chunk of chunks(bytes)) {
    const full = link.chunksDrain()
    if (full) await full
    link.sendChunk(chunk)
  }
}

/** No text is like another: V8 hands a string over faster that it has handed over before. */
const textOf = (number, characters) => `${number}|`.padEnd(characters, "x")

/** @param {import("./bare.js").Link[]} links */
async function sendTexts(links, count, characters) {
  for (let number = 0; number < count; number += 1) {
    const text = textOf(number, characters)
    for (const link of links) {
      const full = link.textsDrain()
      if (full) await full
      link.sendText(text)
    }
  }
}

const linksOf = (system, to) => to.map((peer) => systems[system].links.get(peer))

globalThis.bench = {
  /**
   * Makes this page a peer of all systems.
   * @param {object} options
   * @param {string} options.name
   * @param {string} options.bareRelay
   * @param {string} options.simpleRelay
   * @param {string} options.peerServer
   * @param {string[]} options.kinds
   */
  async enter({ kinds, ...options }) {
    name = options.name
    if (kinds.includes("ours")) {
      systems.ours = new Ours({
        received: (from, data) => received("ours", from, data),
        receivedFile: (bytes) => sink.takeBytes("ours", bytes),
      })
    }
    for (const kind of kinds) {
      if (kind === "ours") continue
      systems[kind] = new KINDS[kind]({ ...options, received: (from, data) => received(kind, from, data) })
      await systems[kind].isReady
    }
  },

  /** Connects this page to the hub, in all but our own system. @param {string} hub */
  async join(hub) {
    for (const [kind, system] of Object.entries(systems)) if (kind !== "ours") await system.join(hub)
  },

  /** Resolves when so many others are connected, in all systems. @param {number} count */
  async sees(count) {
    const isThere = ([kind, { links }]) => kind === "ours" || links.size === count
    while (!Object.entries(systems).every(isThere)) await pause(10)
    await systems.ours?.sees(count + 1)
  },

  // What is received

  async expect({ discards = false, ...expected }) {
    if (systems.ours) {
      systems.ours.discards = discards
      await systems.ours.tidy()
    }
    sink.expect(expected)
  },

  finished: () => sink.finished,
  isFinished: () => sink.isFinished,
  latencies: () => sink.latencies,

  /**
   * From now on this hub passes on by hand what comes in a system; with null that is over.
   * @param {{ system: string, chunksTo?: string[] } | null} options
   */
  relay(options) {
    relaying = options && { system: options.system, forwarder: options.chunksTo ? new Forwarder(linksOf(options.system, options.chunksTo)) : null }
  },

  // What is sent. Each resolves with the time at which it began, when all is handed over.

  async sendBulk({ system, to, bytes }) {
    // Neither the making of what is sent nor the browser's taking it in counts.
    if (system === "ours") await file(bytes).slice(0, 1).arrayBuffer()
    else chunks(bytes).next()
    const at = now()
    if (system === "ours") await systems.ours.sendFile(to, bytes)
    else await Promise.all(linksOf(system, to).map((link) => pump(link, bytes)))
    return at
  },

  async sendTexts({ system, to, count, characters }) {
    const at = now()
    if (system === "ours") await systems.ours.sendMany(count, (number) => textOf(number, characters))
    else await sendTexts(linksOf(system, to), count, characters)
    return at
  },

  /** Sends something while other things are done. */
  begin(options) {
    begun = this.sendBulk(options)
    begun.catch(() => undefined)
  },

  ended: () => begun,

  /**
   * Says something at every interval; returns the milliseconds after which its own echoes were there.
   * @param {object} options
   * @param {string} options.system
   * @param {number} options.count at most
   * @param {number} options.intervalMs
   * @param {number} options.characters
   * @param {boolean} [options.untilFinished] whether it is over as soon as all is there that is expected
   */
  async chat({ system, count, intervalMs, characters, untilFinished = false }) {
    await speak(system, intervalMs, characters, (number) => number === count || (untilFinished && sink.isFinished))
    const until = now() + ECHO_TIMEOUT_MS
    while ([...said.values()].some(({ mls }) => mls === undefined)) {
      if (now() > until) throw new Error("Echoes are missing.")
      await pause(10)
    }
    return waits()
  },

  /** Says something at every interval, until it is hushed. @param {{ system: string, intervalMs: number, characters: number }} options */
  talk({ system, intervalMs, characters }) {
    isHushed = false
    talked = speak(system, intervalMs, characters, () => isHushed).then(waits)
  },

  /** Ends the talk; returns the milliseconds after which its echoes were there, or for which those that aren't there have been missed. */
  hush() {
    isHushed = true
    return talked
  },

  /** Keeps a core busy, by which this page's process is found. @param {number} mls */
  spin(mls) {
    const until = performance.now() + mls
    while (performance.now() < until);
  },
}
