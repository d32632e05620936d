import assert from "node:assert/strict"
import { test } from "node:test"

import { ASK_AGAIN_MS, ATTEMPT_PAUSE_MS, ATTEMPTS_MS, ClientUpkeep, HEAD_START_MS, HostUpkeep } from "../../../static/js/transport/upkeep.js"
import { FakeClock } from "../support/fake_clock.js"

function client() {
  const clock = new FakeClock()
  const log = []
  const tell = (what) => () => log.push([clock.now(), what])
  return { clock, log, made: new ClientUpkeep({ clock, tasks: { callOverServer: tell("call"), ask: tell("ask") } }) }
}

function host() {
  const clock = new FakeClock()
  const log = []
  return { clock, log, made: new HostUpkeep({ clock, attempt: (isFirst) => log.push([clock.now(), isFirst]) }) }
}

test("the host's paths have their time before the server is called", () => {
  const { clock, log, made } = client()
  made.begin(2_000)
  clock.advance(10_000)
  assert.deepEqual(log, [[2_000, "call"]])
  made.stop()
  assert.equal(clock.pending, 0)
})

test("a direct path in time calls nobody", () => {
  const { clock, log, made } = client()
  made.begin(2_000)
  clock.advance(1_999)
  made.settled(true)
  clock.advance(60_000)
  made.serverReached()
  assert.deepEqual([log, clock.pending], [[], 0])
})

test("who goes over the server calls again whenever the server is reached, until a direct path carries the link", () => {
  const { clock, log, made } = client()
  made.begin(2_000)
  clock.advance(2_000)
  made.settled(false)
  made.serverReached()
  made.settled(true)
  made.serverReached()
  assert.deepEqual(log.map(([, what]) => what), ["call", "call"])
})

test("so does a client whose host has begun over the server", () => {
  const { log, made } = client()
  made.begin(2_000)
  made.settled(false)
  made.serverReached()
  made.settled(true)
  made.serverReached()
  assert.deepEqual(log.map(([, what]) => what), ["call"])
})

test("a silent host is asked at once, and again every ASK_AGAIN_MS, until a path carries the link", () => {
  const { clock, log, made } = client()
  made.suspect(0)
  made.suspect(0)
  clock.advance(2 * ASK_AGAIN_MS)
  assert.deepEqual([made.isRepairing, log], [true, [[0, "ask"], [ASK_AGAIN_MS, "ask"], [2 * ASK_AGAIN_MS, "ask"]]])
  made.serverReached()
  assert.equal(log.at(-1)[1], "call")
  made.settled(false)
  clock.advance(60_000)
  assert.deepEqual([made.isRepairing, log.length, clock.pending], [false, 4, 0])
})

test("a host that may be silent has its time, and isn't asked if it is heard", () => {
  const { clock, log, made } = client()
  made.suspect(700)
  assert.equal(made.isRepairing, false)
  clock.advance(699)
  made.settled(true)
  clock.advance(10_000)
  assert.deepEqual(log, [])
  made.suspect(700)
  clock.advance(700)
  assert.deepEqual([made.isRepairing, log.length], [true, 1])
  made.stop()
  assert.equal(clock.pending, 0)
})

test("where the server carries a link first, the host looks for a direct path a little later, and goes on trying", () => {
  const { clock, log, made } = host()
  made.hold()
  made.lacksPath()
  clock.advance(HEAD_START_MS + ATTEMPTS_MS[0])
  assert.deepEqual(log, [[HEAD_START_MS, true], [HEAD_START_MS + ATTEMPTS_MS[0], false]])
  made.settled()
  clock.advance(60_000)
  assert.deepEqual([log.length, clock.pending], [2, 0])
})

test("a link that is over before that looks for none", () => {
  const { clock, log, made } = host()
  made.hold()
  made.stop()
  clock.advance(60_000)
  assert.deepEqual([log, clock.pending], [[], 0])
})

test("a host tries again after 5, 15, 30 and 60 seconds, and every minute then; only the first may restart what is there", () => {
  const { clock, log, made } = host()
  made.lacksPath()
  clock.advance(5_000 + 15_000 + 30_000 + 3 * 60_000)
  let at = 0
  const times = [...ATTEMPTS_MS, 60_000, 60_000].map((ms) => (at += ms))
  assert.deepEqual(log, times.map((time, index) => [time, index === 0]))
  made.stop()
  assert.equal(clock.pending, 0)
})

test("the news that there is no path changes nothing while an attempt is to come", () => {
  const { clock, log, made } = host()
  made.lacksPath()
  clock.advance(4_000)
  made.lacksPath()
  clock.advance(1_000)
  assert.equal(log.length, 1)
})

test("a client that asks is served at once, but not more often than once in ATTEMPT_PAUSE_MS", () => {
  const { clock, log, made } = host()
  for (let ms = 0; ms < 10 * ATTEMPT_PAUSE_MS; ms += 100) {
    made.repair()
    clock.advance(100)
  }
  assert.deepEqual(log, Array.from({ length: 10 }, (_, index) => [index * ATTEMPT_PAUSE_MS, index === 0]))
  assert.equal(clock.pending, 1)
})

test("a direct path ends the attempts, and the next loss begins from the first", () => {
  const { clock, log, made } = host()
  made.lacksPath()
  clock.advance(20_000)
  made.settled()
  assert.deepEqual([log.length, clock.pending], [2, 0])
  made.lacksPath()
  clock.advance(ATTEMPTS_MS[0])
  assert.deepEqual(log.at(-1), [25_000, true])
})
