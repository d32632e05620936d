// A peer in a session as an app can use it without the element.
import { Lifecycle } from "./lifecycle.js"

/**
 * A peer in a session, for an app that doesn't use the element: sending, requests, files and handover, besides joining and leaving (see Lifecycle).
 *
 * @typedef {import("../base/errors.js").P2pError} P2pError
 * @typedef {import("../wire/frames.js").PeerState} PeerState
 *
 * @typedef {object} SessionDelegate what the app is told
 * @property {(state: PeerState) => void} sessionStateChanged
 * @property {(peers: Map<string, PeerState>) => void} sessionPeersChanged
 * @property {(host: { hostPeerId: string, epoch: number }) => void} sessionHostChanged
 * @property {(error: P2pError) => void} sessionErrored
 * @property {(peerId: string, path: import("../wire/link.js").Route | null) => void} sessionPathChanged
 * @property {(peerId: string, quality: import("../wire/link.js").Quality) => void} sessionQualityChanged
 *
 * @typedef {Omit<import("./leadership.js").LeadershipOptions, "delegate"> & {
 *   autoReconnect: boolean,
 *   history?: number,
 *   topics?: import("../messaging/topics.js").Topics,
 *   delegate: SessionDelegate & import("../messaging/messenger.js").MessengerDelegate & import("../files/transfers.js").TransfersDelegate,
 *   backoff?: import("../base/backoff.js").Backoff,
 * }} SessionOptions
 */
export class Session extends Lifecycle {
  /**
   * Sends a message to everyone, including this peer, or to some peers.
   * @param {any} data a string, any value that JSON can hold, an ArrayBuffer, a view of one, or a Blob
   * @param {import("../messaging/messenger.js").SendOptions} [options]
   * @returns {Promise<void>} resolves when the message is stable: shown here, and kept by another peer besides the host, if there is one. A message to some
   *   peers resolves when they have been shown it; an unreliable one at once
   * @throws {P2pError} as a rejection
   */
  async send(data, options = {}) {
    return this.messenger.send(data, options)
  }

  /**
   * Sends a request to another peer, and waits for the answer.
   * @param {string} peerId
   * @param {string} topic
   * @param {any} data as for send()
   * @param {{ timeout?: number, signal?: AbortSignal }} [options] `timeout` in milliseconds
   * @returns {Promise<any>}
   * @throws {P2pError} as a rejection
   */
  async request(peerId, topic, data, options = {}) {
    return this.messenger.request(peerId, topic, data, options)
  }

  /**
   * Sends a file to some peers, or to everyone who is connected now.
   * @param {any} file
   * @param {{ to?: string[], name?: string, type?: string }} [options]
   * @throws {P2pError}
   */
  sendFile(file, options = {}) {
    this.messenger.requireAudience(options.to)
    return this.files.send(file, options)
  }

  /** By what way this peer reaches those that it is linked to: a client its host, and a host all clients. */
  get paths() {
    return new Map([...this.#links].map(([peerId, { route }]) => [peerId, route]))
  }

  /** Figures of these links. @returns {Promise<Map<string, import("../wire/link.js").LinkStats>>} */
  async stats() {
    return new Map(await Promise.all([...this.#links].map(async ([peerId, link]) => /** @type {const} */ ([peerId, await link.stats()]))))
  }

  /** The credentials of the ICE servers end, so there are others. @param {RTCIceServer[]} iceServers */
  configure(iceServers) {
    this.leadership.configure(iceServers)
  }

  get #links() {
    return this.leadership.role?.links ?? new Map()
  }

  /**
   * Makes another peer the host; this one becomes its client.
   * @param {string} peerId
   * @returns {Promise<void>} resolves when that peer is the host
   * @throws {P2pError} as a rejection: `forbidden`, `no_such_peer`, `unavailable`
   */
  async handOver(peerId) {
    return this.leadership.handOver(peerId)
  }
}
