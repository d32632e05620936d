import { Bare } from "./bare.js"

/** @param {{ name: string, hub: string, bareRelay: string, offers: boolean }} options */
export const join = ({ hub, offers, ...options }) => new Bare({ ...options, received: () => undefined }).join(hub, { offers })
