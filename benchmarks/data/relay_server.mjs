// The least that signaling can be: a WebSocket for each name, and whatever has an addressee goes there. `node relay_server.mjs PORT`, on loopback or on the address LISTEN_ON.

import { WebSocketServer } from "ws"

/** @type {Map<string, import("ws").WebSocket>} */
const sockets = new Map()

new WebSocketServer({ host: process.env.LISTEN_ON ?? "127.0.0.1", port: Number(process.argv[2]), perMessageDeflate: false }).on("connection", (socket, request) => {
  const from = request.url.slice(1)
  sockets.set(from, socket)
  socket.on("message", (text) => {
    const { to, ...signal } = JSON.parse(text)
    sockets.get(to)?.send(JSON.stringify({ from, ...signal }))
  })
  socket.on("close", () => { if (sockets.get(from) === socket) sockets.delete(from) })
})
