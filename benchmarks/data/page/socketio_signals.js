import { io } from "socket.io-client"

/** The same as Signals, over a minimal Socket.IO server. */
export class SocketIoSignals {
  #socket
  #isOpen

  /**
   * @param {string} url
   * @param {string} name
   * @param {(from: string, signal: any) => void} heard
   */
  constructor(url, name, heard) {
    // As our client does: polling first would take longer.
    this.#socket = io(url, { transports: ["websocket"] })
    this.#isOpen = new Promise((resolve) => { this.#socket.once("connect", resolve) })
    this.#socket.emit("known_as", name)
    this.#socket.on("signal", ({ from, ...signal }) => heard(from, signal))
    this.say = (to, signal) => { this.#socket.emit("signal", { to, from: name, ...signal }) }
  }

  /** Resolves when the server knows this peer. */
  get isOpen() {
    return this.#isOpen
  }

  close() {
    this.#socket.close()
  }
}
