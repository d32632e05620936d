import assert from "node:assert/strict"
import { test } from "node:test"

import { FROM_HOST } from "../../../static/js/base/limits.js"
import { CLOSE_TIMEOUT_MS } from "../../../static/js/transport/data_channel.js"
import { DirectPath } from "../../../static/js/transport/direct_path.js"
import { DirectPaths } from "../../../static/js/transport/direct_paths.js"
import { Intake } from "../../../static/js/transport/intake.js"
import { DATA, encodeFrame, HEARTBEAT } from "../../../static/js/wire/frames.js"
import { FakeClock, pass, settle } from "../support/fake_clock.js"
import { FakeNetwork } from "../support/fake_rtc.js"

const hello = (id) => encodeFrame({ type: DATA, senderId: "s", inc: "i", id, data: "hello" })

/** What every end has, and what it tells. @param {FakeClock} clock @param {FakeNetwork} network */
function endOf(clock, network) {
  const end = { log: [], frames: [], pcs: [] }
  end.options = {
    clock,
    intake: new Intake({ rates: FROM_HOST, clock, exhausted: ({ code }) => end.log.push(code) }),
    delegate: /** @type {any} */ ({
      pathNegotiated: () => undefined,
      pathOpened: () => end.log.push("opened"),
      pathRouted: ({ route }) => end.log.push(route),
      pathReceived: (_path, frame) => end.frames.push(frame),
      pathDrained: () => undefined,
      pathWarned: () => undefined,
      pathTroubled: (_path, { code }) => end.log.push(`troubled: ${code}`),
      pathEnded: (_path, { code }) => end.log.push(`ended: ${code}`),
      pathFailedToGather: () => undefined,
    }),
    RTCPeerConnection: /** @type {any} */ (class extends network.RTCPeerConnection {
      constructor(config) {
        super(config)
        end.pcs.push(this)
      }
    }),
  }
  return /** @type {any} */ (end)
}

/** The two ends of one direct path. */
async function pair() {
  const clock = new FakeClock()
  const network = new FakeNetwork()
  const world = { clock, network, signals: [], /** Whether a signal gets lost. */ loses: (_from, _name, _signal) => false, host: endOf(clock, network), client: endOf(clock, network) }
  for (const [name, other] of [["host", "client"], ["client", "host"]]) {
    world[name].path = new DirectPath({
      ...world[name].options, peerId: other, negotiationId: "1-1", offers: name === "host", configuration: {},
      signal: (negotiationId, signal) => {
        world.signals.push([name, negotiationId, signal])
        if (!world.loses(name, negotiationId, signal)) queueMicrotask(() => world[other].path.receiveSignal(signal, negotiationId))
      },
    })
  }
  world.host.path.offer()
  await pass(clock, 10)
  return /** @type {any} */ (world)
}

test("a restart negotiates anew, under its own name, and keeps what is open", async () => {
  const { clock, host, client, signals } = await pair()
  const { length } = signals
  host.path.restart("1-1.2")
  await pass(clock, 100)
  assert.deepEqual([host.pcs[0].restarts, host.pcs.length, client.pcs.length], [1, 1, 1])
  const descriptions = signals.slice(length).filter(([, , signal]) => "description" in signal).map(([from, name, { description }]) => [from, name, description.type])
  assert.deepEqual(descriptions, [["host", "1-1.2", "offer"], ["client", "1-1.2", "answer"]])
  assert.deepEqual([host.path.negotiationId, client.path.negotiationId, host.log, client.log], ["1-1.2", "1-1.2", ["opened", "direct"], ["opened", "direct"]])
  host.path.send(hello(1))
  await settle()
  assert.equal(client.frames.length, 1)
})

test("a restart of a connection that was never lost isn't repeated once something arrives", async () => {
  const { clock, host, client, signals } = await pair()
  host.path.restart("1-1.2")
  await pass(clock, 100)
  for (const end of [host, client]) end.path.beat(encodeFrame({ type: HEARTBEAT }))
  await pass(clock, 0)
  const { length } = signals
  await pass(clock, 60_000)
  assert.deepEqual([signals.length - length, clock.pending], [0, 0])
})

test("a restart whose offer or answer is lost is repeated until it is answered", async () => {
  for (const lost of ["offer", "answer"]) {
    const world = await pair()
    let losses = 0
    world.loses = (_from, _name, signal) => signal.description?.type === lost && losses++ < 2
    world.host.path.restart("1-1.2")
    await pass(world.clock, 10_000)
    assert.deepEqual([world.host.pcs[0].signalingState, world.client.path.negotiationId], ["stable", "1-1.2"])
    assert.ok(losses > 2)
  }
})

test("an answer to an earlier restart, and its candidates, do no harm to a later one", async () => {
  const world = await pair()
  const held = []
  world.loses = (from, name, signal) => {
    if (from !== "client" || name !== "1-1.2") return false
    held.push(signal)
    return true
  }
  world.host.path.restart("1-1.2")
  await pass(world.clock, 100)
  world.host.path.restart("1-1.3")
  await pass(world.clock, 100)
  assert.equal(held.some(({ description }) => description?.type === "answer"), true)
  const paths = new DirectPaths(/** @type {any} */ ({ ...world.host.options, id: "1-1", peerId: "client", isHost: true, terms: { iceServers: () => [] }, signal: () => undefined }))
  for (const signal of held) assert.equal(paths.receive("1-1.2", signal, false), false)
  assert.deepEqual([world.host.path.negotiationId, world.client.path.negotiationId, world.host.pcs[0].signalingState], ["1-1.3", "1-1.3", "stable"])
  world.client.path.send(hello(1))
  await settle()
  assert.equal(world.host.frames.length, 1)
})

test("a connection that is lost says so once, and may recover; only before it was open, that is its end", async () => {
  const { clock, host } = await pair()
  const [pc] = host.pcs
  for (const state of ["disconnected", "failed", "connected", "failed"]) {
    pc.turn(state)
    await settle()
  }
  assert.deepEqual(host.log.slice(2), ["troubled: ice_failed", "troubled: ice_failed"])
  const never = endOf(clock, new FakeNetwork())
  never.path = new DirectPath({ ...never.options, peerId: "x", negotiationId: "1-1", offers: true, configuration: {}, signal: () => undefined })
  never.path.offer()
  await pass(clock, 10)
  never.pcs[0].turn("failed")
  await pass(clock, CLOSE_TIMEOUT_MS)
  assert.deepEqual([never.log, never.pcs[0].signalingState], [["ended: ice_failed"], "closed"])
})

test("a restart that makes no sense troubles what is open, and doesn't end it", async () => {
  const { host, client } = await pair()
  client.path.receiveSignal({ description: { type: "offer", sdp: "nonsense" } }, "1-1.2")
  await settle()
  assert.deepEqual([client.log.slice(2), client.path.isOpen, host.path.isOpen], [["troubled: bad_request"], true, true])
})

test("after its end a path restarts nothing, takes no signal and no servers", async () => {
  const world = await pair()
  world.host.path.close()
  await pass(world.clock, CLOSE_TIMEOUT_MS)
  const { length } = world.signals
  world.host.path.restart("1-1.2")
  world.host.path.receiveSignal({ description: { type: "answer", sdp: "v=0" } }, "1-1")
  world.host.path.configure({ iceServers: [] })
  world.host.path.abort()
  await pass(world.clock, 60_000)
  assert.deepEqual([world.signals.length, world.host.pcs[0].restarts, world.network.open.filter((pc) => world.host.pcs.includes(pc))], [length, 0, []])
})

test("other ICE servers are for the next restart, and those that a browser refuses are no error", async () => {
  const { host } = await pair()
  host.path.configure({ iceServers: [{ urls: "stun:other.example" }] })
  assert.deepEqual(host.pcs[0].config, { iceServers: [{ urls: "stun:other.example" }] })
  host.pcs[0].setConfiguration = () => { throw new DOMException("no", "InvalidAccessError") }
  host.path.configure({ iceServers: [{ urls: "bad:" }] })
  assert.equal(host.path.isOpen, true)
})

/** The direct paths of a host and its client. */
function manyPaths() {
  const clock = new FakeClock()
  const network = new FakeNetwork()
  const world = { clock, network, /** Whether a signal is kept, and not passed on. */ keeps: (_from, _name, _signal) => false, kept: [], host: endOf(clock, network), client: endOf(clock, network) }
  for (const [name, other] of [["host", "client"], ["client", "host"]]) {
    world[name].paths = new DirectPaths(/** @type {any} */ ({
      ...world[name].options, peerId: other, id: "1-1", isHost: name === "host", terms: { iceServers: () => [{ urls: "stun:one.example" }] }, iceTransportPolicy: "relay",
      signal: (negotiationId, signal, restart) => {
        if (world.keeps(name, negotiationId, signal)) world.kept.push([negotiationId, signal, restart])
        else queueMicrotask(() => world[other].paths.receive(negotiationId, signal, restart))
      },
    }))
  }
  return /** @type {any} */ (world)
}

test("a second attempt goes beside the path that is open, and a third takes the second's place", async () => {
  const { clock, network, host, client } = manyPaths()
  host.paths.attempt(false)
  await pass(clock, 10)
  network.isReachable = false
  host.paths.attempt(false)
  host.paths.attempt(false)
  await pass(clock, 10)
  for (const { paths, pcs } of [host, client]) {
    assert.equal(paths.all.length, 2)
    assert.deepEqual([pcs[0].signalingState, pcs.at(-1).signalingState, pcs.filter((pc) => pc.signalingState !== "closed").length], ["stable", "stable", 2])
    assert.deepEqual(pcs[0].config, { iceServers: [{ urls: "stun:one.example" }], iceTransportPolicy: "relay" })
  }
  for (const { paths } of [host, client]) paths.keepOnly(paths.all.find(({ isOpen }) => isOpen))
  await pass(clock, CLOSE_TIMEOUT_MS)
  assert.deepEqual([host.paths.all.length, client.paths.all.length, network.open.length, clock.pending], [1, 1, 2, 0])
})

test("only a host's offers begin something at a client, and nothing of a client's does at a host", async () => {
  const { clock, host, client } = manyPaths()
  assert.equal(client.paths.receive("1-1", { candidates: [] }, false), false)
  assert.equal(client.paths.receive("1-1", { description: { type: "answer", sdp: "v=0" } }, false), false)
  assert.equal(host.paths.receive("1-1", { description: { type: "offer", sdp: "v=0" } }, false), false)
  await pass(clock, 0)
  assert.deepEqual([host.pcs, client.pcs], [[], []])
})

for (const mayRestart of [true, false]) {
  test(`an offer that comes after a later one is passed over (${mayRestart ? "restarts" : "new connections"})`, async () => {
    const world = manyPaths()
    const { clock, host, client } = world
    host.paths.attempt(false)
    await pass(clock, 10)
    world.keeps = (_from, name) => name === "1-1.2"
    host.paths.attempt(mayRestart)
    await pass(clock, 10)
    host.paths.attempt(mayRestart)
    await pass(clock, 10)
    const made = client.pcs.length
    for (const [name, signal, restart] of world.kept) if (signal.description?.type === "offer") client.paths.receive(name, signal, restart)
    await pass(clock, 10)
    assert.deepEqual([client.pcs.length, client.paths.all[0].negotiationId, client.paths.all[0].isOpen], [made, "1-1.3", true])
  })
}

test("a restart of a connection that this page doesn't have is nothing", async () => {
  const { clock, client } = manyPaths()
  assert.equal(client.paths.receive("1-1.2", { description: { type: "offer", sdp: "v=0" } }, true), true)
  await pass(clock, 0)
  assert.deepEqual([client.pcs, client.paths.all], [[], []])
})
