import { P2pController } from "p2p"

import { colourOf } from "./colours.js"
import { fill } from "./fill.js"
import { nameOf } from "./names.js"
import { HEIGHT, WIDTH, pointOf } from "./stroke.js"

/** How many pointers are shown: there may be as many senders as a host makes up. */
const MAX_CURSORS = 200
/** Milliseconds after which a pointer that rests fades out. */
const IDLE_MS = 3000

/** Everybody's pointers over the board, with their names. Only the newest place counts, so they are sent unreliably. */
export class CursorsController extends P2pController {
  static targets = ["paper", "cursor"]

  /** By peer. @type {Map<string, HTMLElement>} */
  cursors = new Map()
  fading = new Map()

  connect() {
    this.unsubscribe = this.p2pFrame.on("cursor", (data, { senderId }) => this.received(senderId, data))
  }

  disconnect() {
    this.unsubscribe()
    cancelAnimationFrame(this.frameRequest)
    for (const peerId of this.cursors.keys()) this.remove(peerId)
  }

  // What this peer's pointer does

  move(event) {
    // On a touch screen there is a pointer only where somebody draws.
    this.place = pointOf(event, this.paperTarget)
    this.frameRequest ??= requestAnimationFrame(() => this.send(this.place))
  }

  leave() {
    cancelAnimationFrame(this.frameRequest)
    this.send(null)
  }

  send(place) {
    this.frameRequest = undefined
    // A place that gets lost is old when it is missed.
    this.p2pSendMessage(place, { topic: "cursor", reliable: false }).catch(() => {}) // the next place comes in a moment
  }

  // What others' do

  received(senderId, place) {
    if (senderId === this.peerId) return
    if (this.cursors.size >= MAX_CURSORS && !this.cursors.has(senderId)) return
    if (Array.isArray(place) && place.length === 2 && place.every(Number.isFinite)) this.show(senderId, place)
    else this.fade(senderId)
  }

  p2pReceivedMessage({ type, data }) {
    if (type !== "Data.Connection.State") return
    for (const [peerId, state] of Object.entries(data)) if (state !== "connected") this.remove(peerId)
  }

  // Private

  show(peerId, [x, y]) {
    const cursor = this.cursors.get(peerId) ?? this.add(peerId)
    cursor.style.left = `${(100 * x) / WIDTH}%`
    cursor.style.top = `${(100 * y) / HEIGHT}%`
    cursor.classList.remove("idle")
    clearTimeout(this.fading.get(peerId))
    this.fading.set(peerId, setTimeout(() => this.fade(peerId), IDLE_MS))
  }

  fade(peerId) {
    this.cursors.get(peerId)?.classList.add("idle")
  }

  add(peerId) {
    const cursor = fill(this.cursorTarget, { name: nameOf(peerId) })
    cursor.style.setProperty("--colour", colourOf(peerId))
    this.cursors.set(peerId, cursor)
    this.paperTarget.append(cursor)
    return cursor
  }

  remove(peerId) {
    clearTimeout(this.fading.get(peerId))
    this.fading.delete(peerId)
    this.cursors.get(peerId)?.remove()
    this.cursors.delete(peerId)
  }
}
