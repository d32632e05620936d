// The base class of Stimulus controllers inside a <p2p-frame>.
import { Controller } from "@hotwired/stimulus"

import { P2pError } from "../index.js"

/** @typedef {import("../element/p2p_frame.js").P2pFrame} P2pFrame */

/** Events that call a method of the controller, in the order in which a late controller is told what it has missed. */
const CALLBACKS = Object.freeze(/** @type {const} */ ({
  "p2p:negotiating": "p2pNegotiating",
  "p2p:connecting": "p2pConnecting",
  "p2p:connected": "p2pConnected",
  "p2p:disconnected": "p2pDisconnected",
  "p2p:closed": "p2pClosed",
  "p2p:error": "p2pError",
  "p2p:host-changed": "p2pHostChanged",
  "p2p:path": "p2pPathChanged",
  "p2p:quality": "p2pQualityChanged",
  "p2p:message": "p2pReceivedMessage",
  "p2p:file": "p2pReceivedFile",
  "p2p:progress": "p2pProgress",
  "p2p:gap": "p2pMissed",
  "p2p:forked": "p2pForked",
}))

/** A Stimulus controller inside (or on) a `<p2p-frame>`; subclasses define the callbacks that they need. */
export class P2pController extends Controller {
  /** @type {P2pFrame | null} */
  #frame = null
  /** @type {AbortController | null} */
  #listening = null

  /** The connect() that Stimulus calls, which wraps that of a subclass. @type {(() => void) | null} */
  #connect = null
  /** @type {(() => void) | null} */
  #disconnect = null

  /** @param {import("@hotwired/stimulus").Context} context */
  constructor(context) {
    super(context)
    this.#wrap()
    // Once more in a microtask, because the fields of a subclass are defined after this constructor; right after that, Stimulus connects the controller.
    queueMicrotask(() => { if (this.#wrap() && this.#isConnected) this.#attachLate() })
  }

  // What a subclass can read and do

  /** The `<p2p-frame>` around this controller. @returns {P2pFrame} */
  get p2pFrame() {
    const frame = this.#frame ?? /** @type {P2pFrame | null} */ (this.element.closest("p2p-frame"))
    if (!frame) throw new P2pError("not_joined", { message: "There is no <p2p-frame> around this controller.", hint: "Put the element inside {% call p2p_frame_tag(…) %}." })
    return frame
  }

  get peerId() {
    return this.p2pFrame.peerId
  }

  get hostPeerId() {
    return this.p2pFrame.hostPeerId
  }

  get iamHost() {
    return this.p2pFrame.iamHost
  }

  /**
   * Sends a message; see P2pFrame.send().
   * @param {any} data
   * @param {Parameters<P2pFrame["send"]>[1]} [options]
   */
  p2pSendMessage(data, options) {
    return this.p2pFrame.send(data, options)
  }

  // What a subclass may override

  p2pNegotiating() {}
  p2pConnecting() {}
  p2pConnected() {}
  p2pDisconnected() {}
  p2pClosed() {}
  /** @param {P2pError} _error */
  p2pError(_error) {}
  /** @param {{ hostPeerId: string, epoch: number }} _host */
  p2pHostChanged(_host) {}
  /** @param {{ peerId: string, path: import("../wire/link.js").Route | null }} _news */
  p2pPathChanged(_news) {}
  /** @param {{ peerId: string, quality: import("../wire/link.js").Quality }} _news */
  p2pQualityChanged(_news) {}
  /** @param {{ type: "Data" | "Data.Connection.State", senderId: string, data: any, direct?: boolean }} _message */
  p2pReceivedMessage(_message) {}
  /** @param {import("../files/receiving/incoming_file.js").IncomingFile} _file another peer offers it; call its accept() or decline() */
  p2pReceivedFile(_file) {}
  /** @param {import("../files/progress.js").Progress} _progress of a file that is sent or received */
  p2pProgress(_progress) {}
  /** @param {{ senderId: string, from: number, to: number }} _gap messages that are lost for good */
  p2pMissed(_gap) {}
  /** @param {{ hostPeerId: string, epoch: number }} _host the session had gone on in two halves, which are joined again under this host */
  p2pForked(_host) {}

  // Private

  /**
   * Wraps connect() and disconnect(), which aren't written as methods so that subclasses may define them without calling super.
   * @returns {boolean} whether Stimulus may have called connect() as it was
   */
  #wrap() {
    const { connect, disconnect } = this
    if (disconnect !== this.#disconnect) this.disconnect = this.#disconnect = () => {
      try {
        disconnect.call(this)
      } finally {
        this.#detach()
      }
    }
    if (connect === this.#connect) return false
    this.connect = this.#connect = () => {
      this.#attach()
      connect.call(this)
    }
    return true
  }

  get #isConnected() {
    return this.application.getControllerForElementAndIdentifier(this.element, this.identifier) === this
  }

  #attachLate() {
    try {
      this.#attach()
    } catch (error) {
      this.application.handleError(/** @type {Error} */ (error), "Error connecting controller", { identifier: this.identifier, controller: this, element: this.element })
    }
  }

  #attach() {
    this.#detach()
    const frame = this.#frame = this.p2pFrame
    this.#listening = new AbortController()
    const { signal } = this.#listening
    for (const [event, method] of Object.entries(CALLBACKS)) {
      // If the subclass doesn't handle errors, the console shows them.
      if (event === "p2p:error" && this.p2pError === P2pController.prototype.p2pError) continue
      frame.addEventListener(event, (/** @type {CustomEvent} */ news) => /** @type {any} */ (this)[method](news.detail, news), { signal })
    }
  }

  #detach() {
    this.#listening?.abort()
    this.#frame = null
  }
}
