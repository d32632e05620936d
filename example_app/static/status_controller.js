import { P2pController } from "p2p"

import { nameOf } from "./names.js"

/** The line that says how this browser is connected, and the button that joins again. */
export class StatusController extends P2pController {
  static targets = ["line", "error", "again"]

  /** What went wrong last. */
  error = null

  p2pNegotiating() { this.show() }
  p2pConnecting() { this.show() }
  p2pDisconnected() { this.show() }
  p2pClosed() { this.show() }
  p2pHostChanged() { this.show() }

  p2pConnected() {
    this.error = null
    this.show()
  }

  p2pError(error) {
    // A room that goes on is no failure: the chat says what happened.
    if (this.p2pFrame.state !== "connected") this.error = error
    this.show()
  }

  joinAgain() {
    this.error = null
    this.p2pFrame.reconnect()
  }

  show() {
    const { state } = this.p2pFrame
    this.lineTarget.textContent = this.describe(state)
    this.errorTarget.textContent = this.error ? `${this.error.message} ${this.error.hint}` : ""
    this.againTarget.hidden = !["disconnected", "closed", "failed"].includes(state)
  }

  describe(state) {
    switch (state) {
      case "connected": return this.iamHost ? "Connected: you host this room" : `Connected to ${nameOf(this.hostPeerId)}, who hosts`
      case "connecting": return `Connecting to ${nameOf(this.hostPeerId)}…`
      case "disconnected": return "Disconnected"
      case "closed": return "The connection is closed"
      case "failed": return "No connection"
      default: return this.error ? "Trying again…" : "Negotiating…"
    }
  }
}
