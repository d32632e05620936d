import { Peer } from "peerjs"

import { drained, isFull, openWith } from "./flow.js"

/** As much of an ArrayBuffer as PeerJS sends in one piece; what is larger it cuts and puts together itself. */
const PIECE_BYTES = 16_000
const CONFIG = { iceServers: [] } // Its own are on the internet.

/**
 * PeerJS by way of a PeerServer: a connection for chunks in its own serialization ("binary", its default),
 * and one for texts in JSON, with which it is faster at them. The newcomer connects.
 */
export class PeerJs {
  /** @type {Map<string, import("./bare.js").Link>} */
  links = new Map()
  /** @type {Map<string, Record<string, any>>} */
  #connections = new Map()
  #serializations
  #received
  #peer
  #isOpen

  /** @param {{ name: string, peerServer: string, received: import("./bare.js").Received, serializations?: string[] }} options */
  constructor({ name, peerServer, received, serializations = ["json", "binary"] }) {
    this.#serializations = serializations
    this.#received = received
    const { hostname: host, port } = new URL(peerServer)
    this.#peer = new Peer(name, { host, port: Number(port), path: "/", config: CONFIG })
    this.#isOpen = new Promise((resolve) => { this.#peer.on("open", resolve) })
    this.#peer.on("connection", (connection) => void this.#open(connection))
  }

  get isReady() {
    return this.#isOpen
  }

  /** Resolves when it is connected. @param {string} hub */
  async join(hub) {
    await this.#isOpen
    await Promise.all(this.#serializations.map((serialization) => this.#open(this.#peer.connect(hub, { serialization, reliable: true }))))
  }

  // Private

  async #open(connection) {
    const name = connection.peer
    connection.on("data", (data) => this.#received(name, data))
    connection.on("close", () => {
      this.links.delete(name)
      this.#connections.delete(name)
    })
    if (!connection.open) await new Promise((resolve) => { connection.on("open", resolve) })
    openWith(connection.dataChannel)
    const connections = { ...this.#connections.get(name), [connection.serialization]: connection }
    this.#connections.set(name, connections)
    const [texts, chunks = texts] = this.#serializations.map((serialization) => connections[serialization])
    if (texts && chunks) this.links.set(name, linkOf(texts, chunks))
  }
}

/** @returns {import("./bare.js").Link} */
function linkOf(texts, chunks) {
  return {
    sendText: (text) => texts.send(text),
    textsDrain: () => (isFull(texts.dataChannel) ? drained(texts.dataChannel) : null),
    sendChunk(chunk) {
      for (let start = 0; start < chunk.length; start += PIECE_BYTES) chunks.send(chunk.subarray(start, start + PIECE_BYTES))
    },
    chunksDrain: () => (isFull(chunks.dataChannel) ? drained(chunks.dataChannel) : null),
  }
}
