import { Backoff } from "../../../static/js/base/backoff.js"
import { Link } from "../../../static/js/transport/link.js"
import { Session } from "../../../static/js/session/session.js"
import { Topics } from "../../../static/js/messaging/topics.js"

import { FakeClock, pass } from "./fake_clock.js"
import { FakeNetwork } from "./fake_rtc.js"
import { FakeServer, FakeSignaling } from "./fake_server.js"

export const HEARTBEAT = { intervalMs: 1_000, idleTimeoutMs: 5_000 }
export const CONNECT_TIMEOUT_MS = 15_000
export const RELAY_AFTER_MS = 2_000

/** Browsers, a server and a network, and the time they live in. */
export class World {
  clock = new FakeClock()
  network = new FakeNetwork()
  server = new FakeServer(this.clock)

  /**
   * Lets time pass for all of them.
   * @param {number} [ms]
   */
  pass(ms = 0) {
    return pass(this.clock, ms)
  }

  /**
   * Opens a page; it doesn't join yet.
   * @param {string} peerId
   * @param {Partial<import("../../../static/js/session/session.js").SessionOptions>} [options]
   */
  page(peerId, options = {}) {
    return new Page(this, peerId, options)
  }

  /**
   * Opens pages that join one after the other; the first one hosts.
   * @param {...string} peerIds
   */
  async session(...peerIds) {
    const pages = []
    for (const peerId of peerIds) {
      const page = this.page(peerId)
      pages.push(page)
      page.peer.start()
      await this.pass(10)
    }
    return pages
  }
}

/** One page: a peer, and what it has told its app. */
export class Page {
  /** @type {string[]} */
  states = []
  /** @type {import("../../../static/js/base/errors.js").P2pError[]} */
  errors = []
  /** @type {{ type: string, senderId: string, data: any, direct?: boolean }[]} */
  messages = []
  /** The files that others have offered. @type {any[]} */
  offers = []
  topics = new Topics((error) => this.sessionErrored(error))
  /** @type {{ senderId: string, from: number, to: number }[]} */
  gaps = []
  /** @type {{ hostPeerId: string | null, epoch: number }[]} */
  forks = []
  /** @type {{ hostPeerId: string, epoch: number }[]} */
  hosts = []
  /** By what ways it was told to reach others. @type {[string, string | null][]} */
  paths = []
  /** What the app does when it is told something. @type {Record<string, (news: any) => void>} */
  on = {}

  /**
   * @param {World} world
   * @param {string} peerId
   * @param {Partial<import("../../../static/js/session/session.js").SessionOptions>} options
   */
  constructor({ clock, network, server }, peerId, options) {
    /** @type {FakeSignaling} */
    this.signaling = /** @type {any} */ (null)
    this.peer = new Session({
      peerId,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      keepSignaling: false,
      autoReconnect: true,
      clock,
      topics: this.topics,
      backoff: new Backoff(() => 0.5),
      delegate: this,
      createSignaling: (delegate) => (this.signaling = new FakeSignaling(server, peerId, delegate)),
      createLink: (setup) => new Link({
        ...setup, clock, heartbeat: HEARTBEAT, connectTimeoutMs: CONNECT_TIMEOUT_MS, relayAfterMs: RELAY_AFTER_MS, RTCPeerConnection: /** @type {any} */ (network.RTCPeerConnection),
      }),
      ...options,
    })
  }

  get texts() {
    return this.messages.map(({ senderId, data }) => `${senderId}: ${data}`)
  }

  get errorCodes() {
    return this.errors.map(({ code }) => code)
  }

  get lastState() {
    return this.states.at(-1)
  }

  /** What this page believes of everybody's state. */
  get presence() {
    return Object.fromEntries(this.peer.peers)
  }

  sessionStateChanged(state) {
    this.states.push(state)
    this.on[state]?.(state)
  }

  sessionErrored(error) {
    this.errors.push(error)
    this.on.error?.(error)
  }

  messageReceived(message) {
    this.messages.push(message)
    this.on.message?.(message)
  }

  fileOffered(file) {
    this.offers.push(file)
    this.on.file?.(file)
    return "file" in this.on
  }

  fileProgressed(progress) {
    this.on.progress?.(progress)
  }

  messagesMissed(gap) {
    this.gaps.push(gap)
  }

  messagesForked() {
    const { hostPeerId, epoch } = this.peer
    this.forks.push({ hostPeerId, epoch })
  }

  sessionPeersChanged(peers) {
    this.on.peers?.(peers)
  }

  sessionPathChanged(peerId, path) {
    this.paths.push([peerId, path])
  }

  sessionQualityChanged() {}

  sessionHostChanged(host) {
    this.hosts.push(host)
    this.on.host?.(host)
  }
}

/**
 * Lets pages talk: each says so many messages, numbered from where it was.
 * @param {World} world
 * @param {any[]} pages
 * @param {number} count
 * @param {number} [everyMs] the time between two of one page
 * @returns {Promise<{ is: string }[]>} what became of each
 */
export async function talk(world, pages, count, everyMs = 5) {
  const fates = []
  for (let number = 0; number < count; number++) {
    for (const page of pages) fates.push(fate(page.peer.send(`${page.said = (page.said ?? 0) + 1}`)))
    await world.pass(everyMs)
  }
  return fates
}

/**
 * What becomes of a promise: "pending" until it settles, then "resolved" or its error's code.
 * @param {Promise<any>} promise
 */
export function fate(promise) {
  const fate = { is: "pending" }
  promise.then(() => { fate.is = "resolved" }, (error) => { fate.is = error.code ?? error })
  return fate
}
