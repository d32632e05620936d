import { Application } from "@hotwired/stimulus"
import { P2pController } from "p2p"

// Controllers as users write them; each says what it is called, and by whom.
window.calls = []
window.errors = []

const told = (controller, what) => void window.calls.push(`${controller.element.id} ${what}`)

class Told extends P2pController {
  p2pConnected() { told(this, `connected ${this.peerId}`) }
  p2pClosed() { told(this, "closed") }
  p2pReceivedMessage({ type, data }) { if (type === "Data") told(this, data) }
}

const CONTROLLERS = {
  method: class extends Told {
    connect() { told(this, "connect") }
    disconnect() { told(this, "disconnect") }
  },
  super: class extends Told {
    connect() {
      super.connect()
      told(this, `connect ${this.peerId}`)
    }
    disconnect() {
      told(this, `disconnect ${this.peerId}`)
      super.disconnect()
    }
  },
  field: class extends Told {
    connect = () => told(this, `connect ${this.peerId}`)
    disconnect = () => told(this, "disconnect")
  },
  assigned: class extends Told {
    initialize() {
      this.connect = () => told(this, "connect")
    }
  },
  leaving: class extends Told {
    disconnect = () => told(this, "disconnect")
  },
  callbacks: class extends P2pController {
    connect = () => undefined
    p2pConnected = () => told(this, "connected")
    p2pReceivedMessage = ({ data }) => told(this, data)
  },
  broken: class extends Told {
    connect() { throw new Error("broken at connect") }
    disconnect() { throw new Error("broken at disconnect") }
  },
  brokenfield: class extends Told {
    connect = () => { throw new Error("broken at connect") }
    disconnect = () => { throw new Error("broken at disconnect") }
  },
}

const application = Application.start()
application.handleError = (error, message) => void window.errors.push(`${message}: ${error.message}`)
for (const [name, controller] of Object.entries(CONTROLLERS)) application.register(name, controller)
window.isReady = true
