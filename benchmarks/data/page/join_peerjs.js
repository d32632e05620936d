import { PeerJs } from "./peerjs.js"

/** @param {{ name: string, hub: string, peerServer: string }} options */
export const join = ({ hub, ...options }) => new PeerJs({ ...options, serializations: ["binary"], received: () => undefined }).join(hub)
