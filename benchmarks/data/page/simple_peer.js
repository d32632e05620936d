import SimplePeer from "simple-peer/simplepeer.min.js"

import { pause } from "./clock.js"
import { HIGH_BYTES } from "./flow.js"
import { Signals } from "./signals.js"

const CONFIG = { iceServers: [] } // Its own are on the internet.

/** simple-peer, signaled over the relay; the newcomer is the initiator, so that nobody has to ask. */
export class Simple {
  /** @type {Map<string, import("./bare.js").Link>} */
  links = new Map()
  /** @type {Map<string, any>} */
  #peers = new Map()
  #received
  #signals

  /** @param {{ name: string, simpleRelay: string, received: import("./bare.js").Received }} options */
  constructor({ name, simpleRelay, received }) {
    this.#received = received
    this.#signals = new Signals(simpleRelay, name, (from, { signal }) => (this.#peers.get(from) ?? this.#peer(from)).signal(signal))
  }

  get isReady() {
    return this.#signals.isOpen
  }

  /** Resolves when it is connected. @param {string} hub */
  async join(hub) {
    const peer = this.#peer(hub, true)
    await new Promise((resolve) => { peer.on("connect", resolve) })
  }

  // Private

  /**
   * @param {string} name
   * @param {boolean} [initiator]
   */
  #peer(name, initiator = false) {
    const peer = new SimplePeer({ initiator, config: CONFIG })
    this.#peers.set(name, peer)
    peer.on("signal", (signal) => void this.#signals.say(name, { signal }))
    peer.on("connect", () => this.links.set(name, linkOf(peer)))
    peer.on("data", (data) => this.#received(name, data))
    peer.on("error", () => undefined) // "close" comes after it.
    peer.on("close", () => {
      if (this.#peers.get(name) !== peer) return
      this.links.delete(name)
      this.#peers.delete(name)
    })
    return peer
  }
}

/** @returns {import("./bare.js").Link} */
function linkOf(peer) {
  return {
    // As texts: its stream would make bytes of them. It tells how much waits, and not when that is less.
    sendText: (text) => peer.send(text),
    textsDrain: () => (peer.bufferSize > HIGH_BYTES ? pause(0) : null),
    // Its stream has its own marks.
    sendChunk: (chunk) => peer.write(chunk),
    chunksDrain: () => (peer.writableNeedDrain ?? peer._writableState.needDrain ? new Promise((resolve) => { peer.once("drain", resolve) }) : null),
  }
}
