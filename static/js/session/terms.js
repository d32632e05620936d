// What the server has said about how peers get connected.
import { loadPaths } from "../transport/server_paths.js"

/** The ICE servers, and whether the server carries what peers say where there is no other way. The server says it at each join, and may say something else later. */
export class Terms {
  /** @type {RTCIceServer[]} */
  #iceServers = []
  /** @type {import("../wire/link.js").Relay} */
  #relay = "off"

  /** @param {import("../signaling/signaling.js").Ready} ready */
  learn({ ice_servers, relay = "off" }) {
    this.#iceServers = ice_servers
    this.#relay = relay
    // Each link begins with it. One for which it can't be loaded says so.
    if (relay === "first") void loadPaths().catch(() => undefined)
  }

  /** The credentials of the former ICE servers end, so there are others. @param {RTCIceServer[]} iceServers */
  renew(iceServers) {
    this.#iceServers = iceServers
  }

  /** As links use it. @type {import("../wire/link.js").Terms} */
  given = Object.freeze({ iceServers: () => this.#iceServers, relay: () => this.#relay })
}
