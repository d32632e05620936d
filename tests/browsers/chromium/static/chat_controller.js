import { P2pController } from "p2p"

export default class extends P2pController {
  static targets = ["box", "log", "calls"]

  // Without super.connect(), as users write it.
  connect() {
    this.called("connect")
  }

  disconnect() {
    this.called("disconnect")
  }

  p2pNegotiating() { this.called("negotiating") }
  p2pConnecting() { this.called("connecting") }
  p2pConnected() { this.called(`connected ${this.peerId} ${this.hostPeerId} ${this.iamHost}`) }
  p2pDisconnected() { this.called("disconnected") }
  p2pClosed() { this.called("closed") }
  p2pError({ code }) { this.called(`error ${code}`) }
  p2pHostChanged({ hostPeerId }) { this.called(`host ${hostPeerId}`) }
  p2pPathChanged({ peerId, path }) { this.called(`path ${peerId} ${path}`) }
  p2pQualityChanged({ peerId, quality }) { this.called(`quality ${peerId} ${quality}`) }

  p2pReceivedMessage({ type, senderId, data }) {
    if (type !== "Data") return
    const line = document.createElement("li")
    line.textContent = `${senderId}: ${data}`
    this.logTarget.append(line)
  }

  async send() {
    await this.p2pSendMessage(this.boxTarget.value)
  }

  called(what) {
    (window.calls ??= []).push(what)
    this.callsTarget.append(`${what}\n`)
  }
}
