// In a host's page: greets whoever is connected, and answers bare newcomers over Socket.IO.

import "p2p"
import { Bare } from "./bare.js"
import { Signals } from "./signals.js"
import { SocketIoSignals } from "./socketio_signals.js"

const frame = /** @type {any} */ (document.querySelector("p2p-frame"))
/** @type {Set<string>} */
const greeted = new Set()

frame.addEventListener("p2p:peers", () => {
  for (const [peer, state] of frame.peers) {
    if (state !== "connected" || peer === frame.peerId || greeted.has(peer)) continue
    greeted.add(peer)
    void frame.send(`Welcome, ${peer}`).catch(() => undefined)
  }
})

globalThis.bench = {
  /** Answers bare newcomers as well. @param {{ name: string, signaling: "socketio" | "websocket", url: string }} options */
  async enter({ name, signaling, url }) {
    const Signaling = signaling === "socketio" ? SocketIoSignals : Signals
    const bare = new Bare({ name, bareRelay: url, Signaling, received: () => undefined, labels: ["joins"] })
    await bare.isReady
  },

  /** Resolves when this page is the host. */
  async isHost() {
    while (frame.hostPeerId !== frame.peerId) await new Promise((resolve) => { setTimeout(resolve, 10) })
  },

  /** Says something to all, so often. @param {{ characters: number, everyMs: number }} options */
  chatter({ characters, everyMs }) {
    let count = 0
    setInterval(() => isSpeaking && void frame.send(`${(count += 1)}|`.padEnd(characters, "x")).catch(() => undefined), everyMs)
  },

  /** @param {boolean} does whether it goes on, or pauses */
  speak(does) {
    isSpeaking = does
  },

  /** How many messages have been shown here. */
  shown: () => shown,

  /** How this page reaches its peers. */
  paths: () => [...(frame.paths?.values() ?? [])],
}

let isSpeaking = true
let shown = 0
frame.addEventListener("p2p:message", ({ detail: { type } }) => { if (type === "Data") shown += 1 })
