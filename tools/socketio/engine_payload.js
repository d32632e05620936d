/**
 * Engine.IO's payloads (https://github.com/socketio/engine.io-protocol, version 4): the packets of one request, text only. Behind
 * engine_parser.js, in the place of engine.io-parser in the part for long polling.
 */
const SEPARATOR = "\x1e"

export function encodePayload(packets, done) {
  const texts = []
  for (const packet of packets) encodePacket(packet, false, (text) => texts.push(text))
  done(texts.join(SEPARATOR))
}

export function decodePayload(text) {
  const packets = text.split(SEPARATOR).map(decodePacket)
  const bad = packets.findIndex(({ type }) => type === "error")
  return bad < 0 ? packets : packets.slice(0, bad + 1) // What follows an error isn't read.
}
