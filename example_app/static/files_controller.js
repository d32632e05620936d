import { P2pController } from "p2p"

import { dropped, holdsFiles } from "./drops.js"
import { put } from "./fill.js"
import { FileRow } from "./file_row.js"
import { isolated, nameOf, named } from "./names.js"
import { MAX_PICTURE_BYTES, isPicture } from "./pictures.js"
import { wordsFor } from "./words.js"

/** How many files somebody sends at once, */
const MAX_FILES = 20
/** how many are listed, finished or not, */
const MAX_ROWS = 100
/** and how many pictures are accepted without asking. */
const MAX_PICTURES = 50

/** Files on their way from one browser to another: dropped or chosen here, accepted or declined there. */
export class FilesController extends P2pController {
  static targets = ["recipient", "chooser", "notice", "news", "list", "row"]

  /** By element. @type {Map<Element, FileRow>} */
  rows = new Map()
  pictures = 0

  disconnect() {
    for (const row of this.rows.values()) row.remove()
  }

  // Who may be sent files

  p2pReceivedMessage({ type }) {
    if (type !== "Data.Connection.State") return
    this.listRecipients()
    for (const row of this.rows.values()) row.meet(this.others)
  }

  listRecipients() {
    const chosen = this.recipientTarget.value
    const options = this.others.map((peerId) => optionFor(peerId, chosen))
    this.recipientTarget.replaceChildren(this.recipientTarget.options[0], ...options)
  }

  get others() {
    return [...this.p2pFrame.peers].filter(([peerId, state]) => peerId !== this.peerId && state === "connected").map(([peerId]) => peerId)
  }

  // What this peer sends

  choose() {
    this.chooserTarget.click()
  }

  chosen() {
    const { value } = this.recipientTarget
    this.tell("")
    this.send([...this.chooserTarget.files], value ? [value] : this.others)
    this.chooserTarget.value = "" // so that the same file can be chosen again
  }

  /** @param {CustomEvent} event from the list of people */
  sendTo({ detail: { peerId } }) {
    this.recipientTarget.value = peerId
    this.choose()
  }

  hover(event) {
    if (!holdsFiles(event)) return
    event.preventDefault()
    this.markTarget(event)
  }

  leave(event) {
    if (event.relatedTarget === null) this.markTarget(null)
  }

  drop(event) {
    if (!holdsFiles(event)) return
    event.preventDefault()
    this.markTarget(null)
    const { files, folders } = dropped(event.dataTransfer)
    this.tell(folders > 0 ? "Folders can't be sent. Drop the files in them." : "")
    const person = personAt(event)
    this.send(files, person ? [person.dataset.peerId] : this.others)
  }

  send(files, to) {
    if (files.length === 0) return
    if (files.length > MAX_FILES) return this.tell(`Send at most ${MAX_FILES} files at once.`)
    if (to.length === 0) return this.tell("Nobody else is here to send files to.")
    if (to.includes(this.peerId)) return this.tell("These files are yours already.")
    for (const file of files) void this.sendOne(file, to)
  }

  async sendOne(file, to) {
    try {
      const transfer = this.p2pFrame.sendFile(file, { to })
      await this.follow(this.add(transfer, file, to), transfer.done.then(() => file))
    } catch (error) {
      this.tell([isolated(file.name), `: ${wordsFor(error)}`])
    }
  }

  // What others send

  p2pReceivedFile(transfer, event) {
    if (this.rows.size >= MAX_ROWS && !this.forgetOldest()) return transfer.decline("Too many files wait already.")
    event.preventDefault() // The answer comes later.
    const row = this.add(transfer, transfer, [this.peerId])
    if (isPicture(transfer) && transfer.size <= MAX_PICTURE_BYTES && this.pictures++ < MAX_PICTURES) this.take(row)
    else put(this.newsTarget, [named(transfer.senderId), " offers “", isolated(row.name), "”."])
    this.dispatch("news")
  }

  accept(event) {
    this.take(this.rowOf(event))
  }

  take(row) {
    void this.follow(row, row.transfer.accept())
    row.take()
  }

  decline(event) {
    const row = this.rowOf(event)
    row.transfer.decline()
    this.forgetAndGoOn(row)
  }

  // On their way

  pause(event) { this.rowOf(event).transfer.pause() }
  resume(event) { this.rowOf(event).transfer.resume() }
  cancel(event) { this.rowOf(event).transfer.cancel() }
  remove(event) { this.forgetAndGoOn(this.rowOf(event)) }

  p2pProgress(progress) {
    for (const row of this.rows.values()) if (row.isOf(progress)) row.follow(progress)
  }

  /**
   * @param {FileRow} row
   * @param {Promise<Blob | null>} done
   */
  async follow(row, done) {
    try {
      const file = await done
      row.finish(file)
      if (row.file && isPicture(row.file) && await row.showThumbnail()) this.showPicture(row)
    } catch (error) {
      row.fail(error)
    }
  }

  showPicture(row) {
    const senderId = row.isIncoming ? row.transfer.senderId : this.peerId
    this.dispatch("picture", { detail: { senderId, file: row.file, name: row.name } })
  }

  // Private

  add(transfer, file, to) {
    const row = new FileRow(this.rowTarget, transfer, file, to)
    this.rows.set(row.element, row)
    this.listTarget.prepend(row.element)
    return row
  }

  rowOf({ currentTarget }) {
    return this.rows.get(currentTarget.closest("li"))
  }

  forget(row) {
    this.rows.delete(row.element)
    row.remove()
  }

  /** The button that had the focus goes with its row. */
  forgetAndGoOn(row) {
    this.forget(row)
    const next = this.listTarget.querySelector("[data-control]:not([hidden])") ?? this.recipientTarget
    next.focus()
  }

  /** Makes room in the list, if anything in it is over. */
  forgetOldest() {
    const row = [...this.rows.values()].find(({ isOver }) => isOver)
    if (row) this.forget(row)
    return row !== undefined
  }

  tell(text) {
    put(this.noticeTarget, text)
    this.noticeTarget.hidden = text === ""
  }

  markTarget(event) {
    for (const marked of document.querySelectorAll("[data-drop]")) delete marked.dataset.drop
    if (event) (personAt(event) ?? this.element).dataset.drop = ""
  }
}

/** @param {DragEvent} event @returns {HTMLElement | null} */
function personAt({ target }) {
  return target instanceof Element ? target.closest("[data-peer-id]") : null
}

/** @param {string} peerId @param {string} chosen */
function optionFor(peerId, chosen) {
  const option = new Option(nameOf(peerId), peerId, false, peerId === chosen)
  option.dir = "auto"
  return option
}
