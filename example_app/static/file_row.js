import { fill, write } from "./fill.js"
import { harmless } from "./pictures.js"
import { namesOf, plainName, sizeOf, wordsFor } from "./words.js"

/** Which controls a file has, by its state. */
const CONTROLS = {
  "in offered": ["accept", "decline"],
  "out offered": ["cancel"],
  active: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  done: ["save", "remove"],
  failed: ["remove"],
}

/** One file in the list, on its way in or out. */
export class FileRow {
  /** What went wrong. */
  #error = null
  #url = ""
  /** @type {Blob | null} */
  file = null

  /**
   * @param {HTMLTemplateElement} template
   * @param {any} transfer the client's OutgoingFile or IncomingFile
   */
  constructor(template, transfer) {
    this.transfer = transfer
    this.name = plainName(transfer.name)
    const extension = /\.([^.]{1,4})$/.exec(this.name)?.[1] ?? "file"
    this.element = fill(template, { name: this.name, kind: extension })
    this.show()
  }

  get isIncoming() {
    return "accept" in this.transfer
  }

  get state() {
    return this.#error ? "failed" : this.transfer.state
  }

  get isOver() {
    return this.state === "done" || this.state === "failed"
  }

  /** Whether a progress event is about this file. */
  isOf({ id, peerId, direction }) {
    const isSame = id === this.transfer.id && (direction === "in") === this.isIncoming
    return isSame && (!this.isIncoming || peerId === this.transfer.senderId)
  }

  fail(error) {
    this.#error = error
    this.show()
  }

  /** @param {Blob | null} file what has been received or sent */
  finish(file) {
    this.file = file && harmless(file)
    this.show()
    if (!this.file) return
    this.#url = URL.createObjectURL(this.file)
    const save = this.#control("save")
    save.href = this.#url
    save.download = this.name
  }

  /** Shows the picture, if it is one: what a file is called says nothing. */
  async showThumbnail() {
    const image = new Image()
    const isShown = await new Promise((resolve) => {
      image.onload = () => resolve(true)
      image.onerror = () => resolve(false)
      image.src = this.#url
    })
    if (isShown) this.element.querySelector(".thumbnail").replaceChildren(image)
    return isShown
  }

  remove() {
    URL.revokeObjectURL(this.#url)
    this.element.remove()
  }

  show() {
    const { size, transferred } = this.transfer
    this.element.dataset.state = this.state
    this.element.querySelector("progress").value = size > 0 ? transferred / size : Number(this.state === "done")
    write(this.element, { about: `${sizeOf(size)} ${this.#whom()}`, progress: this.#words() })
    this.#showControls()
  }

  // Private

  #whom() {
    if (this.isIncoming) return `from ${namesOf([this.transfer.senderId])}`
    return `to ${namesOf(this.transfer.peers.keys())}`
  }

  #words() {
    const { size, transferred, rate } = this.transfer
    switch (this.state) {
      case "offered": return this.isIncoming ? "Do you want it?" : "Waiting for an answer…"
      case "active": return `${sizeOf(transferred)} of ${sizeOf(size)}, ${sizeOf(rate)} a second`
      case "paused": return `Paused after ${sizeOf(transferred)} of ${sizeOf(size)}`
      case "done": return ["Done.", ...this.#failures()].join(" ")
      default: return this.#error ? wordsFor(this.#error) : "It failed."
    }
  }

  /** Who of several didn't get it. */
  #failures() {
    return Array.from(this.transfer.failures ?? [], ([peerId, error]) => `${namesOf([peerId])}: ${wordsFor(error)}`)
  }

  #showControls() {
    const shown = CONTROLS[this.state] ?? CONTROLS[`${this.isIncoming ? "in" : "out"} ${this.state}`]
    const hadFocus = this.element.contains(document.activeElement)
    for (const control of this.element.querySelectorAll("[data-control]")) control.hidden = !shown.includes(control.dataset.control)
    this.#control("save").hidden ||= !this.isIncoming
    // Who works with the keyboard goes on from here.
    if (hadFocus && document.activeElement?.hidden !== false) this.element.querySelector("[data-control]:not([hidden])")?.focus()
  }

  #control(name) {
    return this.element.querySelector(`[data-control="${name}"]`)
  }
}
