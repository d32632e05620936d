import { P2pController } from "p2p"

import { colourOf } from "./colours.js"
import { fill, put, write } from "./fill.js"
import { initialOf, nameOf, named } from "./names.js"

/** Who is there, who hosts, and how each one is connected. */
export class PeopleController extends P2pController {
  static targets = ["list", "person", "count", "fold"]

  /** What shows each peer. @type {Map<string, HTMLElement>} */
  items = new Map()

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
    for (const [peerId, its] of entries) this.render(peerId, its)
    for (const peerId of this.items.keys()) if (!peers.has(peerId)) this.remove(peerId)
    this.arrange(entries.map(([peerId]) => this.items.get(peerId)))
    this.tellCount(entries.filter(([, its]) => its === "connected").length)
  }

  /** @param {Event} event of the button that asks for a file to send */
  send({ currentTarget }) {
    this.dispatch("send", { detail: { peerId: currentTarget.closest("[data-peer-id]").dataset.peerId } })
  }

  /** On a phone: shows all of everybody, or the first few. */
  fold({ currentTarget }) {
    currentTarget.setAttribute("aria-expanded", String(currentTarget.getAttribute("aria-expanded") !== "true"))
  }

  // Private

  tellCount(count) {
    put(this.countTarget, String(count))
    put(this.foldTarget, count === 1 ? "1 person" : `${count} people`)
  }

  /** The host comes first, then this browser, and those who have gone come last. */
  rank([peerId, state]) {
    if (peerId === this.hostPeerId) return 0
    if (peerId === this.peerId) return 1
    return ["disconnected", "closed", "failed"].includes(state) ? 3 : 2
  }

  render(peerId, state) {
    const item = this.items.get(peerId) ?? this.add(peerId)
    const roles = [peerId === this.hostPeerId && "host", peerId === this.peerId && "you"]
    write(item, { role: roles.filter(Boolean).join(", "), state })
    item.dataset.state = state
    item.querySelector("button").hidden = peerId === this.peerId || state !== "connected"
  }

  add(peerId) {
    const item = fill(this.personTarget, { initial: initialOf(peerId), name: nameOf(peerId), send: ["Send ", named(peerId), " files"] })
    item.dataset.peerId = peerId
    item.style.setProperty("--colour", colourOf(peerId))
    this.items.set(peerId, item)
    return item
  }

  remove(peerId) {
    this.items.get(peerId)?.remove()
    this.items.delete(peerId)
  }

  /** Moves only what isn't in its place: who has the focus keeps it. */
  arrange(items) {
    items.forEach((item, index) => {
      const present = this.listTarget.children[index]
      if (present !== item) this.listTarget.insertBefore(item, present ?? null)
    })
  }
}
