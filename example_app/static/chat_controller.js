import { P2pController } from "p2p"

import { Attendance } from "./attendance.js"
import { colourOf } from "./colours.js"
import { fill, write } from "./fill.js"
import { initialOf, isolated, nameOf, named } from "./names.js"
import { namesOf, wordsFor } from "./words.js"

const MAX_LINES = 500
const MAX_CHARACTERS = 2000
/** Milliseconds in which everybody should have found a new host. */
const SETTLE_MS = 5000
/** Milliseconds after which a message that has not come back is worth a word. */
const PATIENCE_MS = 1000

const timeOfDay = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit" })
/** What was said before this page came is shown as such. */
const cameAt = Date.now()

/** Messages, pictures, and lines on who comes and goes. */
export class ChatController extends P2pController {
  static targets = ["log", "lines", "box", "button", "message", "picture", "notice"]

  attendance = new Attendance()
  formerHost = null
  /** The line on who joined or left last. @type {{ verb: string, peerIds: Set<string>, element: Element } | null} */
  moved = null
  /** When this peer said something last: no two of its messages have the same time. */
  saidAt = 0

  connect() {
    // Until now the Enter key would have had the browser send the form, and lose the text: it presses no button that is disabled.
    this.buttonTarget.disabled = false
  }

  disconnect() {
    clearTimeout(this.settling)
  }

  async send(event) {
    event.preventDefault()
    const text = this.boxTarget.value.trim()
    if (text === "") return
    this.boxTarget.value = ""
    this.boxTarget.focus()
    this.logTarget.scrollTop = 0 // which is the end: see chat.css
    const waiting = setTimeout(() => this.notify("“", isolated(text), "” waits for the connection."), PATIENCE_MS)
    try {
      // The kind tells chat from what else the room may send. The message comes back here too: that is when it is shown.
      // Its time is what those who come later need, for they are shown the last messages.
      await this.p2pSendMessage({ kind: "chat", text, at: this.now() })
    } catch (error) {
      this.notify("Not sent: “", isolated(text), `”. ${wordsFor(error)}`)
    } finally {
      clearTimeout(waiting)
    }
  }

  p2pReceivedMessage({ type, senderId, data }) {
    if (type === "Data.Connection.State") this.announce(data)
    else if (data?.kind === "chat" && typeof data.text === "string") this.say(senderId, data.text.slice(0, MAX_CHARACTERS), data.at)
  }

  /** @param {CustomEvent} event one that has come as a file, or has been sent as one */
  showPicture({ detail: { senderId, file, name } }) {
    const item = this.line(this.pictureTarget, senderId, Date.now(), {})
    const [link, image] = [item.querySelector("a"), item.querySelector("img")]
    link.href = image.src = URL.createObjectURL(file)
    link.download = image.alt = link.title = name
    this.append(item)
  }

  p2pHostChanged({ hostPeerId }) {
    if (hostPeerId !== this.formerHost) this.replaceHost(hostPeerId)
    clearTimeout(this.settling)
    this.settling = setTimeout(() => this.settle(), SETTLE_MS)
  }

  p2pError(error) {
    if (this.p2pFrame.state === "connected") this.notify(wordsFor(error))
  }

  // Private

  replaceHost(hostPeerId) {
    if (this.attendance.leave(this.formerHost)) this.notifyOf(this.formerHost, "left")
    const who = hostPeerId === this.peerId ? ["You host"] : [named(hostPeerId), " hosts"]
    this.notify(...who, this.formerHost === null ? " this room." : " this room now.")
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
    if (peerId === this.peerId || (verb === "joined" && this.takeBack(peerId))) return
    if (!this.endsWith(verb)) this.moved = { verb, peerIds: new Set(), element: this.notify() }
    this.moved.peerIds.add(peerId)
    this.showMoved()
  }

  /** Who comes back before anything else has happened, as after a reload, is no news. */
  takeBack(peerId) {
    if (!this.endsWith("left") || !this.moved.peerIds.delete(peerId)) return false
    this.showMoved()
    return true
  }

  endsWith(verb) {
    return this.moved?.verb === verb && this.moved.element === this.linesTarget.lastElementChild
  }

  showMoved() {
    const { verb, peerIds, element } = this.moved
    if (peerIds.size === 0) element.remove()
    else write(element, { text: [...namesOf(peerIds), ` ${verb}.`] })
  }

  /** @param {(string | Element)[]} text */
  notify(...text) {
    const item = fill(this.noticeTarget, { text })
    this.append(item)
    return item
  }

  say(senderId, text, at) {
    const key = JSON.stringify([senderId, Number.isFinite(at) ? at : 0, text])
    // Whoever joins afresh is shown the last messages again.
    if ([...this.linesTarget.children].some((line) => line.dataset.key === key)) return
    // It is the sender's clock, and may be anything.
    const time = Number.isFinite(at) && at > 0 && at <= Date.now() ? at : Date.now()
    const item = this.line(this.messageTarget, senderId, time, { text })
    item.dataset.key = key
    if (item.classList.contains("earlier") && !this.linesTarget.querySelector(".earlier")) this.notify("Said before you came:")
    this.append(item)
    if (senderId !== this.peerId) this.dispatch("news")
  }

  line(template, senderId, at, texts) {
    const item = fill(template, { initial: initialOf(senderId), name: nameOf(senderId), time: timeOfDay.format(at), ...texts })
    item.style.setProperty("--colour", colourOf(senderId))
    item.classList.toggle("mine", senderId === this.peerId)
    item.classList.toggle("earlier", at < cameAt)
    item.classList.toggle("continued", this.linesTarget.lastElementChild?.dataset.senderId === senderId)
    item.dataset.senderId = senderId
    return item
  }

  now() {
    this.saidAt = Math.max(Date.now(), this.saidAt + 1)
    return this.saidAt
  }

  append(item) {
    const lines = this.linesTarget
    lines.append(item)
    while (lines.childElementCount > MAX_LINES) this.forget(lines.firstElementChild)
  }

  forget(item) {
    const picture = item.querySelector("img")
    if (picture) URL.revokeObjectURL(picture.src)
    item.remove()
  }
}
