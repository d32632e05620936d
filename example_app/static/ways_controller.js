import { P2pController } from "p2p"

import { put } from "./fill.js"
import { meaningOf, Ways, wordFor } from "./ways.js"

/** Milliseconds after which a page tells its way again, for those who came in between, and as its milliseconds change. */
const PERIOD_MS = 4000

/**
 * A sign at each person: directly connected, over a TURN server, or over the server of the page. Each page knows its own way to the host, and tells it the others by messages
 * that may be lost: the next one comes soon.
 */
export class WaysController extends P2pController {
  static targets = ["sign"]

  ways = new Ways()

  connect() {
    this.unsubscribe = this.p2pFrame.on("way", (word, { senderId }) => this.received(senderId, word))
    this.timer = setInterval(() => void this.look(), PERIOD_MS)
    void this.look()
  }

  disconnect() {
    this.unsubscribe()
    clearInterval(this.timer)
  }

  p2pPathChanged() { void this.look() }
  p2pQualityChanged() { void this.look() }

  p2pHostChanged() {
    this.ways.forget()
    void this.look()
  }

  p2pReceivedMessage({ type }) {
    if (type !== "Data.Connection.State") return
    this.ways.keep(this.p2pFrame.peers)
    this.show()
  }

  /** @param {HTMLElement} sign of a person who has come */
  signTargetConnected(sign) {
    this.render(sign)
  }

  // Private

  async look() {
    const { peerId, hostPeerId } = this
    this.ways.seen(await this.p2pFrame.stats())
    this.show()
    const way = this.ways.of(peerId, { peerId, hostPeerId })
    if (way && way.path !== "host" && this.p2pFrame.state === "connected") {
      this.p2pSendMessage(way, { topic: "way", reliable: false }).catch(() => {}) // it is told again soon
    }
  }

  received(senderId, word) {
    this.ways.told(senderId, word)
    this.show()
  }

  show() {
    for (const sign of this.signTargets) this.render(sign)
  }

  render(sign) {
    const { peerId } = sign.closest("[data-peer-id]").dataset
    const { peers } = this.p2pFrame
    const way = peers.get(peerId) === "connected" ? this.ways.of(peerId, this) : null
    sign.hidden = way === null
    if (way) this.write(sign, way)
  }

  write(sign, way) {
    const [use, word, meaning] = ["use", "[data-slot=word]", "[data-slot=meaning]"].map((one) => sign.querySelector(one))
    sign.dataset.path = way.path
    sign.title = meaningOf(way)
    use.setAttribute("href", `#way-${way.path}`)
    put(word, wordFor(way))
    put(meaning, meaningOf(way))
  }
}
