import { P2pController } from "p2p"

import { Drawing } from "./drawing.js"
import { put } from "./fill.js"
import { named } from "./names.js"
import { Pen } from "./pen.js"
import { isPlace, readStroke } from "./stroke.js"
import { Surface } from "./surface.js"
import { wordsFor } from "./words.js"

/** Milliseconds between two previews of a stroke. */
const PREVIEW_MS = 40

/**
 * A board that everybody draws on. A stroke is one reliable message, sent when the pen is lifted; until then the others see it by previews, which may get lost.
 * Strokes and clearing share a topic, so that they come in one order everywhere.
 */
export class BoardController extends P2pController {
  static targets = ["tools", "paper", "dry", "wet", "notice", "hint"]

  drawing = new Drawing()
  /** What this peer is drawing. @type {Pen | null} */
  pen = null
  /** This peer's own strokes that haven't come back. @type {Map<number, import("./stroke.js").Stroke>} */
  sent = new Map()
  previewedAt = 0

  connect() {
    this.dry = new Surface(this.dryTarget, () => this.paintDry())
    this.wet = new Surface(this.wetTarget, () => this.paintWet())
    for (const surface of [this.dry, this.wet]) surface.start()
    this.darkness = matchMedia("(prefers-color-scheme: dark)")
    this.darkness.onchange = () => this.repaint()
    this.unsubscribe = [
      this.p2pFrame.on("stroke", (data, { senderId }) => this.received(senderId, data)),
      this.p2pFrame.on("preview", (data, { senderId }) => this.previewed(senderId, data)),
    ]
  }

  disconnect() {
    for (const unsubscribe of this.unsubscribe) unsubscribe()
    for (const surface of [this.dry, this.wet]) surface.stop()
    this.darkness.onchange = null
    cancelAnimationFrame(this.frameRequest)
  }

  // What the pointer does

  press(event) {
    if (this.pen || event.button !== 0) return
    event.preventDefault()
    this.paperTarget.setPointerCapture(event.pointerId)
    this.pen = new Pen(event, this.paperTarget, this.ink)
    this.repaintWet()
  }

  move(event) {
    if (event.pointerId !== this.pen?.pointerId) return
    this.pen.move(event)
    this.repaintWet()
    if (this.pen.isWorn) this.replacePen(event)
  }

  lift(event) {
    if (event.pointerId !== this.pen?.pointerId) return
    void this.send(this.pen.lift())
    this.pen = null
  }

  // What others do

  received(senderId, data) {
    if (data?.clear === true) return this.cleared(senderId)
    const stroke = readStroke(data)
    if (!stroke || stroke.points.length === 0) return
    this.drawing.add(senderId, stroke, Number.isFinite(data.before) ? data.before : 0)
    if (senderId === this.peerId) this.sent.delete(stroke.id)
    this.dry.draw(stroke)
    this.repaintWet()
    this.tell()
  }

  previewed(senderId, data) {
    const piece = readStroke(data)
    if (!piece || senderId === this.peerId || !isPlace(data.from)) return
    this.drawing.preview(senderId, piece, data.from)
    this.repaintWet()
  }

  p2pReceivedMessage({ type, data }) {
    if (type !== "Data.Connection.State") return
    for (const [peerId, state] of Object.entries(data)) if (state !== "connected" && this.drawing.drop(peerId)) this.repaintWet()
  }

  p2pMissed() {
    this.drawing.isIncomplete = true
    this.tell()
  }

  // What this peer sends

  async clear() {
    await this.trySending({ clear: true }, "The board was not cleared.")
  }

  async send(stroke) {
    this.sent.set(stroke.id, stroke)
    await this.trySending({ ...stroke, before: this.drawing.count }, "A stroke was not sent.")
    this.sent.delete(stroke.id)
    this.repaintWet()
  }

  async trySending(data, complaint) {
    try {
      await this.p2pSendMessage(data, { topic: "stroke" })
    } catch (error) {
      this.noticeTarget.textContent = `${complaint} ${wordsFor(error)}`
    }
  }

  sendPreview() {
    const now = performance.now()
    if (!this.pen || now - this.previewedAt < PREVIEW_MS) return
    this.previewedAt = now
    // What gets lost is made up for by the next one, and at last by the stroke itself.
    this.p2pSendMessage(this.pen.tail, { topic: "preview", reliable: false }).catch(() => {}) // a preview may be lost
  }

  // Private

  get ink() {
    const [colour, width] = ["colour", "width"].map((name) => this.toolsTarget.querySelector(`[name="${name}"]:checked`).value)
    return { colour, width: Number(width) }
  }

  replacePen(event) {
    void this.send(this.pen.lift())
    this.pen = new Pen(event, this.paperTarget, this.ink)
  }

  cleared(senderId) {
    this.drawing.clear()
    this.dry.clear()
    this.tell(senderId === this.peerId ? [] : [named(senderId), " cleared the board."])
  }

  tell(news = []) {
    put(this.noticeTarget, this.drawing.isIncomplete ? "Some older strokes are no longer kept." : news)
    this.hintTarget.hidden = this.drawing.count > 0
  }

  repaint() {
    this.paintDry()
    this.paintWet()
  }

  paintDry() {
    this.dry.clear()
    for (const stroke of this.drawing.strokes) this.dry.draw(stroke)
  }

  repaintWet() {
    this.frameRequest ??= requestAnimationFrame(() => {
      this.frameRequest = undefined
      this.paintWet()
      this.sendPreview()
    })
  }

  paintWet() {
    this.wet.clear()
    const own = this.pen ? [this.pen.stroke] : []
    for (const stroke of [...this.drawing.previews, ...this.sent.values(), ...own]) this.wet.draw(stroke)
  }
}
