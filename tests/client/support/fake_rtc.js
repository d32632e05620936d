import { sizeOf } from "../../../static/js/wire/content.js"

/**
 * WebRTC in memory, as strict as a browser where the client relies on it: the order of signaling states, candidates that come too
 * early, channels that close, fill up or refuse. Two ends connect when both have the other's description and one the other's
 * candidates.
 */
export class FakeNetwork {
  /** Whether ICE finds a path. */
  isReachable = true
  /** Whether the page has made as many connections as a browser makes; closed ones count for a while. */
  isExhausted = false
  /** Whether packets vanish, without anybody being told. */
  isCut = false
  /** What becomes of a packet on a channel without retransmits: it may be lost, or overtaken by those after it. @type {(channel: FakeDataChannel) => "kept" | "late" | "lost"} */
  fateOfUnreliable = () => "kept"
  /** @type {Map<string, FakePeerConnection>} */
  #ends = new Map()

  constructor() {
    this.RTCPeerConnection = this.of("")
  }

  /**
   * The RTCPeerConnection of one page.
   * @param {string} owner
   */
  of(owner) {
    const network = this
    return class extends FakePeerConnection {
      owner = owner

      /** @param {RTCConfiguration} [config] */
      constructor(config) {
        super(network, config)
      }
    }
  }

  /**
   * Whether ICE finds a path between two ends.
   * @param {FakePeerConnection} _end
   * @param {FakePeerConnection} _other
   */
  reaches(_end, _other) {
    return this.isReachable
  }

  /**
   * Brings something to the other end of a channel.
   * @param {FakeDataChannel} _channel the end that it comes from
   * @param {() => void} arrive
   */
  carry(_channel, arrive) {
    if (!this.isCut) queueMicrotask(arrive)
  }

  /** Every connection ever made, in order. */
  get all() {
    return [...this.#ends.values()]
  }

  /** The connections that nobody has closed: a leak, at the end of a test. */
  get open() {
    return this.all.filter(({ signalingState }) => signalingState !== "closed")
  }

  /** The other end of a connection. @param {FakePeerConnection} end */
  otherOf(end) {
    return this.#ends.get(end.remoteId)
  }

  /** @param {FakePeerConnection} end */
  enter(end) {
    const id = `end-${this.#ends.size + 1}`
    this.#ends.set(id, end)
    return id
  }

  /** @param {FakePeerConnection} end */
  tryConnect(end) {
    const other = this.otherOf(end)
    if (other?.remoteId !== end.id || !this.reaches(end, other)) return
    if (end.signalingState !== "stable" || other.signalingState !== "stable" || !end.knows(other) && !other.knows(end)) return
    for (const channel of [...end.channels, ...other.channels]) this.#join(channel, end, other)
    end.turn("connected")
    other.turn("connected")
  }

  /**
   * Opens a channel on both sides: the side that answers sees it open before the side that made it.
   * @param {FakeDataChannel} channel
   * @param {FakePeerConnection} end
   * @param {FakePeerConnection} other
   */
  #join(channel, end, other) {
    if (channel.twin || channel.readyState !== "connecting") return
    const taker = end.channels.includes(channel) ? other : end
    const twin = new FakeDataChannel(this, channel.label, channel)
    Object.assign(twin, { twin: channel, readyState: "open", owner: taker.owner, end: taker })
    channel.twin = twin
    taker.channels.push(twin)
    queueMicrotask(() => {
      twin.isUnannounced = true
      taker.ondatachannel?.({ channel: twin })
      // Chromium's way: what is said from within that event or just after it is lost, until the channel says that it is open.
      queueMicrotask(() => {
        twin.isUnannounced = false
        twin.onopen?.()
        queueMicrotask(() => channel.open())
      })
    })
  }
}

/** What an RTCPeerConnection is to this client. */
export class FakePeerConnection {
  /** Whose it is, where that matters. */
  owner = ""
  onicecandidate = null
  onicecandidateerror = null
  sctp = null
  onconnectionstatechange = null
  onsignalingstatechange = null
  ondatachannel = null
  signalingState = "stable"
  connectionState = "new"
  remoteDescription = null
  /** @type {FakeDataChannel[]} */
  channels = []
  /** How often ICE was to be restarted. */
  restarts = 0
  /** The candidates that this end has been given. @type {string[]} */
  candidates = []
  /** What the next operations wait for. @type {Promise<void>} */
  gate = Promise.resolve()
  #network
  #type = ""
  /** @type {string[]} */
  #gathered = []

  /**
   * @param {FakeNetwork} network
   * @param {RTCConfiguration} [config]
   */
  constructor(network, config = {}) {
    for (const url of (config.iceServers ?? []).flatMap(({ urls }) => urls)) {
      if (!/^(stun|turns?):/.test(url)) throw new DOMException(`'${url}' is not a valid URL.`, "SyntaxError")
    }
    if (network.isExhausted) throw new DOMException("Cannot create so many PeerConnections", "UnknownError")
    this.config = config
    this.#network = network
    this.id = network.enter(this)
  }

  get localDescription() {
    return this.#type ? { type: this.#type, sdp: ["v=0", `o=${this.id}`, ...this.#gathered].join("\n") } : null
  }

  get remoteId() {
    return /^o=(.+)$/m.exec(this.remoteDescription?.sdp ?? "")?.[1] ?? ""
  }

  /** @param {FakePeerConnection} other */
  knows(other) {
    return this.candidates.some((candidate) => candidate.includes(other.id))
  }

  /**
   * @param {string} label
   * @param {RTCDataChannelInit} [options]
   */
  createDataChannel(label, options) {
    this.#requireOpen()
    const channel = Object.assign(new FakeDataChannel(this.#network, label, options), { owner: this.owner, end: this })
    this.channels.push(channel)
    // On a connection that is there it opens without anything being negotiated.
    queueMicrotask(() => this.#network.tryConnect(this))
    return channel
  }

  async setLocalDescription() {
    await this.#operate()
    const answers = this.signalingState === "have-remote-offer"
    const isFirst = this.#type === ""
    this.#type = answers ? "answer" : "offer"
    this.#signal(answers ? "stable" : "have-local-offer")
    if (isFirst) void this.#gather()
  }

  /** @param {RTCSessionDescriptionInit} description */
  async setRemoteDescription(description) {
    await this.#operate()
    if (!description.sdp?.startsWith("v=0")) throw new DOMException("Failed to parse the description.", "OperationError")
    const expected = description.type === "offer" ? "stable" : "have-local-offer"
    if (this.signalingState !== expected) throw new DOMException(`Called in wrong state: ${this.signalingState}`, "InvalidStateError")
    this.remoteDescription = description
    this.candidates.push(...description.sdp.split("\n").filter((line) => line.startsWith("candidate:")))
    this.#signal(description.type === "offer" ? "have-remote-offer" : "stable")
  }

  /** @param {RTCIceCandidateInit} candidate */
  async addIceCandidate({ candidate }) {
    await this.#operate()
    if (!this.remoteDescription) throw new DOMException("The remote description was null", "InvalidStateError")
    if (!candidate?.startsWith("candidate:")) throw new DOMException("Error processing ICE candidate", "OperationError")
    this.candidates.push(candidate)
    this.#network.tryConnect(this)
  }

  getConfiguration() {
    return this.config
  }

  /** @param {RTCConfiguration} config */
  setConfiguration(config) {
    this.config = config
  }

  restartIce() {
    this.restarts += 1
  }

  /** A pair of host candidates is selected. */
  async getStats() {
    if (this.connectionState !== "connected") return new Map()
    return new Map(Object.entries({
      transport: { type: "transport", selectedCandidatePairId: "pair" },
      pair: { type: "candidate-pair", localCandidateId: "local", remoteCandidateId: "remote" },
      local: { candidateType: "host" },
      remote: { candidateType: "host" },
    }))
  }

  close() {
    if (this.signalingState === "closed") return
    this.signalingState = this.connectionState = "closed"
    for (const channel of this.channels) channel.abandon()
  }

  /** @param {RTCPeerConnectionState} state */
  turn(state) {
    if (this.connectionState === state || this.connectionState === "closed") return
    this.connectionState = state
    queueMicrotask(() => this.onconnectionstatechange?.())
  }

  // Private

  #requireOpen() {
    if (this.signalingState === "closed") throw new DOMException("The RTCPeerConnection's signalingState is 'closed'.", "InvalidStateError")
  }

  /** An operation of a connection that is closed meanwhile never ends (WebRTC, 4.4.1.2). */
  async #operate() {
    this.#requireOpen()
    await this.gate
    if (this.signalingState === "closed") await new Promise(() => undefined)
  }

  /** @param {RTCSignalingState} state */
  #signal(state) {
    if (this.signalingState === "closed") return
    this.signalingState = state
    queueMicrotask(() => this.onsignalingstatechange?.())
    this.#network.tryConnect(this)
  }

  /** Candidates are found some time after the description is set. */
  async #gather() {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    if (this.signalingState === "closed") return
    for (const number of [1, 2]) {
      const candidate = `candidate:${number} ${this.id}`
      this.#gathered.push(candidate)
      this.onicecandidate?.({ candidate: { candidate, sdpMid: "0", sdpMLineIndex: 0, usernameFragment: this.id } })
    }
    this.onicecandidate?.({ candidate: null })
  }
}

/** How many bytes Chromium lets wait before it refuses. */
const FULL = 16 * 1024 * 1024

/** What an RTCDataChannel is to this client. */
export class FakeDataChannel {
  onopen = null
  onmessage = null
  onclose = null
  onerror = null
  onbufferedamountlow = null
  bufferedAmountLowThreshold = 0
  /** How bytes arrive, "blob" in Firefox where nobody asks for something else. @type {"blob" | "arraybuffer"} */
  binaryType = "blob"
  readyState = "connecting"
  /** Whether it has come, and not said yet that it is open. */
  isUnannounced = false
  /** Whose end it is, where that matters. */
  owner = ""
  /** The connection that it belongs to. @type {FakePeerConnection | null} */
  end = null
  /** The end on the other side. @type {FakeDataChannel | null} */
  twin = null
  /** The most that the other side takes in one message. */
  maxMessageSize = Infinity
  /** What was sent, delivered or not. @type {(string | ArrayBuffer)[]} */
  sent = []
  #network
  #isStalled = false
  /** @type {(string | ArrayBuffer)[]} */
  #waiting = []

  /**
   * @param {FakeNetwork} network
   * @param {string} label
   * @param {RTCDataChannelInit} [options]
   */
  constructor(network, label = "messages", { ordered = true, maxRetransmits } = {}) {
    this.#network = network
    this.label = label
    this.ordered = ordered
    this.maxRetransmits = maxRetransmits ?? null
  }

  /** Whether nothing that gets lost is sent again. */
  get isUnreliable() {
    return this.maxRetransmits === 0
  }

  get bufferedAmount() {
    return this.#waiting.reduce((sum, packet) => sum + sizeOf(packet), 0)
  }

  /** What was sent, frame by frame. */
  get frames() {
    return this.sent.flatMap((packet) => typeof packet === "string" ? packet.split("\n") : [packet])
  }

  /** The other side takes nothing more. */
  stall() {
    this.#isStalled = true
  }

  resume() {
    const { bufferedAmount, bufferedAmountLowThreshold } = this
    this.#isStalled = false
    for (const packet of this.#waiting.splice(0)) this.#deliver(packet)
    if (bufferedAmount > bufferedAmountLowThreshold) queueMicrotask(() => { if (this.readyState === "open") this.onbufferedamountlow?.() })
    if (this.readyState === "closing") this.#finish()
  }

  /** @param {string | ArrayBuffer} packet */
  send(packet) {
    if (this.readyState !== "open") throw new DOMException("RTCDataChannel.readyState is not 'open'", "InvalidStateError")
    if (sizeOf(packet) > this.maxMessageSize) throw new TypeError("Message size exceeds maxMessageSize.")
    if (this.bufferedAmount + sizeOf(packet) > FULL) throw new DOMException("RTCDataChannel send queue is full", "OperationError")
    if (this.isUnannounced) return
    const copy = typeof packet === "string" ? packet : packet.slice(0)
    this.sent.push(copy)
    if (this.#isStalled) this.#waiting.push(copy)
    else this.#deliver(copy)
  }

  /** The other side has acknowledged the channel; that comes before anything it sends. */
  open() {
    if (this.readyState !== "connecting") return
    this.readyState = "open"
    this.onopen?.()
  }

  /** Closes when all is delivered. */
  close() {
    if (this.readyState === "closing" || this.readyState === "closed") return
    this.readyState = "closing"
    if (!this.#isStalled) this.#finish()
  }

  /** The connection is closed: this side hears nothing of it, the other side does. */
  abandon() {
    this.readyState = "closed"
    this.#waiting = []
    this.#network.carry(this, () => this.twin?.shut())
  }

  shut() {
    if (this.readyState === "closed") return
    this.readyState = "closed"
    this.onclose?.()
  }

  // Private

  /** @param {string | ArrayBuffer} packet */
  #deliver(packet) {
    const fate = this.isUnreliable ? this.#network.fateOfUnreliable(this) : "kept"
    const fly = () => this.#network.carry(this, () => {
      this.twin?.open()
      if (this.twin?.readyState === "open") this.twin.onmessage?.({ data: this.twin.#unwrap(packet) })
    })
    if (fate === "kept") fly()
    else if (fate === "late") setImmediate(fly)
  }

  /** @param {string | ArrayBuffer} packet */
  #unwrap(packet) {
    if (typeof packet === "string") return packet
    return this.binaryType === "arraybuffer" ? packet.slice(0) : new Blob([packet])
  }

  #finish() {
    const shut = () => {
      this.twin?.shut()
      this.shut()
    }
    if (this.twin) this.#network.carry(this, shut)
    else queueMicrotask(shut)
  }
}
