import { KnownPeers } from "../../../static/js/messaging/known_peers.js"
import { Upstream } from "../../../static/js/topology/upstream.js"
import { Content } from "../../../static/js/wire/content.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { Link } from "../../../static/js/transport/link.js"
import { Broadcast } from "../../../static/js/messaging/broadcast.js"
import { Follower } from "../../../static/js/messaging/follower.js"
import { Sequencer } from "../../../static/js/messaging/sequencer.js"
import { Downstreams } from "../../../static/js/topology/downstreams.js"
import { ANNOUNCEMENTS } from "../../../static/js/base/limits.js"

import { FakeClock, pass } from "./fake_clock.js"
import { FakeNetwork } from "./fake_rtc.js"
import { CONNECT_TIMEOUT_MS, HEARTBEAT, RELAY_AFTER_MS } from "./world.js"

export const EPOCH = 7
/** Milliseconds after which all know who is there, however much has changed before. */
export const TOLD_MS = 1_000 / ANNOUNCEMENTS.rate

/** One host and its clients, each a role with nothing around it but a log of what it tells. */
export class Room {
  clock = new FakeClock()
  network = new FakeNetwork()
  /** Loses a signal where it returns true. @type {(from: string, to: string, signal: any) => boolean} */
  loses = () => false
  /** @type {Map<string, Player>} */
  players = new Map()
  /** The signals that went by. @type {{ from: string, to: string, negotiation: string, signal: any }[]} */
  signals = []

  constructor() {
    this.host = this.#enter("host", Downstreams)
  }

  /**
   * A page opens (anew), and the host is told.
   * @param {string} peerId
   * @param {boolean} [canSend]
   */
  async join(peerId, canSend) {
    const player = this.#enter(peerId, Upstream)
    this.host.role.peerReady(peerId, canSend)
    await this.pass(10)
    return player
  }

  /** @param {number} [ms] */
  pass(ms = 0) {
    return pass(this.clock, ms)
  }

  /**
   * @param {string} peerId
   * @param {typeof Downstreams | typeof Upstream} Role
   */
  #enter(peerId, Role) {
    const player = new Player(peerId, this.clock)
    player.role = new Role({
      peerId,
      hostPeerId: "host",
      epoch: EPOCH,
      delegate: player,
      clock: this.clock,
      createSequencer: (epoch) => new Sequencer({ broadcast: player.broadcast, knownPeers: new KnownPeers({ peerId, clock: this.clock }), clock: this.clock, epoch }),
      createFollower: (options) => new Follower({ broadcast: player.broadcast, clock: this.clock, ...options }),
      signal: (to, negotiation, signal, details) => this.#carry(peerId, to, negotiation, signal, details),
      createLink: (setup) => {
        const network = this.network
        const OwnConnection = class extends network.RTCPeerConnection {
          constructor(config) {
            super(config)
            player.ends.set(setup.peerId, this)
          }
        }
        return new Link({
          ...setup, terms: { iceServers: () => [], relay: () => "off" }, clock: this.clock, heartbeat: HEARTBEAT, connectTimeoutMs: CONNECT_TIMEOUT_MS, relayAfterMs: RELAY_AFTER_MS,
          RTCPeerConnection: /** @type {any} */ (OwnConnection),
        })
      },
      relay: (_to, _name, _batch, answered) => answered(new P2pError("relay_off")),
    })
    this.players.set(peerId, player)
    return player
  }

  /**
   * @param {string} from
   * @param {string} to
   * @param {string} negotiation
   * @param {any} signal
   * @param {any} [details]
   */
  #carry(from, to, negotiation, signal, details) {
    this.signals.push({ from, to, negotiation, signal })
    if (!this.loses(from, to, signal)) queueMicrotask(() => this.players.get(to)?.role.receiveSignal(from, negotiation, signal, details))
  }
}

/** What a role tells. */
export class Player {
  /** @type {any} */
  role
  /** The last RTCPeerConnection to each other peer. @type {Map<string, any>} */
  ends = new Map()
  /** @type {any[]} */
  received = []
  /** @type {import("../../../static/js/base/errors.js").P2pError[]} */
  losses = []
  /** @type {import("../../../static/js/base/errors.js").P2pError[]} */
  warnings = []
  /** @type {Record<string, string>[]} */
  rosters = []
  /** Messages that the host doesn't pass on, and why. @type {[number, string][]} */
  refusals = []
  /** Messages that can't be had any more. @type {any[]} */
  gaps = []
  /** The numbers of this player's messages that are stable. @type {number[]} */
  stable = []
  forks = 0
  changes = 0
  drains = 0
  renumbered = 0
  /** Frames that were for this player alone. @type {any[]} */
  routed = []
  #said = 0

  /**
   * @param {string} peerId
   * @param {import("../../../static/js/base/clock.js").Clock} clock
   */
  constructor(peerId, clock) {
    this.broadcast = new Broadcast({ peerId, clock, reader: this, delegate: this })
  }

  get texts() {
    return this.received.map(({ senderId, data }) => `${senderId}: ${data}`)
  }

  get presence() {
    return Object.fromEntries(this.role.peers)
  }

  /**
   * A channel to another peer.
   * @param {string} peerId
   * @param {string} [label]
   */
  channel(peerId, label = "messages") {
    return this.ends.get(peerId).channels.find((channel) => channel.label === label)
  }

  /** @param {any} data */
  say(data) {
    const id = ++this.#said
    this.broadcast.outbox.add(Content.of(data)).then(() => this.stable.push(id), (error) => this.refusals.push([id, error.code]))
    this.#flush()
  }

  #flush() {
    if (this.role.isSynced) this.broadcast.outbox.flush((id, content) => this.role.send(id, content))
  }

  roleSynced() {
    this.#flush()
  }

  roleRouted(frame) {
    this.routed.push(frame)
  }

  roleRenumbered() {
    this.renumbered += 1
  }

  roleDrained() {
    this.drains += 1
  }

  messageShown(message) {
    this.received.push(message)
  }

  messagesMissed(gap) {
    this.gaps.push(gap)
  }

  messagesForked() {
    this.forks += 1
  }

  roleChanged() {
    this.changes += 1
  }

  rolePeersChanged() {
    this.roleChanged()
  }

  roleLost(error) {
    this.losses.push(error)
  }

  rolePathChanged() {}
  roleQualityChanged() {}
  roleMoved() {}
  roleSuspects() {}
  roleMissed() {}

  roleWarned(error) {
    this.warnings.push(error)
  }

  roleReported(roster) {
    this.rosters.push(roster)
  }
}
