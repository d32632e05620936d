import { once } from "node:events"
import { createServer } from "node:http"

import { WebSocketServer } from "ws"

import { PollingSocket } from "./polling_socket.js"

const OPEN = { sid: "engine", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 }
const NAMESPACE = "/p2p"

/**
 * A Socket.IO server of one namespace, just large enough for the real client to talk to (protocol versions 4 and 5).
 *
 * @typedef {{ takesWebSockets?: boolean, takesPolls?: boolean, isMute?: boolean, status?: number }} Ways `isMute`: WebSockets are never answered; `status`: of the
 *   answer to any other request
 */
export class SocketIoServer {
  /** Every connection that a client opened, in order. @type {ServerConnection[]} */
  connections = []
  /** Answers a CONNECT packet. @param {ServerConnection} connection */
  onConnect = (connection) => connection.accept()
  /** Answers an event, perhaps later; undefined sends no answer. @type {(event: string, payload: any) => any} */
  onEvent = () => ({ ok: true })
  /** @type {(() => void)[]} */
  #waiting = []
  /** How a client may come; a test may change it at any time. @type {Ways} */
  ways
  /** Requests that were refused. */
  refused = 0
  #server
  /** @type {Map<string, PollingSocket>} */
  #polling = new Map()
  #webSockets = new WebSocketServer({ noServer: true })

  /**
   * @param {import("node:http").Server} server
   * @param {Ways} ways
   */
  constructor(server, ways) {
    this.#server = server
    this.ways = ways
    server.on("request", (request, response) => this.#requested(request, response))
    server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => undefined) // The client has gone.
      if (this.ways.isMute) socket.on("end", () => socket.end())
      if (this.ways.isMute) return this.#refuse(() => undefined)
      if (this.ways.takesWebSockets === false) return this.#refuse(() => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
      return this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#opened(webSocket, "", request.url))
    })
  }

  /**
   * @param {number} [port]
   * @param {Ways} [ways]
   */
  static async start(port = 0, ways = {}) {
    const server = createServer().listen(port, "127.0.0.1")
    await once(server, "listening")
    return new SocketIoServer(server, ways)
  }

  get port() {
    return /** @type {import("node:net").AddressInfo} */ (this.#server.address()).port
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  /** The connection that came last. */
  get last() {
    return this.connections[this.connections.length - 1]
  }

  get openCount() {
    return this.connections.filter(({ isOpen }) => isOpen).length
  }

  /**
   * Waits until something is so; each packet and each close is a reason to look again.
   * @param {() => unknown} isSo
   */
  async until(isSo) {
    while (!isSo()) await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)))
  }

  /** Something has happened. */
  stir() {
    for (const look of this.#waiting.splice(0)) look()
  }

  async stop() {
    for (const { socket } of this.connections) socket.terminate()
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, "close")
  }

  // Private

  /**
   * @param {any} socket
   * @param {string} sid
   * @param {string} [path]
   */
  #opened(socket, sid, path = "") {
    this.connections.push(new ServerConnection(this, socket, path, sid))
  }

  /** @param {() => void} answer */
  #refuse(answer) {
    this.refused += 1
    answer()
    this.stir()
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  #requested(request, response) {
    const query = new URL(request.url ?? "", this.url).searchParams
    const { takesPolls = false, status = 400 } = this.ways
    if (query.get("transport") !== "polling" || !takesPolls) return this.#refuse(() => response.writeHead(status).end())
    const sid = query.get("sid") ?? `poll-${this.#polling.size}`
    if (!this.#polling.has(sid)) {
      const socket = new PollingSocket()
      this.#polling.set(sid, socket)
      this.#opened(socket, sid, request.url)
    }
    return void this.#polling.get(sid)?.serve(request, response)
  }
}

/** One client's connection, as the server sees it. */
export class ServerConnection {
  isOpen = true
  /** What the client showed when it joined. @type {any} */
  auth = undefined
  /** What the client has said: `[event, payload]`. @type {[string, any][]} */
  said = []
  hasDisconnected = false
  /** What the client has answered. @type {any[]} */
  answers = []

  /**
   * @param {SocketIoServer} server
   * @param {import("ws").WebSocket | PollingSocket} socket
   * @param {string} path
   * @param {string} [sid]
   */
  constructor(server, socket, path, sid = "") {
    this.server = server
    this.socket = socket
    this.path = path
    socket.on("message", (/** @type {Buffer} */ data) => this.#heard(data.toString()))
    socket.on("close", () => {
      this.isOpen = false
      server.stir()
    })
    socket.send(`0${JSON.stringify({ ...OPEN, ...(sid && { sid }) })}`)
  }

  get events() {
    return this.said.map(([event]) => event)
  }

  accept() {
    this.#send("0", { sid: "socket" })
  }

  /**
   * @param {string} message
   * @param {unknown} data
   */
  refuse(message, data) {
    this.#send("4", { message, data })
  }

  /**
   * @param {string} event
   * @param {any} payload
   */
  emit(event, payload) {
    this.#send("2", [event, payload])
  }

  /**
   * Sends an event that wants an answer.
   * @param {string} event
   * @param {any} payload
   */
  ask(event, payload) {
    this.socket.send(`42${NAMESPACE},1${JSON.stringify([event, payload])}`)
  }

  /** Throws the client out, as the server's disconnect() does. */
  disconnect() {
    this.#send("1")
  }

  /** The network breaks. */
  drop() {
    this.socket.terminate()
  }

  // Private

  /**
   * @param {string} type
   * @param {unknown} [data]
   */
  #send(type, data) {
    this.socket.send(`4${type}${NAMESPACE},${data === undefined ? "" : JSON.stringify(data)}`)
  }

  /** @param {string} id @param {unknown} answer */
  #answer(id, answer) {
    if (id && answer !== undefined) this.socket.send(`43${NAMESPACE},${id}${JSON.stringify([answer])}`)
  }

  /** @param {string} packet */
  #heard(packet) {
    const [, type, id, data] = /^4(\d)\/p2p,(\d*)(.*)$/s.exec(packet) ?? []
    if (type === "0") {
      this.auth = JSON.parse(data)
      this.server.onConnect(this)
    } else if (type === "1") {
      this.hasDisconnected = true
    } else if (type === "3") {
      this.answers.push(JSON.parse(data)[0])
    } else if (type === "2") {
      const [event, payload] = JSON.parse(data)
      this.said.push([event, payload])
      const answer = this.server.onEvent(event, payload)
      if (answer instanceof Promise) void answer.then((late) => this.#answer(id, late))
      else this.#answer(id, answer)
    }
    this.server.stir()
  }
}
