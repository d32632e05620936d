/**
 * Socket.IO's packets (https://github.com/socketio/socket.io-protocol, version 5) without binary attachments, of which the
 * server sends none; in the place of socket.io-parser.
 */
import { Emitter } from "@socket.io/component-emitter"

export const PacketType = { CONNECT: 0, DISCONNECT: 1, EVENT: 2, ACK: 3, CONNECT_ERROR: 4, BINARY_EVENT: 5, BINARY_ACK: 6 }

const PACKET = /^([0-4])(?:(\/[^,]*),?)?(\d*)(.*)$/s
const RESERVED_EVENTS = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]

export class Encoder {
  encode({ type, nsp, id = "", data }) {
    const namespace = nsp === "/" ? "" : `${nsp},`
    return [`${type}${namespace}${id}${data === undefined ? "" : JSON.stringify(data)}`]
  }
}

export class Decoder extends Emitter {
  add(text) {
    const [, type, nsp = "/", id, json] = PACKET.exec(text) ?? []
    const data = json ? JSON.parse(json) : undefined
    // What is thrown here closes the connection as a parse error.
    if (!type || (json && !FITS[type](data))) throw new Error("invalid packet")
    this.emitReserved("decoded", { type: Number(type), nsp, id: id ? Number(id) : undefined, data })
  }

  destroy() {}
}

const isObject = (data) => Object.prototype.toString.call(data) === "[object Object]"

/** Whether a packet of that type may hold that data. */
const FITS = [
  isObject,
  () => false,
  (data) => Array.isArray(data) && (typeof data[0] === "number" || (typeof data[0] === "string" && !RESERVED_EVENTS.includes(data[0]))),
  Array.isArray,
  (data) => typeof data === "string" || isObject(data),
]
