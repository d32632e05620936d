import { P2pController } from "p2p"

import { fill } from "./fill.js"
import { hueOf, initialOf, nameOf } from "./names.js"

/** Who is there, who hosts, and how each one is connected. */
export class PeopleController extends P2pController {
  static targets = ["list", "person", "count"]

  p2pNegotiating() { this.show() }
  p2pConnecting() { this.show() }
  p2pConnected() { this.show() }
  p2pDisconnected() { this.show() }
  p2pClosed() { this.show() }
  p2pError() { this.show() }
  p2pHostChanged() { this.show() }
  p2pReceivedMessage({ type }) { if (type === "Data.Connection.State") this.show() }

  show() {
    const { peers, state } = this.p2pFrame
    // Until a host tells of it, only this browser knows its own state.
    const entries = [...peers.set(this.peerId, state)].sort((one, other) => this.rank(one) - this.rank(other))
    this.listTarget.replaceChildren(...entries.map(([peerId, its]) => this.render(peerId, its)))
    this.countTarget.textContent = String(entries.filter(([, its]) => its === "connected").length)
  }

  /** The host comes first, then this browser, and those who have gone come last. */
  rank([peerId, state]) {
    if (peerId === this.hostPeerId) return 0
    if (peerId === this.peerId) return 1
    return ["disconnected", "closed", "failed"].includes(state) ? 3 : 2
  }

  render(peerId, state) {
    const roles = [peerId === this.hostPeerId && "host", peerId === this.peerId && "you"]
    const item = fill(this.personTarget, {
      initial: initialOf(peerId),
      name: nameOf(peerId),
      role: roles.filter(Boolean).join(", "),
      state,
    })
    item.dataset.state = state
    item.style.setProperty("--hue", String(hueOf(peerId)))
    return item
  }
}
