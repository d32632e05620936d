import { P2pController } from "p2p"

// Inside <p2p-frame>: data-controller="IDENTIFIER".
export default class extends P2pController {
  static targets = ["input", "messages"]

  // The life of this peer, in order. `this.iamHost` tells its role.
  p2pNegotiating() {}
  p2pConnecting() {}
  p2pConnected() {}
  p2pDisconnected() {}
  p2pClosed() {}

  p2pHostChanged({ hostPeerId, epoch }) {}

  // A link goes by another path ("direct", "turn" or "server"), or is felt to be "good", "fair" or "poor".
  p2pPathChanged({ peerId, path }) {}
  p2pQualityChanged({ peerId, quality }) {}

  // `hint` says what to do, `retry` whether it can help to try again.
  p2pError({ code, message, hint, retry }) {
    console.warn(`${code}: ${message} ${hint}`)
  }

  // The sender gets its own messages too. A "Data.Connection.State" tells who is there.
  p2pReceivedMessage({ type, senderId, data }) {
    if (type !== "Data" || !this.hasMessagesTarget) return
    const item = document.createElement("li")
    item.textContent = `${senderId}: ${data}`
    this.messagesTarget.append(item)
  }

  // Another peer offers a file: `const received = await file.accept()`. Without, it is declined.
  p2pReceivedFile(file, event) {}
  p2pProgress(progress) {}

  // Messages of a sender that can't be had any more, by their numbers.
  p2pMissed({ senderId, from, to }) {}

  // The network had split the session; it goes on under this host, and both halves' messages are shown.
  p2pForked({ hostPeerId, epoch }) {}

  // data-action="IDENTIFIER#sendMessage" on a form.
  sendMessage(event) {
    event.preventDefault()
    if (this.inputTarget.value === "") return
    this.p2pSendMessage(this.inputTarget.value).catch((error) => this.p2pError(error))
    this.inputTarget.value = ""
  }
}
