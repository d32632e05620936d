import assert from "node:assert/strict"
import { test } from "node:test"

import { Channel, CLOSE_TIMEOUT_MLS, MAX_BUFFERED_BYTES } from "../../static/js/channel.js"
import { FakeClock, pass, settle } from "./support/fake_clock.js"
import { FakeDataChannel, FakeNetwork } from "./support/fake_rtc.js"

/** Two channels, open and wired to each other. */
function pair() {
  const network = new FakeNetwork()
  const clock = new FakeClock()
  const [raw, far] = [new FakeDataChannel(network), new FakeDataChannel(network)]
  Object.assign(raw, { twin: far, readyState: "open" })
  Object.assign(far, { twin: raw, readyState: "open" })
  const log = []
  const delegate = (name) => ({
    channelOpened: () => log.push(`${name} opened`),
    channelReceived: (frame) => log.push(`${name} received ${frame.type} ${frame.data}`),
    channelClosed: () => log.push(`${name} closed`),
  })
  const near = new Channel({ channel: /** @type {any} */ (raw), delegate: delegate("near"), clock })
  const other = new Channel({ channel: /** @type {any} */ (far), delegate: delegate("far"), clock })
  return { network, clock, raw, far, near, other, log }
}

test("a channel that is open when it comes is used when it says so", async () => {
  const { raw, log } = pair()
  await settle()
  assert.deepEqual(log, [])
  raw.onopen()
  assert.deepEqual(log, ["near opened"])
})

test("frames arrive in order; what makes no sense is counted and dropped", async () => {
  const { raw, near, other, log } = pair()
  await settle()
  log.length = 0
  near.send({ type: "Data", id: 1, data: "a" })
  raw.send("nonsense")
  raw.send('{"type":"Unknown"}')
  near.send({ type: "Data", id: 2, data: "b" })
  await settle()
  assert.deepEqual(log, ["far received Data a", "far received Data b"])
  assert.equal(other.badFrames, 2)
})

test("nothing is sent before the channel is open, nor after", () => {
  const channel = new FakeDataChannel(new FakeNetwork())
  const { near } = { near: new Channel({ channel: /** @type {any} */ (channel), delegate: /** @type {any} */ ({}), clock: new FakeClock() }) }
  assert.ok(!near.isOpen)
  assert.throws(() => near.sendText("{}"), { code: "not_joined" })
  channel.readyState = "closed"
  assert.throws(() => near.sendText("{}"), { code: "not_joined" })
})

test("only so much may wait in it, and what has left makes room", () => {
  const { raw, near } = pair()
  raw.stall()
  const text = "x".repeat(MAX_BUFFERED_BYTES / 4)
  for (let number = 0; number < 4; number++) near.sendText(text)
  assert.throws(() => near.sendText("x"), { code: "rate_limited" })
  raw.resume()
  near.sendText("x")
})

test("the browser's refusals are typed: too large for the other side, or too much at once", () => {
  const { raw, near } = pair()
  raw.maxMessageSize = 10
  assert.throws(() => near.sendText("x".repeat(11)), ({ code, cause }) => code === "too_large" && cause instanceof TypeError)
  near.sendText("x".repeat(10))
  raw.send = () => { throw new DOMException("full", "OperationError") }
  assert.throws(() => near.sendText("x"), { code: "rate_limited" })
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
  near.send({ type: "Data", id: 1, data: "last words" })
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
  await pass(clock, CLOSE_TIMEOUT_MLS - 1)
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
