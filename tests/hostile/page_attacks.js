// What a modified page does to the others of its session, over its own data channels. Each attack is given the ids of the others.
window.hostile = (() => {
  const channels = []
  let isDeaf = false

  const keep = (channel) => {
    channels.push(channel)
    // Before the client's own: it then answers and acknowledges nothing.
    channel.addEventListener("message", (event) => { if (isDeaf) event.stopImmediatePropagation() })
  }

  const Real = RTCPeerConnection
  window.RTCPeerConnection = class extends Real {
    constructor(...setup) {
      super(...setup)
      this.addEventListener("datachannel", ({ channel }) => keep(channel))
    }

    createDataChannel(...setup) {
      const channel = super.createDataChannel(...setup)
      keep(channel)
      return channel
    }
  }

  const pause = (mls) => new Promise((resolve) => { setTimeout(resolve, mls) })
  const open = (lane) => channels.filter(({ label, readyState }) => label === lane && readyState === "open")

  /** Sends a packet to everybody that there is a channel to: the host, or all clients. */
  const send = (packet, lane = "messages") => {
    for (const channel of open(lane)) {
      if (channel.bufferedAmount < 8e6) channel.send(typeof packet === "object" && !ArrayBuffer.isView(packet) ? JSON.stringify(packet) : packet)
    }
  }

  let id = 1e6
  const direct = (to, more) => send({ type: "Direct", to, inc: "evil", id: ++id, after: 0, ...more })
  const note = (to, what) => direct(to, { note: what })

  const chunk = (transfer, to) => {
    const head = new TextEncoder().encode(JSON.stringify({ type: "Chunk", to, transfer, offset: 0 }))
    const packet = new Uint8Array(4 + head.length + 1024)
    new DataView(packet.buffer).setUint32(0, head.length)
    packet.set(head, 4)
    return packet
  }

  /** Some thousands a second, for a few seconds. */
  const flood = async (act, lane) => {
    for (const end = performance.now() + 4_000; performance.now() < end && open(lane ?? "messages").length > 0;) {
      for (let count = 0; count < 100; count++) act(++id)
      await pause(10)
    }
  }

  const ODD = [null, true, -1, 1.5, 1e300, "", "x", "__proto__", "constructor", [], [[]], {}, { toString: 1, valueOf: 1 }, { length: 1e9 }, { __proto__: null, then: 1 }]
  const KINDS = ["offer", "accept", "pause", "resume", "hold", "end", "done", "fail", "__proto__", null, { toString: 1 }]

  const clients = {
    /** What cleans names looks at each place anew. */
    async names_that_cost(others) {
      for (const name of [".".repeat(260_000) + "x", " ".repeat(260_000) + "x", "\u202e".repeat(80_000), "a.".repeat(120_000), "\u0301".repeat(120_000)]) {
        for (const to of others.slice(0, 2)) note(to, { kind: "offer", id: `f${++id}`, name, type: name.slice(0, 1_000), size: 1 })
        await pause(300)
      }
    },

    async packets_of_line_breaks() {
      for (let count = 0; count < 20; count++) {
        send("\n".repeat(262_143))
        await pause(50)
      }
    },

    async packets_of_brackets() {
      for (const packet of ["[".repeat(262_143), '{"a":'.repeat(52_000), "[],".repeat(87_000), '"\\u0041'.repeat(37_000), "{}\n".repeat(87_000)]) {
        for (let count = 0; count < 5; count++) send(packet)
        await pause(200)
      }
    },

    async requests_without_acknowledgement(others) {
      isDeaf = true
      for (const to of others) for (let ask = 1; ask <= 1_000; ask++) {
        direct(to, { ask, topic: "x", data: "y".repeat(100) })
        if (ask % 100 === 0) await pause(10)
      }
      await pause(2_000)
    },

    async acknowledging_nothing() {
      isDeaf = true
      await pause(5_000)
    },

    flood_of_data: () => flood((number) => send({ type: "Data", id: number, data: "x" })),
    flood_of_large_data: () => flood((number) => { if (number % 20 === 0) send({ type: "Data", id: number, data: "x".repeat(200_000) }) }),
    flood_of_direct: (others) => flood((number) => direct(others[number % others.length], { data: "x" })),
    flood_of_fast: () => flood((number) => send({ type: "Fast", inc: "evil", id: number, topic: `t${number % 50}`, data: "x".repeat(200) }, "fast"), "fast"),
    flood_of_large_fast: () => flood((number) => { if (number % 10 === 0) send({ type: "Fast", inc: "evil", id: number, data: "x".repeat(60_000) }, "fast") }, "fast"),
    flood_of_credit: (others) => flood((number) => send({ type: "Credit", to: others[number % others.length], transfer: `f${number}`, offset: 1 }, "bulk"), "bulk"),
    flood_of_chunks: (others) => flood((number) => send(chunk(`f${number}`, others), "bulk"), "bulk"),
    flood_of_heartbeats: () => flood(() => send({ type: "Heartbeat" })),
    flood_of_rubbish: () => flood(() => send("rubbish")),
    flood_of_syncs: () => flood((number) => send({ type: "Sync", inc: `i${number}`, fresh: true, history: 1_000, seen: [] })),

    async odd_values(others) {
      for (const to of others) for (const kind of KINDS) for (const odd of ODD) {
        note(to, { kind, id: odd, name: odd, type: odd, size: odd, digest: odd, code: odd, reason: odd, wait: odd })
        note(to, { kind, id: "f1", name: "n", type: "t", size: 1, digest: odd, code: odd, reason: odd })
      }
      for (const type of ["Data", "Gap", "Sync", "Ack", "Stable", "Pace", "Refused", "Data.Connection.State", "Succeed", "Direct", "Received", "Fast", "Chunk", "Credit"]) {
        for (const odd of ODD) for (const field of ["id", "inc", "n", "to", "data", "topic", "seen", "error", "readers", "epoch", "binary", "ask", "answer", "offset", "transfer", "mls"]) {
          const good = { type, to: others[0], inc: "evil", id: ++id, after: 0, n: 1, data: {}, from: 1, mls: 1, seen: [], transfer: "f1", offset: 0, error: { code: "internal" } }
          for (const lane of ["messages", "bulk", "fast"]) send({ ...good, [field]: odd }, lane)
        }
        await pause(20)
      }
    },

    async topics_that_nobody_handles() {
      for (let number = 1; number <= 1_000; number++) {
        send({ type: "Data", id: ++id, topic: `topic ${number}`, data: "x".repeat(1_000) })
        if (number % 20 === 0) await pause(50)
      }
    },
  }

  const hosts = {
    async a_roster_of_everybody() {
      for (let round = 0; round < 20; round++) {
        const data = Object.fromEntries(Array.from({ length: 8_000 }, (_, number) => [`peer-${round}-${number}`, "connected"]))
        send({ type: "Data.Connection.State", senderId: "mallory", data })
        await pause(50)
      }
    },

    async packets_of_states() {
      const state = JSON.stringify({ type: "Data.Connection.State", data: { x: "connected" } })
      for (let count = 0; count < 5; count++) {
        send(Array.from({ length: Math.floor(262_000 / (state.length + 1)) }, () => state).join("\n"))
        await pause(300)
      }
    },

    async odd_states() {
      for (const odd of ODD) {
        send({ type: "Data.Connection.State", data: { bob: "connected" }, readers: odd })
        send({ type: "Data.Connection.State", data: odd })
        send({ type: "Data.Connection.State", data: {}, full: false, epoch: odd })
        send({ type: "Stable", n: odd })
        send({ type: "Refused", id: odd, error: odd })
        send({ type: "Gap", senderId: "bob", inc: "x", from: odd, to: odd })
      }
    },

    packets_of_line_breaks: () => clients.packets_of_line_breaks(),
  }

  return { clients, hosts, isOver: true, async run(role, name, others) {
    this.isOver = false
    try {
      await this[role][name](others)
    } finally {
      this.isOver = true
    }
  } }
})()
