/** A bare WebSocket to the relay: what is said before it is open is said then. */
export class Signals {
  #socket
  #isOpen

  /**
   * @param {string} url the relay's; the systems have one each, as a name has one socket
   * @param {string} name
   * @param {(from: string, signal: any) => void} heard
   */
  constructor(url, name, heard) {
    this.#socket = new WebSocket(`${url}/${name}`)
    this.#isOpen = new Promise((resolve) => { this.#socket.onopen = resolve })
    this.#socket.onmessage = ({ data }) => {
      const { from, ...signal } = JSON.parse(data)
      heard(from, signal)
    }
  }

  /** Resolves when the relay knows this peer. */
  get isOpen() {
    return this.#isOpen
  }

  /**
   * @param {string} to
   * @param {object} signal
   */
  async say(to, signal) {
    if (this.#socket.readyState === WebSocket.CONNECTING) await this.#isOpen
    this.#socket.send(JSON.stringify({ to, ...signal }))
  }

  close() {
    this.#socket.close()
  }
}
