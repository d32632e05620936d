import { drained, isFull, openWith } from "./flow.js"
import { Signals } from "./signals.js"

/**
 * What all systems have in common: links to others by their names, over which texts and chunks go.
 *
 * @typedef {object} Link
 * @property {(text: string) => void} sendText
 * @property {() => Promise<unknown> | null} textsDrain null where another text may be sent at once
 * @property {(chunk: Uint8Array) => void} sendChunk
 * @property {() => Promise<unknown> | null} chunksDrain
 *
 * @typedef {(from: string, data: string | ArrayBuffer | Uint8Array) => void} Received
 */

/** RTCPeerConnections by hand, trickling, signaled over the relay. */
export class Bare {
  /** @type {Map<string, Link>} */
  links = new Map()
  /** @type {Map<string, { pc: RTCPeerConnection, early: RTCIceCandidateInit[] | null }>} */
  #connections = new Map()
  #labels
  #received
  #signals
  /** @type {(() => void) | undefined} */
  #opened

  /** @param {{ name: string, bareRelay: string, received: Received, labels?: string[], Signaling?: typeof Signals | typeof import("./socketio_signals.js").SocketIoSignals }} options `labels` are those of the channels: for texts, and for chunks where that is another one */
  constructor({ name, bareRelay, received, labels = ["texts", "chunks"], Signaling = Signals }) {
    this.#labels = labels
    this.#received = received
    this.#signals = new Signaling(bareRelay, name, (from, signal) => void this.#heard(from, signal))
  }

  get isReady() {
    return this.#signals.isOpen
  }

  /**
   * Resolves when the channels are open.
   * @param {string} hub
   * @param {{ offers?: boolean }} [options] whether the newcomer offers, or asks to be offered
   */
  async join(hub, { offers = false } = {}) {
    const open = new Promise((resolve) => { this.#opened = resolve })
    if (offers) await this.#offer(hub)
    else await this.#signals.say(hub, { hello: true })
    await open
  }

  // Private

  /**
   * @param {string} from
   * @param {{ hello?: true, description?: RTCSessionDescriptionInit, candidate?: RTCIceCandidateInit }} signal
   */
  async #heard(from, { hello, description, candidate }) {
    if (hello) return this.#offer(from)
    if (description?.type === "offer") return this.#answer(from, description)
    const connection = this.#connections.get(from)
    if (!connection) return undefined
    if (description) return this.#describe(connection, description)
    if (connection.early) return connection.early.push(candidate)
    return connection.pc.addIceCandidate(candidate)
  }

  /** @param {string} name */
  async #offer(name) {
    const { pc } = this.#connect(name)
    this.#open(name, pc, this.#labels.map((label) => pc.createDataChannel(label)))
    await pc.setLocalDescription()
    await this.#signals.say(name, { description: pc.localDescription })
  }

  /**
   * @param {string} name
   * @param {RTCSessionDescriptionInit} offer
   */
  async #answer(name, offer) {
    const connection = this.#connect(name)
    const { pc } = connection
    const channels = []
    pc.ondatachannel = ({ channel }) => {
      channels.push(channel)
      if (channels.length === this.#labels.length) this.#open(name, pc, channels.sort((one, other) => one.id - other.id))
    }
    await this.#describe(connection, offer)
    await pc.setLocalDescription()
    await this.#signals.say(name, { description: pc.localDescription })
  }

  /** @param {string} name */
  #connect(name) {
    const pc = new RTCPeerConnection()
    const connection = { pc, early: [] }
    pc.onicecandidate = ({ candidate }) => { if (candidate) void this.#signals.say(name, { candidate }) }
    this.#connections.set(name, connection)
    return connection
  }

  async #describe(connection, description) {
    await connection.pc.setRemoteDescription(description)
    const { early } = connection
    connection.early = null
    await Promise.all(early.map((candidate) => connection.pc.addIceCandidate(candidate)))
  }

  /**
   * @param {string} name
   * @param {RTCPeerConnection} pc
   * @param {RTCDataChannel[]} channels
   */
  #open(name, pc, channels) {
    const [texts, chunks = texts] = channels.map(openWith)
    const opened = () => {
      if (channels.some(({ readyState }) => readyState !== "open")) return
      this.links.set(name, linkOf(texts, chunks))
      this.#opened?.()
    }
    for (const channel of channels) {
      channel.onmessage = ({ data }) => this.#received(name, data)
      channel.onopen = opened
    }
    texts.onclose = () => {
      if (this.#connections.get(name)?.pc !== pc) return
      this.links.delete(name)
      this.#connections.delete(name)
      pc.close()
    }
    opened()
  }
}

/**
 * @param {RTCDataChannel} texts
 * @param {RTCDataChannel} chunks
 * @returns {Link}
 */
function linkOf(texts, chunks) {
  return {
    sendText: (text) => texts.send(text),
    textsDrain: () => (isFull(texts) ? drained(texts) : null),
    sendChunk: (chunk) => chunks.send(chunk),
    chunksDrain: () => (isFull(chunks) ? drained(chunks) : null),
  }
}
