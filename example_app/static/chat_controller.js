import { P2pController } from "p2p"

import { Attendance } from "./attendance.js"
import { fill } from "./fill.js"
import { hueOf, initialOf, nameOf } from "./names.js"

const MAX_LINES = 500
const MAX_CHARACTERS = 2000
/** Milliseconds in which everybody should have found a new host. */
const SETTLE_MLS = 5000
/** Milliseconds after which a message that has not come back is worth a word. */
const PATIENCE_MLS = 1000

const timeOfDay = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit" })

/** Messages, and lines on who comes and goes. */
export class ChatController extends P2pController {
  static targets = ["log", "lines", "box", "message", "notice"]

  attendance = new Attendance()
  formerHost = null

  disconnect() {
    clearTimeout(this.settling)
  }

  async send(event) {
    event.preventDefault()
    const text = this.boxTarget.value.trim()
    if (text === "") return
    this.boxTarget.value = ""
    this.boxTarget.focus()
    this.logTarget.scrollTop = 0 // which is the end: see room.css
    const waiting = setTimeout(() => this.notify(`“${text}” waits for the connection.`), PATIENCE_MLS)
    try {
      // The kind tells chat from what else the room may send. The message comes back here too: that is when it is shown.
      await this.p2pSendMessage({ kind: "chat", text })
    } catch (error) {
      this.notify(`Not sent: “${text}”. ${error.message} ${error.hint}`)
    } finally {
      clearTimeout(waiting)
    }
  }

  p2pReceivedMessage({ type, senderId, data }) {
    if (type === "Data.Connection.State") this.announce(data)
    else if (data?.kind === "chat" && typeof data.text === "string") this.say(senderId, data.text.slice(0, MAX_CHARACTERS))
  }

  p2pHostChanged({ hostPeerId }) {
    if (hostPeerId !== this.formerHost) this.replaceHost(hostPeerId)
    clearTimeout(this.settling)
    this.settling = setTimeout(() => this.settle(), SETTLE_MLS)
  }

  p2pError(error) {
    if (this.p2pFrame.state === "connected") this.notify(`${error.message} ${error.hint}`)
  }

  // Private

  replaceHost(hostPeerId) {
    if (this.attendance.leave(this.formerHost)) this.notifyOf(this.formerHost, "left")
    const who = hostPeerId === this.peerId ? "You host" : `${nameOf(hostPeerId)} hosts`
    this.notify(this.formerHost === null ? `${who} this room.` : `${who} this room now.`)
    this.formerHost = hostPeerId
  }

  announce(peers) {
    // Only a picture that comes from the host has both ends of the connection to it; without one, nobody knows who is there.
    if (![this.peerId, this.hostPeerId].every((peerId) => peers[peerId] === "connected")) return
    const { joined, left } = this.attendance.update(peers)
    for (const peerId of left) this.notifyOf(peerId, "left")
    for (const peerId of joined) this.notifyOf(peerId, "joined")
  }

  settle() {
    if (this.p2pFrame.state !== "connected") return
    for (const peerId of this.attendance.settle(this.p2pFrame.peers)) this.notifyOf(peerId, "left")
  }

  notifyOf(peerId, verb) {
    // How this browser itself is connected stands at the top of the page.
    if (peerId !== this.peerId) this.notify(`${nameOf(peerId)} ${verb}.`)
  }

  notify(text) {
    this.append(fill(this.noticeTarget, { text }))
  }

  say(senderId, text) {
    const item = fill(this.messageTarget, { initial: initialOf(senderId), name: nameOf(senderId), time: timeOfDay.format(), text })
    item.style.setProperty("--hue", String(hueOf(senderId)))
    item.classList.toggle("mine", senderId === this.peerId)
    item.classList.toggle("continued", this.linesTarget.lastElementChild?.dataset.senderId === senderId)
    item.dataset.senderId = senderId
    this.append(item)
  }

  append(item) {
    const lines = this.linesTarget
    lines.append(item)
    while (lines.childElementCount > MAX_LINES) lines.firstElementChild?.remove()
  }
}
