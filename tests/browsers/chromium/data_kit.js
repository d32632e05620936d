// Runs before anything else in a page of the tests of data: keeps what comes, answers offers as it is told to, and sits on the wire.
(() => {
  const EVENTS = ["connected", "disconnected", "host-changed", "closed"]
  const decoder = new TextDecoder()

  const kit = (window.kit = {
    get frame() { return document.querySelector("p2p-frame") },
    connections: [],
    channels: [],
    ends: [],
  })

  kit.reset = () => {
    for (const end of kit.ends.splice(0)) end()
    Object.assign(kit, { shown: [], files: [], offers: [], progress: [], errors: [], story: [], results: {}, sinks: {} })
    kit.policy = "ignore"
    kit.hurry = {}
    kit.wire = { log: null, alter: null, chunkBytes: 0, lowestIn: Infinity, sentTo: 0, peaks: { messages: 0, bulk: 0, fast: 0 } }
  }

  // What the app is told

  kit.keep = (senderId, topic, data, direct) => kit.shown.push({ senderId, topic, data, direct: direct ?? false, own: isOwn(data) })

  /** Listens to a topic until the next test. */
  kit.on = (topic, handler = (data, { senderId, direct }) => kit.keep(senderId, topic, data, direct)) => {
    const end = kit.frame.on(topic, handler)
    kit.ends.push(end)
    return end
  }

  kit.respond = (topic, responder) => kit.ends.push(kit.frame.respond(topic, responder))

  document.addEventListener("p2p:message", ({ detail: { type, senderId, topic = null, data, direct } }) => {
    if (type === "Data") kit.keep(senderId, topic, data, direct)
  })
  document.addEventListener("p2p:error", ({ detail }) => kit.errors.push(detail.toPayload()))
  document.addEventListener("p2p:file", (event) => {
    kit.offers.push(event.detail)
    POLICIES[kit.policy](event.detail, event)
  })
  document.addEventListener("p2p:progress", ({ detail }) => {
    kit.progress.push({ ...detail, error: detail.error?.code ?? null, at: performance.now() })
  })
  for (const name of EVENTS) document.addEventListener(`p2p:${name}`, () => kit.story.push(name))
  // What a page was shown before it was loaded again.
  addEventListener("pagehide", () => {
    const numbers = kit.shown.map(({ data }) => data).filter((data) => typeof data === "number")
    sessionStorage.setItem("shown", JSON.stringify(numbers))
  })

  // Values

  /** Whether a view has its bytes for itself. */
  const isOwn = (data) => !ArrayBuffer.isView(data) || data.buffer.byteLength === data.byteLength

  kit.hash = async (bytes) => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")
  }

  /** Says of what kind a value is, and what is in it. */
  kit.describe = async (data) => {
    const kind = data?.constructor?.name ?? String(data)
    if (data instanceof Blob) return [kind, data.type, data.name ?? "", data.size, await kit.hash(await data.arrayBuffer())]
    if (data instanceof ArrayBuffer) return [kind, data.byteLength, await kit.hash(data)]
    if (ArrayBuffer.isView(data)) return [kind, data.byteLength, await kit.hash(data)]
    return [kind, JSON.stringify(data)]
  }

  /** What was shown, in order. */
  kit.told = () => Promise.all(kit.shown.map(async ({ senderId, topic, data, direct }) => [senderId, topic, await kit.describe(data), direct]))

  /** Bytes that differ everywhere. */
  kit.bytes = (size, seed = 1) => {
    const words = new Uint32Array(Math.ceil(size / 4))
    let word = seed * 2654435761
    for (let at = 0; at < words.length; at++) words[at] = word = (Math.imul(word, 1664525) + 1013904223) >>> 0
    return new Uint8Array(words.buffer, 0, size)
  }

  kit.code = (promise) => promise.then(() => "resolved", (error) => error.code ?? String(error))

  // Files

  const POLICIES = {
    ignore: () => undefined,
    ask: (_file, event) => event.preventDefault(),
    accept: (file) => kit.accept(file),
    decline: (file) => file.decline("not now"),
    sink: (file) => kit.acceptInto(file),
    gate: (file) => kit.acceptInto(file, { limit: 1024 * 1024 }),
    "slow gate": (file) => kit.acceptInto(file, { limit: 11 * 1024 * 1024, paceMs: 50 }),
    pace: (file) => kit.acceptInto(file, { paceMs: 15 }),
    discard: (file) => kit.acceptInto(file, { keeps: false }),
  }

  kit.accept = (incoming, options) => {
    const entry = { incoming, name: incoming.name, senderId: incoming.senderId, outcome: null, reason: null, file: null, sink: null }
    kit.files.push(entry)
    incoming.accept(options).then((file) => Object.assign(entry, { outcome: "done", file }), (error) => Object.assign(entry, { outcome: error.code, reason: error.message }))
    return entry
  }

  kit.acceptInto = (incoming, options = {}) => {
    const sink = kit.sink(options)
    const entry = kit.accept(incoming, { to: sink.stream })
    entry.sink = sink
    return entry
  }

  /** A stream that takes no more than a limit until it is opened, and so much in a while. */
  kit.sink = ({ limit = Infinity, paceMs = 0, keeps = true } = {}) => {
    let open
    const opened = new Promise((resolve) => { open = resolve })
    const sink = { parts: [], size: 0, largest: 0, isWaiting: false, isClosed: false, abortedFor: null, open: () => open() }
    sink.stream = new WritableStream({
      async write(chunk) {
        sink.isWaiting = sink.size + chunk.length > limit
        if (sink.isWaiting) await opened
        sink.isWaiting = false
        if (paceMs > 0) await new Promise((resolve) => setTimer(resolve, paceMs))
        sink.size += chunk.length
        if (keeps) sink.parts.push(new Blob([chunk]))
      },
      close() { sink.isClosed = true },
      abort(reason) { sink.abortedFor = reason?.code ?? String(reason) },
    })
    return sink
  }

  /** What has become of each file, by name. */
  kit.received = async () => {
    const entries = kit.files.map(async ({ name, senderId, outcome, file, sink, incoming }) => {
      const blob = file ?? (sink && new Blob(sink.parts))
      const hash = outcome === "done" && blob ? await kit.hash(await blob.arrayBuffer()) : null
      return { name, senderId, outcome, size: blob?.size ?? null, hash, type: file?.type ?? null, verified: incoming.verified, state: incoming.state }
    })
    return Promise.all(entries)
  }

  /** Sends a file, and keeps what becomes of it under a name. */
  kit.sendFile = (name, file, options = {}) => {
    const result = (kit.results[name] = { outgoing: kit.frame.sendFile(file, { name, ...options }), outcome: null, reason: null })
    result.outgoing.done.then(() => { result.outcome = "done" }, (error) => Object.assign(result, { outcome: error.code, reason: error.message }))
    return result.outgoing
  }

  /** The files that lie in the browser's private file system. */
  kit.stored = async () => {
    const found = []
    const look = async (folder, path) => {
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === "directory") await look(handle, `${path}/${name}`)
        else found.push({ path: `${path}/${name}`, size: (await handle.getFile()).size })
      }
    }
    await look(await navigator.storage.getDirectory(), "")
    return found
  }

  // The wire

  /** The head of a frame, and how many bytes come after it. */
  kit.readFrame = (packet) => {
    if (typeof packet === "string") return { head: JSON.parse(packet), length: 0 }
    const buffer = ArrayBuffer.isView(packet) ? packet.buffer : packet
    const length = new DataView(buffer).getUint32(0)
    return { head: JSON.parse(decoder.decode(new Uint8Array(buffer, 4, length))), length: buffer.byteLength - 4 - length }
  }

  /** Short frames travel together, one in a line. */
  const framesIn = (packet) => typeof packet === "string" ? packet.split("\n") : [packet]

  const note = (direction, { label }, packet) => {
    if (!kit.wire.log && label !== "bulk") return
    for (const frame of framesIn(packet)) noteFrame(direction, label, frame)
  }

  const noteFrame = (direction, label, frame) => {
    const { wire } = kit
    try {
      const { head, length } = kit.readFrame(frame)
      if (head.type === "Chunk" && direction === "in") wire.lowestIn = Math.min(wire.lowestIn, head.offset)
      if (head.type === "Chunk" && direction === "out") {
        wire.chunkBytes += length
        wire.sentTo = Math.max(wire.sentTo, head.offset + length)
      }
      if (wire.log && head.type !== "Heartbeat") wire.log.push({ direction, label, head, length, at: performance.timeOrigin + performance.now() })
    } catch {
      // Rubbish that a test sends: nothing to note.
    }
  }

  // One that the other side made is "open" before it can be sent on, which its event tells.
  const opened = new Set()

  const watch = (channel) => {
    kit.channels.push(channel)
    channel.addEventListener("open", () => opened.add(channel))
    channel.addEventListener("message", ({ data }) => note("in", channel, data))
  }

  const Connection = RTCPeerConnection
  window.RTCPeerConnection = class extends Connection {
    constructor(...args) {
      super(...args)
      kit.connections.push(this)
      this.addEventListener("datachannel", ({ channel }) => watch(channel))
    }

    createDataChannel(...args) {
      const channel = super.createDataChannel(...args)
      watch(channel)
      return channel
    }
  }

  const { send } = RTCDataChannel.prototype
  RTCDataChannel.prototype.send = function (packet) {
    const { wire } = kit
    for (const one of wire.alter ? framesIn(packet).flatMap((frame) => wire.alter(this, frame)) : [packet]) {
      send.call(this, one)
      note("out", this, one)
    }
    wire.peaks[this.label] = Math.max(wire.peaks[this.label], this.bufferedAmount)
  }

  kit.openChannels = () => kit.channels.filter((channel) => opened.has(channel) && channel.readyState === "open").length

  /** Sends the last thing of a test to all, and to each. */
  kit.settle = (all) => Promise.all([kit.frame.send("settled"), kit.frame.send("settled", { to: all })])

  /** Sends something as it is, over all open channels of a kind. */
  kit.sendRaw = (label, packet) => {
    for (const channel of kit.channels) if (channel.label === label && channel.readyState === "open") send.call(channel, packet)
  }

  /** A frame with bytes. */
  kit.frameOf = (head, bytes) => {
    const text = new TextEncoder().encode(JSON.stringify(head))
    const packet = new Uint8Array(4 + text.length + bytes.length)
    new DataView(packet.buffer).setUint32(0, text.length)
    packet.set(text, 4)
    packet.set(bytes, 4 + text.length)
    return packet.buffer
  }

  /** Ends the page's connections as a network would, without a word. */
  kit.cut = () => { for (const channel of kit.channels) if (channel.label === "messages") channel.close() }

  // Timers: a test may have those of some length run sooner.
  const setTimer = window.setTimeout
  window.setTimeout = (callback, mls, ...rest) => setTimer(callback, kit.hurry[mls] ?? mls, ...rest)

  kit.reset()
})()
