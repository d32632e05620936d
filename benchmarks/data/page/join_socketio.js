import { Bare } from "./bare.js"
import { SocketIoSignals } from "./socketio_signals.js"

/** @param {{ name: string, hub: string, chat: string, offers: boolean }} options */
export const join = ({ hub, offers, ...options }) => new Bare({ ...options, Signaling: SocketIoSignals, bareRelay: options.chat, received: () => undefined }).join(hub, { offers })
