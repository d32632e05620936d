import { P2pController } from "p2p"

import { put } from "./fill.js"
import { named } from "./names.js"
import { isServerThere } from "./server.js"
import { wordsFor } from "./words.js"

/** Milliseconds after which it is worth a word why nobody is found. */
const PATIENCE_MS = 2000

/** The line that says how this browser is connected, what is known of the reason, and the button that joins again. */
export class StatusController extends P2pController {
  static targets = ["line", "reason", "again"]

  /** Why there is no connection, as far as is known. */
  reason = ""

  disconnect() {
    clearTimeout(this.waiting)
  }

  p2pNegotiating() {
    this.show()
    clearTimeout(this.waiting)
    this.waiting = setTimeout(() => void this.explain(), PATIENCE_MS)
  }

  p2pConnecting() { this.show() }
  p2pDisconnected() { this.show() }
  p2pClosed() { this.show() }
  p2pHostChanged() { this.show() }

  p2pConnected() {
    this.reason = ""
    this.show()
  }

  p2pError(error) {
    // A room that goes on is no failure: the chat says what happened.
    if (this.p2pFrame.state !== "connected") this.reason = wordsFor(error)
    this.show()
  }

  joinAgain() {
    this.reason = ""
    this.p2pFrame.reconnect()
  }

  show() {
    const { state } = this.p2pFrame
    put(this.lineTarget, this.describe(state))
    put(this.reasonTarget, this.reason)
    this.againTarget.hidden = !["disconnected", "closed", "failed"].includes(state)
  }

  // Private

  /** The client tries for a while before it says what is wrong; people want to know sooner. */
  async explain() {
    const isThere = await isServerThere()
    if (this.p2pFrame.state !== "negotiating") return
    this.reason = isThere ? "The server answers, and looks for the one who hosts." : "The server can't be reached, and without it nobody finds the others. It is tried every few seconds."
    this.show()
  }

  describe(state) {
    switch (state) {
      case "connected": return this.iamHost ? "Connected: you host this room" : ["Connected to ", named(this.hostPeerId), ", who hosts"]
      case "connecting": return ["Connecting to ", named(this.hostPeerId), "…"]
      case "disconnected": return "Disconnected"
      case "closed": return "The connection is closed"
      case "failed": return "No connection"
      default: return this.reason ? "Trying again…" : "Looking for the others…"
    }
  }
}
