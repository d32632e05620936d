import assert from "node:assert/strict"
import { test } from "node:test"

import { CLOSE_TIMEOUT_MS, LOW_BYTES, MAX_BUFFERED_BYTES } from "../../../static/js/transport/data_channel.js"
import { Link } from "../../../static/js/transport/link.js"
import { failureOf, P2pError } from "../../../static/js/base/errors.js"
import { EXCESS, FROM_CLIENT, RUBBISH } from "../../../static/js/base/limits.js"
import { ACK, CHUNK, DATA, encodeFrame, FAST, HEARTBEAT, SIGNAL } from "../../../static/js/wire/frames.js"
import { FakeClock, pass, settle } from "../support/fake_clock.js"
import { FakeNetwork } from "../support/fake_rtc.js"
import { CONNECT_TIMEOUT_MS, HEARTBEAT as BEAT, RELAY_AFTER_MS } from "../support/world.js"

const hello = encodeFrame({ type: DATA, id: 1, data: "hello" })

/**
 * A host's and a client's connection to each other.
 * @param {{ loses?: (signal: any) => boolean }} [options]
 */
function pair({ loses = () => false } = {}) {
  const clock = new FakeClock()
  const network = new FakeNetwork()
  const ends = {}
  for (const [name, other] of [["host", "client"], ["client", "host"]]) {
    const end = { log: [], frames: [], errors: [], drains: 0, suspicions: 0 }
    const delegate = {
      linkChanged: ({ state }) => end.log.push(state),
      linkReceived: (_connection, frame) => end.frames.push(frame),
      linkDrained: () => { end.drains += 1 },
      linkRouted: () => undefined,
      linkJudged: () => undefined,
      linkMoved: () => { end.log.push("moved") },
      linkSuspected: () => { end.suspicions += 1 },
      linkWarned: (_connection, error) => end.errors.push(error),
      linkEnded: (_connection, error) => {
        end.log.push("ended")
        end.errors.push(error)
      },
    }
    end.connection = new Link({
      peerId: other, id: "1-1", isHost: name === "host", clock, delegate, heartbeat: BEAT, connectTimeoutMs: CONNECT_TIMEOUT_MS, relayAfterMs: RELAY_AFTER_MS,
      terms: { iceServers: () => [], relay: () => "off" },
      RTCPeerConnection: connectionOf(network, (pc) => { end.pc = pc }),
      signal: (negotiation, signal, details) => { if (!loses(signal)) queueMicrotask(() => ends[other].connection.receiveSignal(negotiation, signal, details?.restart)) },
      relay: (_name, _batch, answered) => answered(new P2pError("relay_off")),
    })
    ends[name] = end
  }
  return { clock, network, host: ends.host, client: ends.client }
}

/**
 * The RTCPeerConnection of one page, which tells of each one that is made.
 * @param {FakeNetwork} network
 * @param {(pc: any) => void} made
 */
function connectionOf(network, made) {
  return /** @type {any} */ (class extends network.RTCPeerConnection {
    constructor(config) {
      super(config)
      made(this)
    }
  })
}

async function connected(options) {
  const world = pair(options)
  world.host.connection.begin()
  await pass(world.clock, 10)
  return world
}

/** Both ends are closed, and nothing is left behind. @param {any} world */
async function assertReleased({ clock, network }) {
  await pass(clock, CLOSE_TIMEOUT_MS)
  await settle()
  assert.deepEqual(network.open, [])
  assert.equal(clock.pending, 0)
}

test("a side that the other's browser takes no packet from says so, and not that the other has closed", async () => {
  const world = await connected()
  const { pc, connection, errors } = world.client
  pc.channels.find(({ label }) => label === "messages").maxMessageSize = 10
  connection.trySend({ type: ACK, n: 1 })
  await settle()
  assert.deepEqual(errors.map(({ code, retry, message }) => [code, retry, /host/.test(message)]), [["unsupported", false, true]])
  world.host.connection.close()
  await assertReleased(world)
})

test("goes from negotiating over connecting to connected, and says each state once", async () => {
  const { host, client } = await connected()
  assert.deepEqual(host.log, ["connecting", "connected"])
  assert.deepEqual(client.log, ["connecting", "connected"])
})

test("carries frames both ways and keeps heartbeats to itself", async () => {
  const { clock, host, client } = await connected()
  host.connection.send(hello)
  client.connection.send(hello)
  await pass(clock, 10_000)
  assert.deepEqual(host.frames, [JSON.parse(hello)])
  assert.deepEqual(client.frames, [JSON.parse(hello)])
  assert.ok(host.pc.channels[0].frames.filter((text) => JSON.parse(text).type === HEARTBEAT).length >= 9)
})

test("a quiet hour is no loss: the heartbeat keeps it alive", async () => {
  const { clock, host, client } = await connected()
  await pass(clock, 3_600_000)
  assert.deepEqual([host.connection.state, client.connection.state], ["connected", "connected"])
})

test("nobody answers: connect_timeout, in time, and everything is freed", async () => {
  const world = await connected({ loses: () => true })
  await pass(world.clock, CONNECT_TIMEOUT_MS - 100)
  assert.deepEqual(world.host.errors, [])
  await pass(world.clock, 100)
  assert.equal(world.host.errors[0].code, "connect_timeout")
  assert.match(world.host.errors[0].message, /^client did not answer in time\.$/)
  await assertReleased(world)
})

test("there is no path and ICE says nothing: ice_failed, in time", async () => {
  const world = pair()
  world.network.isReachable = false
  world.host.connection.begin()
  await pass(world.clock, CONNECT_TIMEOUT_MS)
  for (const { log, errors } of [world.host, world.client]) {
    assert.deepEqual(log, ["connecting", "ended"])
    assert.deepEqual(errors.map(({ code }) => code), ["ice_failed"])
  }
  await assertReleased(world)
})

test("ICE says failed: a client asks its host for another path, and the link isn't ended", async () => {
  const { client, network } = await connected()
  network.isCut = true
  client.pc.turn("failed")
  await settle()
  assert.deepEqual([client.connection.state, client.connection.asksForRepair, client.suspicions], ["connected", true, 1])
})

test("ICE says disconnected: that may heal, and nothing is ended", async () => {
  const { client } = await connected()
  client.pc.turn("disconnected")
  await settle()
  assert.equal(client.connection.state, "connected")
})

test("a description that makes no sense ends the attempt with its cause", async () => {
  const world = pair()
  world.client.connection.receiveSignal("1-1", { description: { type: "offer", sdp: "nonsense" } })
  await settle()
  assert.equal(world.client.errors[0].code, "bad_request")
  assert.equal(world.client.errors[0].cause.name, "OperationError")
})

test("a client makes no offer: whichever way it comes, its host takes none, and no other description that isn't an answer", async () => {
  const { clock, host, client } = await connected()
  const descriptions = ["offer", "pranswer", "rollback"].map((type) => ({ type, sdp: "v=0\no=end-1" }))
  for (const description of descriptions) {
    host.connection.receiveSignal("1-1", { description })
    client.connection.send(encodeFrame({ type: SIGNAL, negotiation: "1-1", description }))
  }
  await pass(clock, 100)
  assert.deepEqual([host.pc.remoteDescription.type, host.pc.signalingState, host.suspicions, host.errors], ["answer", "stable", 0, []])
})

test("silence is a loss", async () => {
  const world = await connected()
  world.network.isCut = true
  await pass(world.clock, BEAT.idleTimeoutMs)
  assert.deepEqual([world.host.errors[0].code, world.client.errors[0].code], ["host_lost", "host_lost"])
  assert.match(world.host.errors[0].message, /5000 ms/)
  await assertReleased(world)
})

test("close says goodbye with its reason; the closer is told nothing", async () => {
  const world = await connected()
  world.host.connection.close(new P2pError("peer_replaced"))
  await settle()
  assert.deepEqual(world.client.errors.map(({ code }) => code), ["peer_replaced"])
  assert.ok(!world.host.log.includes("ended"))
  await assertReleased(world)
})

test("close without a reason is a host that leaves; a goodbye of junk is internal", async () => {
  const plain = await connected()
  plain.host.connection.close()
  await settle()
  assert.deepEqual([plain.client.errors[0].code, plain.client.errors[0].message], ["host_lost", "host has left."])
  const junk = await connected()
  junk.host.pc.channels[0].send('{"type":"Goodbye","error":{"code":"nonsense"}}')
  await settle()
  assert.deepEqual(junk.client.errors.map(({ code }) => code), ["internal"])
})

test("what was sent before close still arrives", async () => {
  const world = await connected()
  world.host.pc.channels[0].stall()
  world.host.connection.send(hello)
  world.host.connection.close()
  world.host.pc.channels[0].resume()
  await settle()
  assert.equal(world.client.frames.length, 1)
  assert.equal(world.client.errors[0].message, "host has left.")
})

test("abort closes within this turn, and the other side sees it", async () => {
  const world = await connected()
  world.host.connection.abort()
  assert.equal(world.host.pc.signalingState, "closed")
  await settle()
  assert.deepEqual(world.client.errors.map(({ code }) => code), ["host_lost"])
  await assertReleased(world)
})

test("after close nothing is told, whatever comes", async () => {
  for (const end of ["close", "abort"]) {
    const world = await connected()
    const { connection, log, frames, pc } = world.client
    const { length } = log
    connection[end]()
    connection[end]()
    connection.receiveSignal("1-1", { description: { type: "offer", sdp: "nonsense" } })
    assert.throws(() => connection.send(hello), { code: "not_joined" })
    connection.trySend({ type: HEARTBEAT })
    pc.turn("failed")
    failureOf(() => world.host.connection.send(hello))
    await pass(world.clock, 60_000)
    assert.equal(log.length, length)
    assert.deepEqual(frames, [])
    assert.throws(() => connection.send(hello), { code: "not_joined" })
    await assertReleased(world)
  }
})

test("closed before, in the middle of and right after the negotiation", async () => {
  for (let turns = 0; turns < 12; turns++) {
    const world = pair()
    world.host.connection.begin()
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    world.host.connection.close()
    await pass(world.clock, CONNECT_TIMEOUT_MS + BEAT.idleTimeoutMs)
    assert.ok(!world.host.log.includes("ended"), `after ${turns} turns`)
    assert.equal(world.client.log.filter((line) => line === "ended").length, 1, `after ${turns} turns`)
    await assertReleased(world)
  }
})

test("an offer after the close is nothing, and makes no noise", async () => {
  const world = pair()
  world.host.connection.close()
  world.host.connection.begin()
  world.client.connection.close()
  await assertReleased(world)
})

test("a channel of the other side that isn't known, or is there already, is closed", async () => {
  const { client, host } = await connected()
  for (const label of ["extra", "", "messages", "bulk", "toString", "__proto__"]) {
    const extra = host.pc.createDataChannel(label)
    client.pc.ondatachannel({ channel: extra })
    assert.equal(extra.readyState, "closing")
  }
  assert.equal(client.connection.state, "connected")
})

// The three channels

const lane = (pc, label) => pc.channels.find((channel) => channel.label === label)
const chunk = { type: CHUNK, to: ["client"], transfer: "f", offset: 0, bytes: Uint8Array.of(1, 2, 3) }
const cursor = (id) => ({ type: FAST, senderId: "host", inc: "x", id, topic: "cursor", data: id })

test("there is one channel for messages, one for files, and one for what may be lost", async () => {
  const { host, client } = await connected()
  for (const { pc } of [host, client]) {
    assert.deepEqual(pc.channels.map(({ label, ordered, maxRetransmits }) => [label, ordered, maxRetransmits]), [["messages", true, null], ["bulk", true, null], ["fast", false, 0]])
    assert.ok(pc.channels.every(({ binaryType }) => binaryType === "arraybuffer"))
  }
})

test("each says when there is room in it, from its opening on", async () => {
  const { host, client } = await connected()
  assert.deepEqual([host.drains, client.drains], [2, 2]) // bulk and fast have opened
  for (const label of ["messages", "bulk", "fast"]) {
    const channel = lane(host.pc, label)
    channel.stall()
    host.connection.send("x".repeat(LOW_BYTES + 1), label)
    channel.resume()
  }
  await settle()
  assert.deepEqual([host.drains, client.drains], [5, 2])
})

test("what waits in the channel for files holds up no message, and is counted", async () => {
  const { host, client } = await connected()
  lane(host.pc, "bulk").stall()
  const packet = encodeFrame(chunk)
  host.connection.send(packet, "bulk")
  host.connection.send(hello)
  await settle()
  assert.deepEqual([host.connection.buffered, client.connection.buffered], [packet.byteLength, 0])
  assert.deepEqual(client.frames, [JSON.parse(hello)])
  lane(host.pc, "bulk").resume()
  await settle()
  assert.deepEqual(client.frames.at(-1), chunk)
  assert.equal(host.connection.buffered, 0)
})

test("what may be lost is lost, or late, and nothing is told of it", async () => {
  const { network, host, client } = await connected()
  const fates = ["kept", "lost", "late", "kept"]
  network.fateOfUnreliable = () => fates.shift()
  for (const id of [1, 2, 3, 4]) host.connection.sendFreshest("cursor", encodeFrame(cursor(id)))
  await settle()
  await settle()
  assert.deepEqual(client.frames.map(({ id }) => id), [1, 4, 3])
})

test("files, and what may be lost, can't be sent before their channels are open", async () => {
  const world = pair()
  const { connection } = world.host
  for (const label of ["messages", "bulk", "fast"]) assert.throws(() => connection.send(hello, label), { code: "not_joined" })
  connection.begin()
  for (const label of ["messages", "bulk", "fast"]) assert.throws(() => connection.send(hello, label), { code: "not_joined" })
  connection.sendFreshest("cursor", encodeFrame(cursor(1)))
  assert.equal(connection.buffered, 0)
  await pass(world.clock, 10)
  for (const label of ["messages", "bulk", "fast"]) connection.send(hello, label)
  await settle()
  assert.equal(world.client.frames.length, 3)
})

test("that the channel for files, or the one for what may be lost, closes ends nothing; that the one for messages closes does", async () => {
  const world = await connected()
  const { host, client } = world
  for (const label of ["bulk", "fast"]) lane(host.pc, label).close()
  await settle()
  assert.deepEqual([host.connection.state, client.connection.state], ["connected", "connected"])
  assert.throws(() => client.connection.send(hello, "bulk"), { code: "not_joined" })
  client.connection.sendFreshest("cursor", encodeFrame(cursor(1)))
  client.connection.send(hello)
  await settle()
  assert.equal(host.frames.length, 1)
  lane(host.pc, "messages").close()
  await settle()
  assert.deepEqual([host.errors, client.errors].map(([error]) => error.code), ["host_lost", "host_lost"])
  await assertReleased(world)
})

test("a receiver that takes nothing more is told of; a heartbeat that doesn't fit is only left out", async () => {
  const world = await connected()
  world.host.pc.channels[0].stall()
  const text = "x".repeat(MAX_BUFFERED_BYTES / 4)
  for (let number = 0; number < 4; number++) world.host.connection.send(text)
  world.host.connection.trySend({ type: HEARTBEAT })
  const error = failureOf(() => world.host.connection.send(text))
  assert.equal(error?.code, "rate_limited")
  assert.deepEqual(world.host.errors, [])
  world.host.connection.end(error)
  assert.deepEqual(world.host.errors, [error])
  world.client.connection.close()
  await assertReleased(world)
})

// What the other side may bring in

for (const [sender, receiver] of [["client", "host"], ["host", "client"]]) {
  test(`a ${sender} that sends rubbish is let go of, and told so once`, async () => {
    const world = await connected()
    const { [sender]: bad, [receiver]: good } = world
    for (const label of ["messages", "bulk", "fast"]) for (let count = 0; count <= RUBBISH.burst / 3; count++) lane(bad.pc, label).send("{}")
    bad.connection.send(hello)
    await settle()
    for (const { errors, log } of [good, bad]) {
      assert.deepEqual(errors.map(({ code }) => code), ["bad_request"])
      assert.equal(log.filter((line) => line === "ended").length, 1)
    }
    // Another host may do better.
    assert.equal(good.errors[0].retry, receiver === "client")
    assert.equal(bad.errors[0].retry, false)
    await assertReleased(world)
  })

  test(`a ${sender} that sends what only the other side sends is let go of`, async () => {
    const world = await connected()
    const packet = encodeFrame(sender === "client" ? { type: "Stable", n: 1 } : { type: ACK, n: 1 })
    for (let count = 0; count < RUBBISH.burst; count++) world[sender].connection.send(packet)
    await settle()
    assert.deepEqual([world[receiver].frames, world[receiver].errors], [[], []])
    world[sender].connection.send(packet)
    await settle()
    assert.deepEqual(world[receiver].errors.map(({ code }) => code), ["bad_request"])
  })
}

test("a client that floods with what may be left out is heard as often as it may be, and let go of where it goes on", async () => {
  const { host, client } = await connected()
  const packet = encodeFrame({ type: ACK, n: 1 })
  for (let count = 0; count < FROM_CLIENT.Ack.burst + EXCESS.burst; count++) client.connection.send(packet)
  await settle()
  assert.deepEqual([host.frames.length, host.errors], [FROM_CLIENT.Ack.burst, []])
  client.connection.send(packet)
  await settle()
  assert.deepEqual([host.errors, client.errors].map(([error]) => error.code), ["rate_limited", "rate_limited"])
})

test("what may be lost and is too large for that isn't taken, by a host or by a client", async () => {
  const { host, client } = await connected()
  const large = (size) => encodeFrame({ type: FAST, senderId: "x", inc: "x", id: 1, data: "x".repeat(size) })
  for (const [sender, receiver] of [[host, client], [client, host]]) {
    lane(sender.pc, "fast").send(large(16_300))
    lane(sender.pc, "fast").send(large(16_400))
    lane(sender.pc, "fast").send(large(200_000))
    // It takes more room where it is written again.
    lane(sender.pc, "fast").send(`{"type":"Fast","senderId":"x","inc":"x","id":1,"data":[${"1e20,".repeat(3_000)}1]}`)
    await settle()
    assert.deepEqual(receiver.frames.map(({ data }) => data.length), [16_300])
  }
})
