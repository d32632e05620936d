import assert from "node:assert/strict"
import { test } from "node:test"

import { DataChannel, CLOSE_TIMEOUT_MS, LOW_BYTES, MAX_BUFFERED_BYTES, MAX_FRESHEST } from "../../../static/js/transport/data_channel.js"
import { MAX_GATHERED_CHARACTERS, MAX_PACKET_CHARACTERS } from "../../../static/js/transport/packet_reader.js"
import { Intake } from "../../../static/js/transport/intake.js"
import { FROM_CLIENT, FROM_HOST, MAX_FRAMES_PER_PACKET, RUBBISH } from "../../../static/js/base/limits.js"
import { encodeFrame } from "../../../static/js/wire/frames.js"
import { FakeClock, pass, settle } from "../support/fake_clock.js"
import { FakeDataChannel, FakeNetwork } from "../support/fake_rtc.js"
import { reported } from "../support/report_error.js"

/** Two channels, wired to each other, and open unless they are still to say so. */
function pair({ isOpen = true } = {}) {
  const network = new FakeNetwork()
  const clock = new FakeClock()
  const [raw, far] = [new FakeDataChannel(network), new FakeDataChannel(network)]
  Object.assign(raw, { twin: far, readyState: "open" })
  Object.assign(far, { twin: raw, readyState: "open" })
  const log = []
  /** Frames that have arrived at the far end, and the packets that they came in. @type {any[]} */
  const arrived = []
  const delegate = (name) => ({
    channelOpened: () => log.push(`${name} opened`),
    channelReceived: (_channel, frame, packet) => {
      if (frame.data === "fails") throw new Error("a mistake of ours")
      log.push(`${name} received ${frame.type} ${frame.data}`)
      if (name === "far") arrived.push([frame, packet])
    },
    channelDrained: () => log.push(`${name} drained`),
    channelClosed: () => log.push(`${name} closed`),
  })
  const intake = () => new Intake({ rates: { ...FROM_CLIENT, ...FROM_HOST }, clock, exhausted: (error) => log.push(`exhausted: ${error.code}`) })
  const near = new DataChannel({ channel: /** @type {any} */ (raw), delegate: delegate("near"), clock, intake: intake() })
  const other = new DataChannel({ channel: /** @type {any} */ (far), delegate: delegate("far"), clock, intake: intake() })
  if (isOpen) for (const end of [raw, far]) end.onopen()
  log.length = 0
  return { network, clock, raw, far, near, other, log, arrived }
}

test("a channel that is open when it comes is used when it says so", async () => {
  const { raw, near, log } = pair({ isOpen: false })
  await settle()
  assert.deepEqual(log, [])
  assert.throws(() => near.send("{}"), { code: "not_joined" })
  raw.onopen()
  assert.deepEqual(log, ["near opened"])
})

test("frames arrive in order; what makes no sense is counted and dropped", async () => {
  const { raw, near, other, log } = pair()
  await settle()
  log.length = 0
  near.send(encodeFrame({ type: "Data", id: 1, data: "a" }))
  raw.send("nonsense")
  raw.send('{"type":"Unknown"}')
  near.send(encodeFrame({ type: "Data", id: 2, data: "b" }))
  await settle()
  assert.deepEqual(log, ["far received Data a", "far received Data b"])
  assert.equal(other.badFrames, 2)
})

test("nothing is sent before the channel is open, nor after", () => {
  const channel = new FakeDataChannel(new FakeNetwork())
  const { near } = { near: new DataChannel({ channel: /** @type {any} */ (channel), delegate: /** @type {any} */ ({}), clock: new FakeClock(), intake: /** @type {any} */ (null) }) }
  assert.ok(!near.isOpen)
  assert.throws(() => near.send("{}"), { code: "not_joined" })
  channel.readyState = "closed"
  assert.throws(() => near.send("{}"), { code: "not_joined" })
})

test("only so much may wait in it, and what has left makes room", () => {
  const { raw, near } = pair()
  raw.stall()
  const text = "x".repeat(MAX_BUFFERED_BYTES / 4)
  for (let number = 0; number < 4; number++) near.send(text)
  assert.throws(() => near.send("x"), { code: "rate_limited" })
  raw.resume()
  near.send("x")
})

test("the browser's refusals are typed: too large for the other side, or too much at once", () => {
  const { raw, near } = pair()
  raw.maxMessageSize = MAX_GATHERED_CHARACTERS + 10
  assert.throws(() => near.send("x".repeat(MAX_GATHERED_CHARACTERS + 11)), ({ code, cause }) => code === "too_large" && cause instanceof TypeError)
  near.send("x".repeat(MAX_GATHERED_CHARACTERS + 10))
  raw.send = () => { throw new DOMException("full", "OperationError") }
  assert.throws(() => near.send("x".repeat(MAX_GATHERED_CHARACTERS + 1)), { code: "rate_limited" })
})

test("small frames of one turn travel together, in order, up to a size; a large one goes after those before it", async () => {
  const { raw, near, other, log } = pair()
  for (const data of ["a", "b"]) near.send(encodeFrame({ type: "Data", id: 1, data }))
  assert.deepEqual(raw.sent, [])
  near.send(encodeFrame({ type: "Data", id: 1, data: "c".repeat(MAX_GATHERED_CHARACTERS) }))
  near.send(encodeFrame({ type: "Data", id: 1, data: "d\n" }))
  await settle()
  assert.deepEqual(raw.sent.map((packet) => packet.split("\n").length), [2, 1, 1])
  assert.deepEqual(log.map((line) => line.at("far received Data ".length)), ["a", "b", "c", "d"])
  const frame = encodeFrame({ type: "Data", id: 1, data: "x".repeat(MAX_GATHERED_CHARACTERS - 100) })
  for (let count = 0; count < 9; count++) near.send(frame)
  await settle()
  assert.ok(raw.sent.slice(3).every((packet) => packet.length <= MAX_PACKET_CHARACTERS + 10))
  assert.equal(other.badFrames, 0)
})

test("what waits for others to travel with is sent before the channel closes; nothing is told after the other side's last words", async () => {
  const { near, far, raw, log, other } = pair()
  near.send(encodeFrame({ type: "Goodbye" }))
  void near.close()
  await settle()
  assert.deepEqual(log, ["far received Goodbye undefined", "far closed"])
  assert.equal(raw.sent.length, 1)
  assert.equal(other.badFrames, 0)
  assert.equal(far.readyState, "closed")
})

test("who takes no packet of a few frames can't be talked to: the channel closes", async () => {
  const { raw, near, log } = pair()
  raw.maxMessageSize = 10
  near.send(encodeFrame({ type: "Heartbeat" }))
  await settle()
  assert.deepEqual(log.toSorted((one, other) => one.localeCompare(other)), ["far closed", "near closed"])
})

test("bytes go as they are, and arrive as a copy", async () => {
  const { near, far } = pair()
  await settle()
  const packets = []
  far.onmessage = ({ data }) => packets.push(data)
  const bytes = Uint8Array.of(1, 2, 3)
  near.send(bytes.buffer)
  bytes[0] = 9
  await settle()
  assert.deepEqual(packets, [Uint8Array.of(1, 2, 3).buffer])
})

test("a frame with bytes arrives as one, with the packet that it came in; a packet of junk is counted", async () => {
  const { raw, near, other, arrived } = pair()
  const frame = { type: /** @type {const} */ ("Data"), id: 1, binary: { kind: "ArrayBuffer" }, bytes: Uint8Array.of(1, 2) }
  near.send(encodeFrame(frame))
  for (const junk of [[], [0, 0, 0], [0, 0, 0, 9, 1], [255, 255, 255, 255, 1], [0, 0, 0, 1, 123]]) raw.send(Uint8Array.from(junk).buffer)
  await settle()
  assert.deepEqual(arrived.map(([got]) => got), [frame])
  assert.deepEqual(arrived[0][1], encodeFrame(frame))
  assert.equal(other.badFrames, 5)
})

test("says that there is room again when little is left, not before", async () => {
  const { raw, near, log } = pair()
  await settle()
  log.length = 0
  raw.stall()
  near.send("x".repeat(LOW_BYTES))
  raw.resume()
  await settle()
  assert.deepEqual(log, [])
  raw.stall()
  near.send("x".repeat(LOW_BYTES + 1))
  raw.resume()
  await settle()
  assert.deepEqual(log, ["near drained"])
})

test("of what may be lost, the newest of each kind waits for room; with room nothing waits", async () => {
  const { raw, near, arrived } = pair()
  const cursor = (topic, id) => encodeFrame({ type: "Fast", senderId: "ann", inc: "x", id, topic, data: id })
  near.sendFreshest("a", cursor("a", 1))
  near.sendFreshest("a", cursor("a", 2))
  raw.stall()
  near.send("x".repeat(LOW_BYTES + 1))
  for (const [topic, id] of /** @type {[string, number][]} */ ([["a", 3], ["b", 4], ["a", 5], ["a", 6]])) near.sendFreshest(topic, cursor(topic, id))
  assert.equal(near.buffered, LOW_BYTES + 1)
  raw.resume()
  await settle()
  await settle()
  assert.deepEqual(arrived.map(([{ id }]) => id), [1, 2, 6, 4])
})

test("only so many kinds wait for room; the next one is not kept back", async () => {
  const { raw, near } = pair()
  raw.stall()
  near.send("x".repeat(LOW_BYTES + 1))
  for (let number = 0; number < MAX_FRESHEST; number++) near.sendFreshest(`kind ${number}`, "{}")
  assert.equal(near.buffered, LOW_BYTES + 1)
  near.sendFreshest("one more", "{}")
  assert.equal(near.buffered, LOW_BYTES + 3)
  near.sendFreshest("kind 7", "{}")
  assert.equal(near.buffered, LOW_BYTES + 3)
})

test("what may be lost fails without a word", async () => {
  const { raw, near } = pair()
  raw.maxMessageSize = 1
  near.sendFreshest("a", "{}")
  raw.readyState = "closed"
  near.sendFreshest("a", "{}")
  assert.deepEqual(raw.sent, [])
})

test("the other side's close is told once", async () => {
  const { far, log } = pair()
  await settle()
  far.close()
  far.close()
  await settle()
  assert.equal(log.filter((line) => line === "near closed").length, 1)
})

test("closing delivers what waits, then resolves; nothing is told any more", async () => {
  const { clock, raw, near, log } = pair()
  await settle()
  log.length = 0
  raw.stall()
  near.send(encodeFrame({ type: "Data", id: 1, data: "last words" }))
  let isClosed = false
  near.close().then(() => { isClosed = true })
  await settle()
  assert.ok(!isClosed)
  raw.resume()
  await settle()
  assert.ok(isClosed)
  assert.deepEqual(log, ["far received Data last words", "far closed"])
  assert.equal(clock.pending, 0)
})

test("closing doesn't wait for ever for the other side", async () => {
  const { clock, raw, near } = pair()
  raw.stall()
  let isClosed = false
  near.close().then(() => { isClosed = true })
  await pass(clock, CLOSE_TIMEOUT_MS - 1)
  assert.ok(!isClosed)
  await pass(clock, 1)
  await settle()
  assert.ok(isClosed)
})

test("closing a closed channel is done at once", async () => {
  const { clock, raw, near } = pair()
  raw.readyState = "closed"
  await near.close()
  assert.equal(clock.pending, 0)
})

test("what arrives while it closes is not told", async () => {
  const { raw, far, near, log } = pair()
  await settle()
  log.length = 0
  raw.stall()
  near.close()
  far.send('{"type":"Data","id":1,"data":"late"}')
  await settle()
  assert.deepEqual(log, [])
})

test("frames travel together in one packet only up to a size and a number; a longer packet is one frame, or none", async () => {
  const { raw, near, other, log } = pair()
  const frame = '{"type":"Stable","n":1}'
  for (let count = 0; count < 3 * MAX_FRAMES_PER_PACKET; count++) near.send("{}")
  await settle()
  assert.deepEqual(raw.sent.map((packet) => packet.split("\n").length), [MAX_FRAMES_PER_PACKET, MAX_FRAMES_PER_PACKET, MAX_FRAMES_PER_PACKET])
  const before = other.badFrames
  log.length = 0
  const honest = Array.from({ length: Math.floor(MAX_PACKET_CHARACTERS / frame.length) }, () => frame).join("\n")
  const packets = [honest, `${honest}\n${honest}`, "\n".repeat(MAX_FRAMES_PER_PACKET), "\n".repeat(262_143), " ".repeat(262_144)]
  for (const packet of packets) raw.send(packet)
  await settle()
  assert.equal(log.filter((line) => line.startsWith("far received")).length, honest.split("\n").length)
  assert.equal(other.badFrames - before, packets.length - 1)
})

test("rubbish comes to an end", async () => {
  const { raw, log } = pair()
  for (let count = 0; count <= RUBBISH.burst; count++) raw.send("nonsense")
  await settle()
  assert.deepEqual(log, ["exhausted: bad_request"])
})

test("a mistake made with one frame is reported, and counts; what comes with the frame is told all the same", async () => {
  const { near, other, log } = pair()
  for (const data of ["fails", "a"]) near.send(encodeFrame({ type: "Data", id: 1, data }))
  await settle()
  assert.deepEqual(log, ["far received Data a"])
  assert.equal(other.badFrames, 1)
  assert.deepEqual(reported.splice(0).map(({ message }) => message), ["a mistake of ours"])
})
