import { EventEmitter } from "node:events"

const SEPARATOR = "\x1e"
/** The most packets of one POST, as Engine.IO's servers have it. */
const MAX_PACKETS = 16

/** One client's connection by long polling (https://github.com/socketio/engine.io-protocol, version 4), with what a WebSocket has. */
export class PollingSocket extends EventEmitter {
  /** How many packets each POST had. @type {number[]} */
  posts = []
  /** @type {string[]} */
  #waiting = []
  /** @type {import("node:http").ServerResponse | null} */
  #poll = null
  #isOver = false

  /** @param {string} packet */
  send(packet) {
    this.#waiting.push(packet)
    this.#flush()
  }

  terminate() {
    if (this.#isOver) return
    this.#isOver = true
    this.#poll?.destroy()
    this.emit("close")
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async serve(request, response) {
    if (this.#isOver) return response.writeHead(400).end()
    if (request.method === "POST") return response.writeHead(this.#take(await bodyOf(request))).end("ok")
    if (this.#poll) return response.writeHead(429).end()
    this.#poll = response
    // Who ends a poll, and isn't answered, may be going.
    response.on("close", () => { if (this.#poll === response) this.#poll = null })
    return this.#flush()
  }

  // Private

  #flush() {
    if (!this.#poll || this.#waiting.length === 0) return
    const response = this.#poll
    this.#poll = null
    response.end(this.#waiting.splice(0).join(SEPARATOR))
  }

  /** @param {string} body @returns {number} the status */
  #take(body) {
    const packets = body.split(SEPARATOR)
    this.posts.push(packets.length)
    if (packets.length > MAX_PACKETS) return 400
    for (const packet of packets) {
      if (packet === "1") this.terminate()
      else this.emit("message", Buffer.from(packet))
    }
    return 200
  }
}

/** @param {import("node:http").IncomingMessage} request */
async function bodyOf(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}
