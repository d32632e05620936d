// Keeps what each frame of the page tells, for the tests to read.
const EVENTS = ["negotiating", "connecting", "connected", "disconnected", "closed", "error", "message", "peers", "host-changed"]

window.events = []
window.violations = []

document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => window.violations.push(`${violatedDirective} ${blockedURI}`))

for (const name of EVENTS) {
  document.addEventListener(`p2p:${name}`, ({ target, detail }) => {
    const plain = name === "error" ? { ...detail.toPayload() } : detail
    window.events.push({ frame: target.id, name, detail: plain })
  })
}
