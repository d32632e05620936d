import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_CANDIDATES, MAX_SDP_CHARACTERS, MAX_SDP_LINES, MAX_SDP_MEDIA, MAX_SIGNALS } from "../../../static/js/base/limits.js"
import { MAX_CANDIDATES_PER_SIGNAL, Negotiation, RESEND_MS } from "../../../static/js/transport/negotiation.js"
import { FakeClock, pass, settle } from "../support/fake_clock.js"
import { FakeNetwork } from "../support/fake_rtc.js"

/**
 * Two negotiations, and between them whatever `carry` does with a signal.
 * @param {(signal: any, deliver: () => void, from: "host" | "client") => void} [carry]
 */
function pair(carry = (_signal, deliver) => deliver()) {
  const clock = new FakeClock()
  const network = new FakeNetwork()
  const errors = []
  const wire = []
  const ends = {}
  for (const [name, other] of [["host", "client"], ["client", "host"]]) {
    const pc = new network.RTCPeerConnection()
    const signal = (packet) => {
      wire.push({ from: name, ...packet })
      carry(packet, () => ends[other].negotiation.receive(packet).catch((error) => errors.push(error)), name)
    }
    ends[name] = { pc, negotiation: new Negotiation({ pc, signal, clock }) }
  }
  ends.host.pc.createDataChannel("messages")
  const { host, client } = ends
  const count = (from, type) => wire.filter((packet) => packet.from === from && packet.description?.type === type).length
  return { clock, network, host, client, wire, errors, count, isConnected: () => host.pc.connectionState === "connected" && client.pc.connectionState === "connected" }
}

test("offer, answer and candidates connect two peers, and then nothing is sent any more", async () => {
  const { clock, host, client, errors, wire, isConnected } = pair()
  await host.negotiation.offer()
  await pass(clock, 100)
  assert.ok(isConnected())
  for (const { negotiation } of [host, client]) negotiation.succeed()
  const packets = wire.length
  await pass(clock, 60_000)
  assert.equal(wire.length, packets)
  assert.equal(clock.pending, 0)
  assert.deepEqual(errors, [])
})

test("candidates found in one turn travel in one signal, with all that names their place", async () => {
  const { clock, host, wire } = pair((_signal, _deliver) => undefined)
  await host.negotiation.offer()
  await pass(clock, 0)
  const packets = wire.filter(({ candidates }) => candidates)
  assert.equal(packets.length, 1)
  assert.deepEqual(Object.keys(packets[0].candidates[0]), ["candidate", "sdpMid", "sdpMLineIndex", "usernameFragment"])
  assert.equal(packets[0].candidates.length, 2)
})

test("many candidates are split into packets that the server takes, and too many aren't sent", async () => {
  const { clock, host, wire } = pair((_signal, _deliver) => undefined)
  for (let number = 0; number < MAX_CANDIDATES + 50; number++) host.pc.onicecandidate({ candidate: { candidate: `candidate:${number}` } })
  host.pc.onicecandidate({ candidate: { candidate: "" } })
  host.pc.onicecandidate({ candidate: null })
  await pass(clock, 0)
  assert.deepEqual(wire.map(({ candidates }) => candidates.length), [MAX_CANDIDATES_PER_SIGNAL, MAX_CANDIDATES - MAX_CANDIDATES_PER_SIGNAL])
  host.pc.onicecandidate({ candidate: { candidate: "candidate:later" } })
  await pass(clock, 0)
  assert.equal(wire.length, 2)
})

test("candidates that come before their description wait for it", async () => {
  const late = []
  const { clock, host, client, errors, isConnected } = pair((signal, deliver) => ("description" in signal ? late.push(deliver) : deliver()))
  await host.negotiation.offer()
  await pass(clock, 10)
  assert.deepEqual(client.pc.candidates, [])
  late[0]()
  await pass(clock, 10)
  assert.equal(new Set(client.pc.candidates).size, 2)
  late[1]()
  await pass(clock, 10)
  assert.ok(isConnected())
  assert.equal(client.negotiation.badCandidates + host.negotiation.badCandidates, 0)
  assert.deepEqual(errors, [])
})

test("only so many candidates reach the browser, before the description and after it, and none of them twice", async () => {
  for (const isEarly of [true, false]) {
    const { clock, host, client } = pair((signal, deliver) => ("description" in signal ? deliver() : undefined))
    let calls = 0
    const addIceCandidate = client.pc.addIceCandidate.bind(client.pc)
    client.pc.addIceCandidate = (candidate) => {
      calls += 1
      return addIceCandidate(candidate)
    }
    if (!isEarly) {
      await host.negotiation.offer()
      await pass(clock, 10)
    }
    for (let packet = 0; packet < 100; packet++) {
      // Each comes twice.
      await client.negotiation.receive({ candidates: Array.from({ length: 10 }, (_, index) => ({ candidate: `candidate:${10 * Math.floor(packet / 2) + index}` })) })
    }
    if (isEarly) {
      await host.negotiation.offer()
      await pass(clock, 10)
    }
    assert.deepEqual([calls, new Set(client.pc.candidates).size], [MAX_CANDIDATES, MAX_CANDIDATES])
  }
})

test("only so many signals of one negotiation are heard", async () => {
  const { client, host, wire } = pair((_signal, _deliver) => undefined)
  await host.negotiation.offer()
  for (let number = 0; number < MAX_SIGNALS; number++) await client.negotiation.receive({ candidates: [] })
  await client.negotiation.receive(wire[0])
  assert.equal(client.pc.remoteDescription, null)
})

test("a description that would keep a browser busy isn't given to it", async () => {
  const description = (...lines) => ({ description: { type: "offer", sdp: ["v=0", "o=end-1", ...lines].join("\r\n") } })
  const media = (count) => Array.from({ length: count }, () => "m=audio 9 UDP/TLS/RTP/SAVPF 0")
  const candidate = (address) => `a=candidate:1 1 udp 1 ${address} 9 typ host`
  for (const fair of [description(), description(...media(MAX_SDP_MEDIA)), description(candidate("192.0.2.1"), candidate("2001:db8::1"), candidate("0b0f5b6c-1d2e-4f3a-8b4c-5d6e7f8a9b0c.local"))]) {
    const { client } = pair()
    await client.negotiation.receive(fair)
    assert.equal(client.pc.remoteDescription, fair.description)
  }
  const unfair = [
    description(...media(MAX_SDP_MEDIA + 1)), description(...media(500)), description(...Array(MAX_SDP_LINES).fill("a=x")), description("x".repeat(MAX_SDP_CHARACTERS)),
    description(candidate("example.org")), description(candidate("printer.local")), description(`${candidate("example.org")}  `),
    { description: { type: "rollback", sdp: "v=0" } }, { description: { type: "offer" } }, { description: { type: "offer", sdp: { toString: 1 } } }, { description: [] },
  ]
  for (const signal of /** @type {any[]} */ (unfair)) {
    const { client } = pair()
    await assert.rejects(client.negotiation.receive(signal), { code: "bad_request" })
    assert.equal(client.pc.remoteDescription, null)
  }
})

test("an offer is sent again until it is answered", async () => {
  const { clock, host, count } = pair((_signal, _deliver) => undefined)
  await host.negotiation.offer()
  await pass(clock, 3 * RESEND_MS)
  assert.equal(count("host", "offer"), 4)
  host.negotiation.close()
  await pass(clock, 60_000)
  assert.equal(count("host", "offer"), 4)
})

test("a lost offer, a lost answer, or one side's lost candidates cost time, not the connection", async () => {
  for (const lost of ["host offer", "client answer", "host candidates", "client candidates"]) {
    let isLost = false
    const { clock, host, isConnected, errors } = pair((signal, deliver, from) => {
      const kind = `${from} ${"candidates" in signal ? "candidates" : signal.description.type}`
      if (kind !== lost || isLost) deliver()
      else isLost = true
    })
    await host.negotiation.offer()
    await pass(clock, RESEND_MS + 100)
    assert.ok(isLost, lost)
    assert.ok(isConnected(), lost)
    assert.deepEqual(errors, [])
  }
})

test("a signaling that loses and doubles descriptions and reorders everything still connects", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    let state = seed * 7_919
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    const world = pair((signal, deliver) => {
      const copies = "candidates" in signal ? 1 : Math.floor(random() * 3)
      for (let copy = 0; copy < copies; copy++) world.clock.setTimeout(deliver, random() * 3_000)
    })
    await world.host.negotiation.offer()
    await pass(world.clock, 60_000)
    assert.ok(world.isConnected(), `seed ${seed}`)
    assert.deepEqual(world.errors, [], `seed ${seed}`)
  }
})

test("an offer seen before is answered again, a repeated answer is passed over", async () => {
  const { clock, host, client, wire, errors, count } = pair()
  await host.negotiation.offer()
  await pass(clock, 10)
  const [offer] = wire.filter(({ description }) => description?.type === "offer")
  await client.negotiation.receive(offer)
  await pass(clock, 10)
  assert.equal(count("client", "answer"), 2)
  assert.equal(host.pc.signalingState, "stable")
  assert.deepEqual(errors, [])
})

test("a useless candidate is counted and doesn't end the attempt", async () => {
  const { clock, host, client, errors, isConnected } = pair()
  await client.negotiation.receive({ candidates: [{ candidate: "nonsense" }] })
  await host.negotiation.offer()
  await pass(clock, 10)
  await host.negotiation.receive({ candidates: [{ candidate: "nonsense" }, { candidate: "candidate:good" }] })
  assert.equal(client.negotiation.badCandidates, 1)
  assert.equal(host.negotiation.badCandidates, 1)
  assert.ok(host.pc.candidates.includes("candidate:good"))
  assert.ok(isConnected())
  assert.deepEqual(errors, [])
})

test("a description that doesn't fit is reported, and doesn't hold up the next signal", async () => {
  const { clock, host, client, wire } = pair((_signal, _deliver) => undefined)
  await assert.rejects(client.negotiation.receive({ description: { type: "offer", sdp: "nonsense" } }), { name: "OperationError" })
  await host.negotiation.offer()
  await client.negotiation.receive(wire[0])
  await pass(clock, 0)
  assert.equal(client.pc.signalingState, "stable")
  assert.equal(client.pc.localDescription.type, "answer")
})

test("signals are applied one after the other, in the order in which they came", async () => {
  const { host, client, wire } = pair((_signal, _deliver) => undefined)
  await host.negotiation.offer()
  let open = () => undefined
  client.pc.gate = new Promise((resolve) => { open = resolve })
  const answered = client.negotiation.receive(wire[0])
  const added = client.negotiation.receive({ candidates: [{ candidate: "candidate:late" }] })
  await settle()
  assert.equal(client.pc.signalingState, "stable")
  open()
  await Promise.all([answered, added])
  assert.deepEqual(client.pc.candidates, ["candidate:late"])
})

test("two copies of an offer that come together are answered one after the other", async () => {
  const { host, client, wire, count } = pair((_signal, _deliver) => undefined)
  await host.negotiation.offer()
  await Promise.all([client.negotiation.receive(wire[0]), client.negotiation.receive(wire[0])])
  assert.equal(client.pc.signalingState, "stable")
  assert.equal(count("client", "answer"), 2)
})

test("candidates that were found and not sent yet are not sent after the close", async () => {
  const { clock, host, wire } = pair((_signal, _deliver) => undefined)
  host.pc.onicecandidate({ candidate: { candidate: "candidate:x" } })
  host.negotiation.close()
  await pass(clock, 100)
  assert.deepEqual(wire, [])
})

// Closing in the middle of each await: nothing is sent, nothing is left running, nothing fails.

for (const [place, begin] of /** @type {[string, (world: any) => Promise<void>][]} */ ([
  ["setLocalDescription of an offer", ({ host }) => host.negotiation.offer()],
  ["setRemoteDescription of an offer", ({ client, offer }) => client.negotiation.receive(offer)],
  ["addIceCandidate", ({ client }) => client.negotiation.receive({ candidates: [{ candidate: "candidate:a" }, { candidate: "candidate:b" }] })],
])) {
  for (const closesPc of [true, false]) {
    test(`closed in the middle of ${place}, ${closesPc ? "with" : "before"} its connection`, async () => {
      const world = pair((_signal, _deliver) => undefined)
      const { clock, network, host, client, wire, errors } = world
      const remote = pair()
      await remote.host.negotiation.offer()
      world.offer = remote.wire[0]
      if (place === "addIceCandidate") await client.negotiation.receive(world.offer)
      await pass(clock, 0)
      const packets = wire.length
      let open = () => undefined
      for (const { pc } of [host, client]) pc.gate = new Promise((resolve) => { open = resolve })
      host.pc.gate = client.pc.gate
      begin(world).catch((error) => errors.push(error))
      await settle()
      for (const { pc, negotiation } of [host, client]) {
        negotiation.close()
        if (closesPc) pc.close()
      }
      open()
      await pass(clock, 10_000)
      assert.equal(wire.length, packets)
      assert.deepEqual(errors, [])
      assert.equal(clock.pending, 0)
      assert.equal(network.open.length, closesPc ? 0 : 2)
      if (place === "setRemoteDescription of an offer") assert.equal(client.pc.localDescription, null)
      assert.ok(!client.pc.candidates.includes("candidate:b"))
    })
  }
}

test("closed in the middle of the answer's setLocalDescription", async () => {
  const { clock, host, client, wire, errors } = pair((_signal, _deliver) => undefined)
  await host.negotiation.offer()
  const { pc, negotiation } = client
  const setRemoteDescription = pc.setRemoteDescription.bind(pc)
  let open = () => undefined
  pc.setRemoteDescription = async (description) => {
    await setRemoteDescription(description)
    pc.gate = new Promise((resolve) => { open = resolve })
  }
  const done = negotiation.receive(wire[0]).catch((error) => errors.push(error))
  await settle()
  assert.equal(pc.signalingState, "have-remote-offer")
  negotiation.close()
  open()
  await done
  await pass(clock, 0)
  assert.deepEqual(wire.filter(({ from }) => from === "client"), [])
  assert.deepEqual(errors, [])
})

test("what comes after the close is not applied", async () => {
  const { client } = pair()
  client.negotiation.close()
  await client.negotiation.receive({ description: { type: "offer", sdp: "v=0\no=end-1" } })
  assert.equal(client.pc.remoteDescription, null)
})

test("candidates that get lost after the answer are sent again", async () => {
  let lose = true
  const { clock, host, isConnected } = pair((signal, deliver) => { if (!lose || "description" in signal) deliver() })
  await host.negotiation.offer()
  await pass(clock, 100)
  assert.ok(!isConnected())
  lose = false
  await pass(clock, RESEND_MS)
  assert.ok(isConnected())
})
