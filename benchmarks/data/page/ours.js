import { pause } from "./clock.js"
import { file } from "./source.js"

/** How many messages are under way at most: an outbox takes 1,000 that aren't stable yet. */
const WINDOW = 800

/** The session that the page's frame is in. */
export class Ours {
  #frame = /** @type {any} */ (document.querySelector("p2p-frame"))
  /** Whether files are thrown away, in place of being written where the client likes to. */
  discards = false
  #underWay = 0
  /** @type {(() => void) | undefined} */
  #settled

  /**
   * @param {object} options
   * @param {(from: string, data: any) => void} options.received
   * @param {(bytes: number) => void} options.receivedFile
   */
  constructor({ received, receivedFile }) {
    this.#frame.addEventListener("p2p:message", ({ detail: { type, senderId, data } }) => { if (type === "Data") received(senderId, data) })
    this.#frame.addEventListener("p2p:file", ({ detail: incoming }) => {
      const options = this.discards ? { to: new WritableStream() } : {}
      void incoming.accept(options).then(() => receivedFile(incoming.size))
    })
  }

  /** Removes the files that have come, which in a context like this one Chromium keeps in memory. */
  async tidy() {
    if (!isSecureContext) return // there are none then
    const root = await navigator.storage.getDirectory()
    for await (const folder of foldersIn(root)) for await (const inner of foldersIn(folder)) await empty(inner)
  }

  /** Resolves when this page is connected, and so many are in its picture of the session. @param {number} count */
  async sees(count) {
    const connected = () => [...this.#frame.peers.values()].filter((state) => state === "connected").length
    while (this.#frame.state !== "connected" || connected() !== count) await pause(10)
  }

  /** @param {string} text */
  send(text) {
    return this.#frame.send(text)
  }

  /**
   * Resolves when all are stable.
   * @param {number} count
   * @param {(number: number) => string} textOf
   */
  async sendMany(count, textOf) {
    const sent = []
    for (let number = 0; number < count; number += 1) {
      if (this.#underWay >= WINDOW) await new Promise((resolve) => { this.#settled = resolve })
      sent.push(this.#sendOne(textOf(number)))
    }
    await Promise.all(sent)
  }

  /**
   * Resolves when they have it, whole and verified.
   * @param {string[]} to
   * @param {number} bytes
   */
  async sendFile(to, bytes) {
    await this.#frame.sendFile(file(bytes), { to }).done
  }

  /** @param {string} text */
  async #sendOne(text) {
    this.#underWay += 1
    await this.#frame.send(text)
    this.#underWay -= 1
    this.#settled?.()
  }
}

/** @param {any} folder */
async function* foldersIn(folder) {
  for await (const entry of folder.values()) if (entry.kind === "directory") yield entry
}

/** @param {any} folder */
async function empty(folder) {
  for await (const name of folder.keys()) await folder.removeEntry(name)
}
