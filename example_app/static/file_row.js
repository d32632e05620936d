import { fill, write } from "./fill.js"
import { named } from "./names.js"
import { harmless } from "./pictures.js"
import { namesOf, sizeOf, wordsFor } from "./words.js"

/** Which controls a file has, by its state. */
const CONTROLS = {
  offered: ["accept", "decline"],
  waiting: ["cancel"],
  active: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  done: ["save", "remove"],
  failed: ["remove"],
}

/** One file in the list, on its way in or out. */
export class FileRow {
  /** What went wrong. */
  #error = null
  #isTaken = false
  /** Who of those whom it is for can answer. @type {string[]} */
  #here
  /** How it gets on with each peer. @type {Map<string, any>} */
  #progress = new Map()
  #url = ""
  /** @type {Blob | null} */
  file = null

  /**
   * @param {HTMLTemplateElement} template
   * @param {any} transfer the client's OutgoingFile or IncomingFile
   * @param {{ name: string, size: number }} file
   * @param {string[]} to whom it goes to
   */
  constructor(template, transfer, { name, size }, to) {
    this.transfer = transfer
    this.to = to
    this.#here = to
    this.name = name
    this.size = size
    const extension = /\.([^.]{1,4})$/.exec(this.name)?.[1] ?? "file"
    this.element = fill(template, { name, kind: extension })
    this.show()
  }

  get isIncoming() {
    return "accept" in this.transfer
  }

  get state() {
    if (this.#error) return "failed"
    const { state } = this.transfer
    // What has been accepted may have to wait for others before it, and what has arrived is handed over a moment later.
    if (state === "offered" && (this.#isTaken || !this.isIncoming)) return "waiting"
    return state === "done" && this.isIncoming && !this.file ? "active" : state
  }

  get isOver() {
    return this.state === "done" || this.state === "failed"
  }

  /** Whether a progress event is about this file. */
  isOf({ id, peerId, direction }) {
    const isSame = id === this.transfer.id && (direction === "in") === this.isIncoming
    return isSame && (!this.isIncoming || peerId === this.transfer.senderId)
  }

  /** @param {{ peerId: string }} progress with one peer */
  follow(progress) {
    this.#progress.set(progress.peerId, progress)
    this.show()
  }

  /** @param {string[]} others who are here: nobody else can answer */
  meet(others) {
    this.#here = others
    this.show()
  }

  take() {
    this.#isTaken = true
    this.show()
  }

  fail(error) {
    this.#error = error
    this.show()
  }

  /** @param {Blob | null} file what has been received or sent */
  finish(file) {
    this.file = file && harmless(file)
    if (this.file) this.#url = URL.createObjectURL(this.file)
    if (this.#canBeSaved) this.#offerToSave()
    this.show()
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
    const { size } = this
    const { transferred } = this.#slowest
    this.element.dataset.state = this.state
    this.element.querySelector("progress").value = size > 0 ? transferred / size : Number(this.state === "done")
    write(this.element, { about: [`${sizeOf(size)} `, ...this.#whom()], progress: this.#words() })
    this.#showControls()
  }

  // Private

  #whom() {
    return this.isIncoming ? ["from ", named(this.transfer.senderId)] : ["to ", ...namesOf(this.#receivers)]
  }

  /** Whom it is for; of those who are still to answer, whoever is here, if anybody is. */
  get #receivers() {
    const here = this.state === "waiting" ? this.to.filter((peerId) => this.#here.includes(peerId)) : []
    return here.length > 0 ? here : this.to
  }

  #words() {
    const { size } = this
    const { transferred, rate } = this.#slowest
    switch (this.state) {
      case "offered": return "Do you want it?"
      case "waiting": return this.isIncoming ? "It begins soon…" : "Waiting for an answer…"
      case "active": return [`${sizeOf(transferred)} of ${sizeOf(size)}, ${sizeOf(rate)} a second.`, ...this.#others()]
      case "paused": return `Paused after ${sizeOf(transferred)} of ${sizeOf(size)}`
      case "done": return ["Done.", ...this.#others()]
      default: return this.#error ? wordsFor(this.#error) : "It failed."
    }
  }

  /** Of those who take it, the one who has least. */
  get #slowest() {
    const active = [...this.#progress.values()].filter(({ state }) => state === "active" || state === "paused")
    return active.sort((one, other) => one.transferred - other.transferred)[0] ?? this.transfer
  }

  /** What is to be said of those who don't get it, or not yet. */
  #others() {
    const { peers = [], failures: errors = [] } = this.transfer
    const waiting = [...peers].filter(([peerId, { state }]) => state === "offered" && this.#here.includes(peerId)).map(([peerId]) => peerId)
    const failures = Array.from(errors).flatMap(([peerId, error]) => [" ", named(peerId), `: ${wordsFor(error)}`])
    return waiting.length > 0 ? [" Not answered by ", ...namesOf(waiting), ".", ...failures] : failures
  }

  #showControls() {
    const controls = [...this.element.querySelectorAll("[data-control]")]
    const shown = controls.filter(({ dataset: { control } }) => CONTROLS[this.state].includes(control) && (control !== "save" || this.#canBeSaved))
    for (const control of shown) control.hidden = false
    // Who works with the keyboard goes on from here; what is hidden already gives the focus to nobody.
    if (controls.includes(document.activeElement) && !shown.includes(document.activeElement)) shown[0].focus()
    for (const control of controls) control.hidden = !shown.includes(control)
  }

  get #canBeSaved() {
    return this.isIncoming && this.#url !== ""
  }

  #offerToSave() {
    const save = this.element.querySelector('[data-control="save"]')
    save.href = this.#url
    save.download = this.name
  }
}
