// Long polling, for networks that pass no WebSocket. A page loads this when its first WebSocket doesn't open, and only where P2P_TRANSPORTS allows it.
import { Fetch } from "engine.io-client"
import { encodePayload } from "engine.io-parser"

/** The most packets of one request: the server refuses more (Engine.IO's max_decode_packets). */
export const MAX_PACKETS = 16
/** Up to so many characters, a request goes on when its page has gone: a goodbye does. Browsers allow 65,536 bytes for all such requests of a page. */
export const MAX_LASTING_CHARACTERS = 2_048
/** What the server takes at once if it doesn't say so, in bytes. */
const MAX_BYTES = 65_536

const TEXT = { "content-type": "text/plain;charset=UTF-8" }

/**
 * Engine.IO's long polling, with requests that are no larger than the server takes, and a poll that ends when the connection does.
 *
 * @typedef {{ data?: string }} Packet
 */
export class Polling extends Fetch {
  #ending = new AbortController()

  /** @override */
  doPoll() {
    this.#ask({ signal: this.#ending.signal }).then((text) => this.onData(text), (error) => this.#fail("fetch read error", error))
  }

  /**
   * @override
   * @param {Packet[]} packets
   */
  write(packets) {
    this.writable = false
    this.#post(packets).then(() => {
      this.writable = true
      this.emitReserved("drain")
    }, (error) => this.#fail("fetch write error", error))
  }

  /** @override */
  doClose() {
    super.doClose()
    this.#ending.abort()
  }

  // Private

  /** @param {Packet[]} packets */
  async #post(packets) {
    for (const group of grouped(packets, /** @type {any} */ (this.socket)._maxPayload)) {
      const body = await encoded(group)
      await this.#ask({ method: "POST", headers: TEXT, body, keepalive: body.length <= MAX_LASTING_CHARACTERS })
    }
  }

  /** @param {RequestInit} request */
  async #ask(request) {
    const response = await fetch(this.uri(), { credentials: this.opts.withCredentials ? "include" : "omit", cache: "no-store", ...request })
    if (!response.ok) throw new Error(`The server answers ${response.status}.`)
    return response.text()
  }

  /**
   * @param {string} what
   * @param {Error} error
   */
  #fail(what, error) {
    if (!this.#ending.signal.aborted) this.onError(what, error)
  }
}

/**
 * The packets in groups that the server takes at once.
 * @param {Packet[]} packets
 * @param {number} maxBytes
 */
function grouped(packets, maxBytes = MAX_BYTES) {
  const groups = /** @type {Packet[][]} */ ([])
  let room = 0
  for (const packet of packets) {
    const size = 2 + new Blob([packet.data ?? ""]).size // its type, and what stands between two packets
    const last = groups.at(-1)
    if (last && last.length < MAX_PACKETS && size <= room) last.push(packet)
    else {
      groups.push([packet])
      room = maxBytes
    }
    room -= size
  }
  return groups
}

/**
 * @param {any} packets
 * @returns {Promise<string>}
 */
function encoded(packets) {
  return new Promise((resolve) => encodePayload(packets, resolve))
}
