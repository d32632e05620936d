import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { MAX_EARLY_BATCHES } from "../../../static/js/base/limits.js"
import { ServerPath } from "../../../static/js/transport/paths/index.js"
import { CALL_PAUSE_MS, SERVER_PATIENCE_MS, ServerPaths } from "../../../static/js/transport/server_paths.js"
import { linkOf } from "../../../static/js/wire/link.js"
import { FakeClock, pass } from "../support/fake_clock.js"

/**
 * The paths of one side, whose code comes when `load()` is called.
 * @param {boolean} isHost
 */
function paths(isHost) {
  const clock = new FakeClock()
  const side = { clock, opened: [], received: [], relayed: [], failures: [], replaced: [], loads: 0, answer: null, relay: "fallback" }
  /** @type {{ resolve: (made: any) => void, reject: (error: Error) => void }} */
  let loading = /** @type {any} */ (null)
  side.made = new ServerPaths(/** @type {any} */ ({
    id: "1-1",
    isHost,
    clock,
    terms: { relay: () => side.relay },
    intake: { takes: () => true, admits: () => true, builds: () => true, refuse: () => undefined },
    delegate: {
      pathOpened: (path) => side.opened.push(path.name),
      pathReceived: (path, frame) => side.received.push([path.name, frame.type]),
      pathDrained: () => undefined,
      pathWarned: () => undefined,
      pathEnded: (_path, error) => side.made.ended(error, false),
    },
    relay: (name, batch, answered) => {
      side.relayed.push([name, batch])
      const { answer } = side
      if (answer !== undefined) queueMicrotask(() => answered(answer))
    },
    failed: ({ code }) => side.failures.push(code),
    replaced: (path) => side.replaced.push(path.name),
    loadPaths: () => {
      side.loads += 1
      return new Promise((resolve, reject) => { loading = { resolve, reject } })
    },
  }))
  side.load = async () => {
    loading.resolve({ ServerPath })
    await pass(clock, 0)
  }
  side.failToLoad = async () => {
    loading.reject(new Error("404"))
    await pass(clock, 0)
  }
  return /** @type {any} */ (side)
}

const beat = JSON.stringify({ type: "Heartbeat" })

test("a client calls under a name of its own each time", async () => {
  const side = paths(false)
  const { clock, made, load, relayed } = side
  made.call()
  made.call()
  assert.deepEqual([made.path, made.isCallable], [null, false])
  await load()
  made.call()
  made.stop()
  await pass(clock, CALL_PAUSE_MS)
  made.call()
  await load()
  assert.deepEqual(relayed.map(([name]) => name), ["1-1/1", "1-1/2"])
  assert.equal(side.loads, 2)
  made.stop()
  made.end()
  assert.equal(clock.pending, 0)
})

test("a server that refuses each call at once is called once in CALL_PAUSE_MS", async () => {
  const side = paths(false)
  side.answer = new P2pError("stale_epoch")
  for (let ms = 0; ms < 5_000; ms += 100) {
    side.made.call()
    if (side.loads > side.relayed.length) await side.load()
    await pass(side.clock, 100)
  }
  assert.ok(side.relayed.length >= 4 && side.relayed.length <= 6, String(side.relayed.length))
  side.made.end()
  await pass(side.clock, 0)
  assert.equal(side.clock.pending, 0)
})

test("a server that carries nothing is asked no more", async () => {
  const side = paths(false)
  side.answer = new P2pError("forbidden")
  side.made.call()
  await side.load()
  await pass(side.clock, 10)
  assert.deepEqual([side.made.isOff, side.made.path], [true, null])
  await pass(side.clock, CALL_PAUSE_MS)
  side.made.call()
  await pass(side.clock, CALL_PAUSE_MS)
  assert.deepEqual([side.loads, side.relayed.length, side.clock.pending], [1, 1, 0])
})

test("code that can't be loaded is an error that names the cure, and is tried again when it is needed again", async () => {
  const side = paths(false)
  side.made.call()
  await side.failToLoad()
  assert.deepEqual(side.failures, ["unavailable"])
  await pass(side.clock, CALL_PAUSE_MS)
  side.made.call()
  await side.load()
  assert.deepEqual([side.loads, side.relayed.length], [2, 1])
  side.made.stop()
  side.made.end()
  assert.equal(side.clock.pending, 0)
})

test("code that comes when the link is over does nothing", async () => {
  for (const isHost of [true, false]) {
    const side = paths(isHost)
    if (isHost) side.made.receive("1-1/1", { n: 0, ack: 0 })
    else side.made.call()
    side.made.end()
    await side.load()
    assert.deepEqual([side.relayed, side.made.path, side.opened], [[], null, []])
    const failing = paths(isHost)
    if (isHost) failing.made.receive("1-1/1", { n: 0, ack: 0 })
    else failing.made.call()
    failing.made.end()
    await failing.failToLoad()
    assert.deepEqual(failing.failures, [])
  }
})

test("what comes to a host before the code waits, in order, and no more than some", async () => {
  const side = paths(true)
  side.made.receive("1-1/1", { n: 0, ack: 0 })
  for (let n = 1; n <= 1_000; n++) side.made.receive("1-1/1", { n, ack: 0, packets: [beat] })
  assert.equal(side.loads, 1)
  await side.load()
  assert.deepEqual([side.opened, side.received.length], [["1-1/1"], MAX_EARLY_BATCHES - 1])
  side.made.stop()
  side.made.end()
  await pass(side.clock, 0)
  assert.equal(side.clock.pending, 0)
})

test("a client's new path takes the place of the former one, whose batches are no longer heard", async () => {
  const side = paths(true)
  side.made.receive("1-1/1", { n: 0, ack: 0 })
  await side.load()
  side.made.receive("1-1/2", { n: 0, ack: 0 })
  await side.load()
  assert.deepEqual([side.opened, side.replaced, side.made.path.name], [["1-1/1", "1-1/2"], ["1-1/1"], "1-1/2"])
  side.made.receive("1-1/1", { n: 1, ack: 0, packets: [beat] })
  assert.deepEqual([side.received, side.loads], [[], 2])
  side.made.receive("1-1/2", { n: 1, ack: 0, packets: [beat] })
  assert.deepEqual(side.received, [["1-1/2", "Heartbeat"]])
  side.made.stop()
  side.made.receive("1-1/2", { n: 2, ack: 0, packets: [beat] })
  assert.deepEqual([side.received.length, side.made.path, side.loads], [1, null, 2])
  side.made.end()
  await pass(side.clock, 0)
  assert.equal(side.clock.pending, 0)
})

test("of several paths that came before the code, the last one is taken", async () => {
  const side = paths(true)
  for (const number of [1, 3, 2]) side.made.receive(`1-1/${number}`, { n: 0, ack: 0 })
  await side.load()
  assert.equal(side.made.path.name, "1-1/3")
  side.made.stop()
  side.made.end()
})

test("where the server carries nothing, it isn't asked", async () => {
  const side = paths(false)
  side.relay = "off"
  side.made.call()
  await pass(side.clock, CALL_PAUSE_MS)
  assert.deepEqual([side.made.isOff, side.loads, side.clock.pending], [true, 0, 0])
})

test("a host begins a link under a name that no client's path has, and answers a client that calls meanwhile", async () => {
  const side = paths(true)
  side.made.call()
  await side.load()
  assert.deepEqual([side.relayed, side.opened], [[["1-1/0", { n: 0, ack: 0 }]], []])
  side.made.receive("1-1/0", { n: 1, ack: 0, packets: [beat] })
  assert.deepEqual([side.opened, side.received], [["1-1/0"], [["1-1/0", "Heartbeat"]]])
  side.made.receive("1-1/1", { n: 0, ack: 0 })
  await side.load()
  assert.deepEqual([side.made.path.name, side.replaced], ["1-1/1", ["1-1/0"]])
  side.made.receive("1-1/0", { n: 2, ack: 0, packets: [beat] })
  assert.equal(side.received.length, 1)
  side.made.stop()
  side.made.end()
  await pass(side.clock, 0)
  assert.equal(side.clock.pending, 0)
})

test("a client answers the host that begins a link, and calls under its own names later", async () => {
  const side = paths(false)
  side.made.receive("1-1/0", { n: 0, ack: 0 })
  side.made.call() // it is under way already
  await side.load()
  await pass(side.clock, 0)
  assert.deepEqual([side.opened, side.relayed], [["1-1/0"], [["1-1/0", { n: 0, ack: 0 }]]])
  side.made.stop()
  side.made.call()
  await side.load()
  assert.deepEqual([side.made.path.name, side.loads], ["1-1/1", 2])
  side.made.stop()
  side.made.end()
  await pass(side.clock, 0)
  assert.equal(side.clock.pending, 0)
})

for (const [when, happen] of Object.entries({ "has called itself": (made) => made.call(), "has another path": (made) => made.settled(), "has stopped that one": (made) => made.stop() })) {
  test(`a client that ${when} takes no path that its host begins`, async () => {
    const side = paths(false)
    happen(side.made)
    side.made.receive("1-1/0", { n: 0, ack: 0 })
    if (side.loads > 0) await side.load()
    assert.deepEqual(side.opened, [])
    side.made.stop()
    side.made.end()
    assert.equal(side.clock.pending, 0)
  })
}

test("names without a number, and of a client's own, open nothing", async () => {
  const side = paths(true)
  for (const name of ["", "/", "1-1", "1-1/", "1-1/x", "1-1/0", "1-1/-1", "1-1/NaN"]) side.made.receive(name, { n: 0, ack: 0 })
  assert.equal(side.loads, 0)
  const client = paths(false)
  client.made.receive("1-1/1", { n: 0, ack: 0 })
  assert.deepEqual([client.loads, client.made.path], [0, null])
})

test("the link is what stands before the last slash", () => {
  assert.deepEqual(["1-1/1", "a/b/2", "1-1", "/", "", "1-1/"].map(linkOf), ["1-1", "a/b", "", "", "", "1-1"])
})

test("a silence is the server's fault for a time after it was lost while it carried the link", async () => {
  const side = paths(false)
  side.made.ended(new P2pError("signaling_lost"), false)
  assert.equal(side.made.isExcused, false)
  side.made.ended(new P2pError("signaling_lost"), true)
  assert.equal(side.made.isExcused, true)
  side.clock.advance(SERVER_PATIENCE_MS)
  assert.equal(side.made.isExcused, false)
  side.made.ended(new P2pError("signaling_lost"), true)
  side.made.settled()
  assert.equal(side.made.isExcused, false)
})
