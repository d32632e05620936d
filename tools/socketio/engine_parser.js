/**
 * Engine.IO's packets over a WebSocket (https://github.com/socketio/engine.io-protocol, version 4), text only; in the place of
 * engine.io-parser.
 */
export const protocol = 4

const TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"]

export function encodePacket({ type, data = "" }, _supportsBinary, done) {
  done(TYPES.indexOf(type) + data)
}

export function decodePacket(text) {
  const type = TYPES[text[0]]
  if (!type) return { type: "error", data: "parser error" }
  return { type, data: text.slice(1) || undefined }
}
