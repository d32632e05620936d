import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { FROM_HOST, MAX_BATCH_BYTES, MAX_BATCH_PACKETS } from "../../../static/js/base/limits.js"
import { Intake } from "../../../static/js/transport/intake.js"
import { PacketReader } from "../../../static/js/transport/packet_reader.js"
import { CONFIRM_BYTES } from "../../../static/js/transport/paths/incoming_batches.js"
import { MAX_WAITING_BYTES, WINDOW_BYTES } from "../../../static/js/transport/paths/outgoing_batches.js"
import { BATCH_MS, CALL_AGAIN_MS, EAGER_BATCHES, ServerPath } from "../../../static/js/transport/paths/server_path.js"
import { CHUNK, DATA, encodeFrame, FAST, GOODBYE, HEARTBEAT } from "../../../static/js/wire/frames.js"
import { FakeClock, pass } from "../support/fake_clock.js"

const utf8 = new TextEncoder()
const data = (id, text = "hello") => encodeFrame({ type: DATA, senderId: "s", inc: "i", id, data: text })

/**
 * The two ends of a path over a server that passes on what `fate` says: null passes it on, "lost" takes it and loses it, an error refuses it.
 * @param {(from: string, batch: any) => null | "lost" | P2pError} [fate]
 */
function ends(fate = () => null) {
  const clock = new FakeClock()
  const world = { clock, fate, /** @type {[string, any][]} */ batches: [] }
  for (const [name, other] of [["client", "host"], ["host", "client"]]) {
    const end = { opened: 0, drained: 0, frames: [], packets: [], lanes: [], errors: [], warnings: [], exhausted: [] }
    const intake = new Intake({ rates: FROM_HOST, clock, exhausted: (error) => end.exhausted.push(error.code) })
    end.path = new ServerPath({
      name: "1-1/1",
      calls: name === "client",
      clock,
      delegate: /** @type {any} */ ({
        pathOpened: () => { end.opened += 1 },
        pathDrained: () => { end.drained += 1 },
        pathWarned: (_path, error) => end.warnings.push(error.code),
        pathEnded: (_path, error) => end.errors.push(error.code),
      }),
      createReader: (_path, lane) => new PacketReader({ lane, intake, received: (frame, packet) => {
        end.frames.push(frame)
        end.packets.push(packet)
        end.lanes.push(lane)
      } }),
      relay: (batch, answered) => {
        const what = world.fate(name, batch)
        if (what instanceof P2pError) return queueMicrotask(() => answered(what))
        world.batches.push([name, batch])
        if (what === null) queueMicrotask(() => world[other].path.receive(structuredClone(batch)))
        queueMicrotask(() => answered(null))
      },
    })
    world[name] = end
  }
  return /** @type {any} */ (world)
}

async function open(fate) {
  const world = ends(fate)
  world.client.path.call()
  await pass(world.clock, 2 * BATCH_MS)
  return world
}

/** Nothing goes on once both ends are closed. @param {any} world */
async function assertQuiet({ clock, client, host }) {
  client.path.close()
  host.path.stop()
  await pass(clock, 0)
  assert.equal(clock.pending, 0)
}

const full = new P2pError("relay_full", { retryAfterMls: 250 })

test("a call and the answer to it open both ends, once", async () => {
  const world = await open()
  assert.deepEqual([world.client.opened, world.host.opened, world.batches], [1, 1, [["client", { n: 0, ack: 0 }], ["host", { n: 0, ack: 0 }]]])
  await pass(world.clock, 60_000)
  assert.equal(world.batches.length, 2)
  await assertQuiet(world)
})

test("who isn't answered calls again, whatever becomes of the calls", async () => {
  let calls = 0
  const fates = ["lost", full, new P2pError("no_such_peer"), "lost", null]
  const world = ends((from) => (from === "client" ? fates[calls++] : null))
  world.client.path.call()
  await pass(world.clock, 5 * CALL_AGAIN_MS)
  assert.deepEqual([calls, world.client.opened, world.host.opened], [5, 1, 1])
  await assertQuiet(world)
})

test("an answer that comes while a refused call waits lets the path go on", async () => {
  const world = ends((from, batch) => (from === "client" && batch.n === 0 && world.batches.length > 0 ? new P2pError("relay_full", { retryAfterMls: 30_000 }) : from === "host" && world.clock.now() < 1_500 ? full : null))
  world.client.path.call()
  await pass(world.clock, 2_000)
  assert.equal(world.client.opened, 1)
  world.client.path.send(data(1))
  await pass(world.clock, 100)
  assert.deepEqual(world.host.frames.map(({ id }) => id), [1])
  await assertQuiet(world)
})

test("frames arrive in order, and what is said in one turn travels together", async () => {
  const world = await open()
  const before = world.batches.length
  for (let id = 1; id <= 10; id++) world.client.path.send(data(id))
  await pass(world.clock, 2 * BATCH_MS)
  const [batch] = world.batches.slice(before).filter(([from]) => from === "client")
  assert.deepEqual([batch[1].n, batch[1].packets.length, "lane" in batch[1], "part" in batch[1]], [1, 10, false, false])
  assert.deepEqual(world.host.frames.map(({ id }) => id), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  await assertQuiet(world)
})

test("no batch is larger than a server takes, whatever is sent, and frames of each lane arrive whole and in order", async () => {
  const world = await open()
  const texts = ["x".repeat(200_000), "ä".repeat(100_000), "€".repeat(70_000), "😀".repeat(60_000), `a${"😀".repeat(50_000)}`, "\u0001\n\u2028".repeat(10_000), ""]
  texts.forEach((text, index) => world.client.path.send(data(index + 1, text)))
  for (let id = 100; id < 400; id++) world.client.path.send(data(id, "small"))
  const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => index % 256)
  world.client.path.send(encodeFrame({ type: CHUNK, senderId: "s", transfer: "f", offset: 0, bytes }), "bulk")
  world.client.path.send(encodeFrame({ type: FAST, senderId: "s", inc: "i", id: 1, data: "now" }), "fast")
  await pass(world.clock, 10_000)
  for (const [, { n, packets, lane, part }] of world.batches) {
    if (n === 0) {
      assert.deepEqual([packets, lane, part], [undefined, undefined, undefined])
      continue
    }
    assert.ok(packets.length >= 1 && packets.length <= MAX_BATCH_PACKETS)
    assert.ok(packets.reduce((sum, text) => sum + utf8.encode(text).length, 0) <= MAX_BATCH_BYTES)
    // No half of a character, and no control character.
    for (const text of packets) assert.ok(!/\p{Surrogate}|\p{Cc}/u.test(text))
  }
  const messages = world.host.frames.filter((_, index) => world.host.lanes[index] === "messages")
  assert.deepEqual(messages.slice(0, texts.length).map(({ data: text }) => text), texts)
  assert.deepEqual(messages.slice(texts.length).map(({ id }) => id), Array.from({ length: 300 }, (_, index) => index + 100))
  assert.deepEqual(world.host.frames.find(({ type }) => type === CHUNK).bytes, bytes)
  assert.equal(world.host.lanes[world.host.frames.findIndex(({ type }) => type === FAST)], "fast")
  await assertQuiet(world)
})

test("messages overtake files, but no frame gets into the middle of another one", async () => {
  const world = await open()
  for (let offset = 0; offset < 10; offset++) world.client.path.send(encodeFrame({ type: CHUNK, senderId: "s", transfer: "f", offset, bytes: new Uint8Array(60_000) }), "bulk")
  await pass(world.clock, BATCH_MS + 5)
  world.client.path.send(data(1))
  await pass(world.clock, 5_000)
  const types = world.host.frames.map(({ type }) => type)
  assert.ok(types.indexOf(DATA) < 3, types.join())
  assert.deepEqual(world.host.frames.filter(({ type }) => type === CHUNK).map(({ offset }) => offset), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  await assertQuiet(world)
})

test("two batches are BATCH_MS apart, but for the first ones; and the next waits for the server's answer", async () => {
  const times = []
  const world = await open()
  world.fate = (from) => {
    if (from === "client") times.push(world.clock.now())
    return null
  }
  for (let id = 0; id < 5 * MAX_BATCH_PACKETS; id++) world.client.path.send(data(id + 1))
  await pass(world.clock, 1_000)
  assert.ok(times.length >= 5)
  for (let index = 1; index < times.length; index++) assert.equal(times[index] - times[index - 1] >= BATCH_MS, index >= EAGER_BATCHES, times.join())
  await assertQuiet(world)
})

test("no more is on its way than the window; what has arrived is acknowledged, and lets more go", async () => {
  const world = await open((from) => (from === "host" ? "lost" : null))
  world.client.path.receive({ n: 0, ack: 0 })
  for (let id = 1; id <= 40; id++) world.client.path.send(data(id, "x".repeat(8_000)))
  await pass(world.clock, 10_000)
  const sent = world.client.path.sentBytes
  assert.ok(sent >= WINDOW_BYTES && sent < WINDOW_BYTES + MAX_BATCH_BYTES, String(sent))
  world.fate = () => null
  const { n } = world.batches.filter(([from]) => from === "client").at(-1)[1]
  world.client.path.receive({ n: 0, ack: n })
  await pass(world.clock, 10_000)
  assert.equal(world.host.frames.length, 40)
  assert.ok(world.batches.some(([from, { n: number, ack }]) => from === "host" && number === 0 && ack > 0))
  await assertQuiet(world)
})

test("the other side is told after CONFIRM_BYTES, and with everything that is said", async () => {
  const world = await open()
  const words = () => world.batches.filter(([from]) => from === "host").slice(1)
  world.client.path.send(data(1, "x".repeat(CONFIRM_BYTES / 2)))
  await pass(world.clock, 1_000)
  assert.deepEqual(words(), [])
  world.client.path.send(data(2, "x".repeat(CONFIRM_BYTES / 2)))
  await pass(world.clock, 1_000)
  assert.equal(words().length, 1)
  assert.deepEqual([words()[0][1].n, words()[0][1].ack >= 2], [0, true])
  world.client.path.send(data(3))
  await pass(world.clock, 100)
  world.host.path.send(data(1))
  await pass(world.clock, 100)
  const acknowledged = words().at(-1)[1]
  assert.deepEqual([acknowledged.n, acknowledged.ack], [1, world.batches.filter(([from]) => from === "client").at(-1)[1].n])
  await assertQuiet(world)
})

for (const [code, ms] of /** @type {const} */ ([["relay_full", 250], ["no_such_peer", CALL_AGAIN_MS]])) {
  test(`${code}: everything waits, and the same batch goes again after the time`, async () => {
    const tried = []
    let isFull = false
    const world = await open((from, batch) => {
      if (from !== "client" || !isFull) return null
      tried.push([world.clock.now(), batch.n])
      return new P2pError(code, code === "relay_full" ? { retryAfterMls: ms } : {})
    })
    isFull = true
    world.client.path.send(data(1))
    await pass(world.clock, 3 * ms)
    world.client.path.send(data(2))
    await pass(world.clock, ms)
    assert.ok(tried.length >= 4 && tried.length <= 6, String(tried.length))
    assert.deepEqual([...new Set(tried.map(([, n]) => n))], [1])
    for (let index = 1; index < tried.length; index++) assert.equal(tried[index][0] - tried[index - 1][0], ms)
    isFull = false
    await pass(world.clock, 2 * ms)
    assert.deepEqual(world.host.frames.map(({ id }) => id), [1, 2])
    await assertQuiet(world)
  })
}

for (const [retryAfterMls, times, expected] of /** @type {const} */ ([[250, 8, []], [250, 9, ["relay_full"]], [1_900, 1, []], [2_000, 1, ["relay_full"]], [8_000, 1, ["relay_full"]]])) {
  test(`a batch that is refused ${times} times, for ${retryAfterMls} ms each, ${expected.length > 0 ? "is told of" : "isn't worth a word"}`, async () => {
    let refusals = 0
    const world = await open((from, { n }) => (from === "client" && n === 1 && refusals++ < times ? new P2pError("relay_full", { retryAfterMls }) : null))
    world.client.path.send(data(1))
    await pass(world.clock, 20_000)
    assert.deepEqual([world.client.warnings, world.host.frames.length], [expected, 1])
    await assertQuiet(world)
  })
}

test("a lost batch ends the path at the side that misses it, once, and nothing that came after it is read", async () => {
  let lost = 0
  const world = await open((from, { n }) => (from === "client" && n > 0 && lost++ === 0 ? "lost" : null))
  world.client.path.send(data(1))
  await pass(world.clock, 100)
  world.client.path.send(data(2))
  await pass(world.clock, 100)
  world.client.path.send(data(3))
  await pass(world.clock, 100)
  assert.deepEqual([world.host.frames, world.host.errors], [[], ["host_lost"]])
  assert.throws(() => world.host.path.send(data(1)), { code: "not_joined" })
  await assertQuiet(world)
})

test("a batch that comes twice is read once", async () => {
  const world = await open()
  const batch = { n: 1, ack: 0, packets: [data(1)] }
  for (let time = 0; time < 3; time++) world.host.path.receive(batch)
  assert.deepEqual([world.host.frames.length, world.host.errors], [1, []])
  await assertQuiet(world)
})

for (const code of ["signaling_lost", "relay_off", "forbidden", "stale_epoch"]) {
  test(`${code} ends the path, once, and it sends nothing more`, async () => {
    const world = await open()
    world.fate = () => new P2pError(/** @type {any} */ (code))
    world.client.path.send(data(1))
    await pass(world.clock, 60_000)
    assert.deepEqual([world.client.errors, world.client.path.isOpen], [[code], false])
    await assertQuiet(world)
  })
}

test("what can't be read is refused, and what comes with it is read", async () => {
  const world = await open()
  for (const rubbish of ["b!", "b", "bAAAA", "", "{", "null", "[]", "b=", "\ud800", "x".repeat(1_000)]) {
    const { length } = world.host.frames
    const n = (world.n = (world.n ?? 0) + 1)
    world.host.path.receive({ n, ack: 0, packets: [rubbish, data(n)] })
    assert.equal(world.host.frames.length, length + 1, rubbish)
  }
  assert.deepEqual(world.host.errors, [])
  await assertQuiet(world)
})

test("a packet that never ends is dropped when it is larger than any frame, and such a sender is given up in the end", async () => {
  const world = await open()
  let n = 0
  for (let piece = 0; piece < 5_000 && world.host.exhausted.length === 0; piece++) world.host.path.receive({ n: ++n, ack: 0, packets: ["x".repeat(MAX_BATCH_BYTES)], part: true })
  assert.equal(world.host.exhausted[0], "bad_request")
  assert.equal(world.host.frames.length, 0)
  await assertQuiet(world)
})

test("no more waits than MAX_WAITING_BYTES; the next is refused, and there is news when there is room again", async () => {
  const world = await open(() => null)
  world.fate = (from) => (from === "client" ? full : null)
  const chunk = encodeFrame({ type: CHUNK, senderId: "s", transfer: "f", offset: 0, bytes: new Uint8Array(100_000) })
  let sent = 0
  assert.throws(() => { for (;; sent++) world.client.path.send(chunk, "bulk") }, { code: "rate_limited" })
  assert.ok(sent * 100_000 < MAX_WAITING_BYTES && world.client.path.buffered > MAX_WAITING_BYTES / 2)
  assert.equal(world.client.drained, 0)
  world.fate = () => null
  await pass(world.clock, 60_000)
  assert.deepEqual([world.client.drained, world.client.path.buffered, world.host.frames.length], [1, 0, sent])
  await assertQuiet(world)
})

test("of unreliable messages that wait, only the newest of each kind goes, and not more kinds than are kept", async () => {
  const world = await open()
  world.fate = (from) => (from === "client" ? full : null)
  const fast = (id, data) => encodeFrame({ type: FAST, senderId: "s", inc: "i", id, data })
  world.client.path.send(data(1))
  await pass(world.clock, BATCH_MS)
  for (let id = 1; id <= 50; id++) world.client.path.sendFreshest("a", fast(id, "a"))
  for (let kind = 0; kind < 3_000; kind++) world.client.path.sendFreshest(`k${kind}`, fast(100 + kind, kind))
  world.fate = () => null
  await pass(world.clock, 10_000)
  const ids = world.host.frames.filter(({ type }) => type === FAST).map(({ id }) => id)
  assert.deepEqual([ids[0], ids.length], [50, 1_000])
  await assertQuiet(world)
})

test("a heartbeat isn't queued behind messages that wait", async () => {
  const world = await open()
  world.fate = (from) => (from === "client" ? full : null)
  for (let id = 1; id <= 2; id++) {
    world.client.path.send(data(id))
    await pass(world.clock, BATCH_MS)
  }
  for (let beat = 0; beat < 100; beat++) world.client.path.beat(encodeFrame({ type: HEARTBEAT, n: beat }))
  world.fate = () => null
  await pass(world.clock, 1_000)
  assert.deepEqual(world.host.frames.map(({ type }) => type), [DATA, DATA])
  await assertQuiet(world)
})

test("close gives the server what waits, whatever waits besides", async () => {
  const world = await open()
  for (let id = 1; id <= 200; id++) world.client.path.send(data(id))
  world.client.path.send(encodeFrame({ type: GOODBYE }))
  world.client.path.close()
  await pass(world.clock, 0)
  assert.deepEqual([world.host.frames.length, world.host.frames.at(-1).type], [201, GOODBYE])
  assert.throws(() => world.client.path.send(data(1)), { code: "not_joined" })
  await assertQuiet(world)
})

test("close says again what the server had refused, without which the rest would count as lost", async () => {
  const world = await open()
  world.fate = (from) => (from === "client" ? full : null)
  world.client.path.send(data(1))
  await pass(world.clock, BATCH_MS)
  world.client.path.send(encodeFrame({ type: GOODBYE }))
  world.fate = () => null
  world.client.path.close()
  await pass(world.clock, 0)
  assert.deepEqual([world.host.frames.map(({ type }) => type), world.host.errors], [[DATA, GOODBYE], []])
  await assertQuiet(world)
})

for (const how of ["close", "abort"]) {
  test(`${how} says goodbye even if the window is full`, async () => {
    const world = await open((from) => (from === "host" ? "lost" : null))
    world.client.path.receive({ n: 0, ack: 0 })
    for (let id = 1; id <= 17; id++) world.client.path.send(data(id, "x".repeat(8_000)))
    await pass(world.clock, 1_000)
    assert.ok(world.client.path.sentBytes >= WINDOW_BYTES)
    const farewell = encodeFrame({ type: GOODBYE })
    if (how === "close") world.client.path.send(farewell)
    world.client.path[how](farewell)
    await pass(world.clock, 0)
    assert.equal(world.host.frames.at(-1).type, GOODBYE)
    await assertQuiet(world)
  })
}

test("abort says goodbye in the same turn, even from within a large message, and drops what waits", async () => {
  const world = await open()
  world.client.path.send(data(1, "x".repeat(150_000)))
  await pass(world.clock, BATCH_MS)
  assert.equal(world.host.frames.length, 0)
  const before = world.batches.length
  world.client.path.abort(encodeFrame({ type: GOODBYE }))
  assert.equal(world.batches.length, before + 1)
  await pass(world.clock, 1_000)
  assert.deepEqual(world.host.frames.map(({ type }) => type), [GOODBYE])
  await assertQuiet(world)
})

test("a path that is stopped or closed is silent, whatever comes", async () => {
  for (const how of ["stop", "close", "abort"]) {
    const world = await open()
    world.client.path[how](encodeFrame({ type: GOODBYE }))
    const { length } = world.batches
    world.client.path.call()
    world.client.path.beat(encodeFrame({ type: HEARTBEAT }))
    world.client.path.sendFreshest("k", data(1))
    world.client.path.receive({ n: 5, ack: 9, packets: [data(1)] })
    for (const again of ["stop", "close", "abort"]) world.client.path[again](encodeFrame({ type: GOODBYE }))
    await pass(world.clock, 60_000)
    assert.deepEqual([world.client.frames, world.client.errors], [[], []])
    assert.equal(world.batches.filter(([from]) => from === "client").length, world.batches.slice(0, length).filter(([from]) => from === "client").length)
    await assertQuiet(world)
  }
})
