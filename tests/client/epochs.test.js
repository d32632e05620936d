import assert from "node:assert/strict"
import { test } from "node:test"

import { STATE } from "../../static/js/wire/frames.js"
import { SETTLE_MS } from "../../static/js/messaging/recovery.js"
import { fate, HEARTBEAT, World } from "./support/world.js"

const JOINING_MS = 100

/**
 * A session whose host, ann, has it back under epoch 7, after the server had forgotten it and elected dan.
 * @param {object} [options] of bob, who was there before
 */
async function resumed(options = {}) {
  const world = new World()
  const [ann] = await world.session("ann")
  const bob = world.page("bob", options)
  bob.peer.start()
  await world.pass(JOINING_MS)
  world.server.forgetUntil(5)
  const dan = world.page("dan")
  dan.peer.start()
  await world.pass(JOINING_MS)
  assert.deepEqual([world.server.host, world.server.epoch], ["ann", 7])
  return { world, ann, bob, dan }
}

const epochs = (...pages) => pages.map(({ peer }) => peer.epoch)

test("a session has one epoch: the clients of a host that has it back under another learn of it, once, and notice nothing else", async () => {
  for (const keepSignaling of [false, true]) {
    const { world, ann, bob, dan } = await resumed({ keepSignaling })
    assert.deepEqual(epochs(ann, bob, dan), [7, 7, 7])
    await world.pass(1_000)
    for (const { hosts } of [ann, bob]) assert.deepEqual(hosts, [{ hostPeerId: "ann", epoch: 1 }, { hostPeerId: "ann", epoch: 7 }])
    assert.deepEqual(bob.states, ["negotiating", "connecting", "connected"])
  }
})

test("a newcomer after that is told once", async () => {
  const { world } = await resumed()
  const [eve] = await world.session("eve")
  await world.pass(1_000)
  assert.deepEqual([eve.hosts, eve.peer.epoch], [[{ hostPeerId: "ann", epoch: 7 }], 7])
})

test("a client that learns of it can leave, or say something, from within that news", async () => {
  for (const act of [(page) => page.peer.close(), (page) => page.peer.reconnect(), (page) => fate(page.peer.send("from within"))]) {
    const world = new World()
    const [ann, bob] = await world.session("ann", "bob")
    bob.on.host = ({ epoch }) => { if (epoch === 7) act(bob) }
    world.server.forgetUntil(5)
    await world.session("dan")
    await world.pass(1_000)
    assert.ok(["closed", "connected"].includes(bob.lastState ?? ""))
    assert.equal(ann.lastState, "connected")
  }
})

test("what is said before, while and after the epoch changes is shown once, to all, in order", async () => {
  const world = new World()
  const [ann, bob] = await world.session("ann", "bob")
  bob.on.host = ({ epoch }) => fate(bob.peer.send(`under ${epoch}`))
  fate(bob.peer.send("before"))
  world.server.forgetUntil(5)
  const [dan] = await world.session("dan")
  fate(bob.peer.send("after"))
  await world.pass(1_000)
  for (const { texts } of [ann, bob]) assert.deepEqual(texts, ["bob: before", "bob: under 7", "bob: after"])
  const told = dan.texts
  bob.on = {}
  ann.peer.abort()
  await world.pass(1_000)
  assert.deepEqual([epochs(bob, dan), bob.texts.length, dan.texts], [[8, 8], 3, told])
})

test("what only a client of old was shown under the new epoch is news to the next host, which was elected in between", async () => {
  const { world, ann, bob, dan } = await resumed()
  const toDan = world.network.all[2].channels
  const carry = world.network.carry.bind(world.network)
  world.network.carry = (channel, arrive) => { if (!toDan.includes(channel)) carry(channel, arrive) }
  fate(ann.peer.send("last words"))
  await world.pass(100)
  assert.deepEqual([bob.texts, dan.texts], [["ann: last words"], []])
  bob.signaling.isAwake = false
  ann.peer.abort()
  await world.pass(HEARTBEAT.idleTimeoutMs + 1_000)
  bob.signaling.isAwake = true
  world.server.connect(bob.signaling)
  await world.pass(SETTLE_MS + 1_000)
  assert.deepEqual([dan.peer.iamHost, bob.peer.hostPeerId, dan.texts], [true, "dan", ["ann: last words"]])
})

test("a client whose kept socket comes back after that needs no new connection, whatever epoch it last heard of", async () => {
  for (const learns of [true, false]) {
    const { world, ann, bob } = await resumed({ keepSignaling: true })
    const ends = world.network.all.length
    if (!learns) bob.signaling.delegate.signalingReady({ peer_id: "bob", host_peer_id: "ann", epoch: 7, ice_servers: [] })
    world.server.dropSocket("bob")
    world.server.connect(bob.signaling)
    await world.pass(1_000)
    assert.deepEqual(world.server.heard("join").findLast(({ peerId }) => peerId === "bob")?.payload, { connected_epoch: 7 })
    assert.deepEqual([bob.states.length, bob.errorCodes, world.network.all.length, ann.presence.bob], [3, [], ends, "connected"])
  }
})

test("a host may say any number: its clients judge the server's word by what the server has said", async () => {
  const { world, ann, bob } = await resumed()
  const [channel] = world.network.all[0].channels
  channel.send(JSON.stringify({ type: STATE, data: {}, epoch: Number.MAX_SAFE_INTEGER }))
  await world.pass(100)
  assert.equal(bob.peer.epoch, Number.MAX_SAFE_INTEGER)
  ann.peer.abort()
  await world.pass(1_000)
  assert.equal(bob.lastState, "connected")
  assert.equal(bob.peer.epoch, 8)
})

test("a client whose kept socket comes back before it has heard of the new epoch stays in, whichever word is faster", async () => {
  for (const [serverMs, networkMs] of [[0, 0], [0, 50], [50, 0], [20, 50], [50, 20]]) {
    const world = new World()
    const [ann] = await world.session("ann")
    const bob = world.page("bob", { keepSignaling: true })
    bob.peer.start()
    await world.pass(JOINING_MS)
    world.server.latency = (peerId) => (peerId === "bob" ? serverMs : 0)
    world.network.carry = (_channel, arrive) => void world.clock.setTimeout(arrive, networkMs)
    world.server.dropSocket("bob")
    world.server.forgetUntil(5)
    const dan = world.page("dan")
    dan.peer.start()
    await world.pass(1)
    world.server.connect(bob.signaling)
    await world.pass(10_000)
    const when = `${serverMs} ms from the server, ${networkMs} ms from the host`
    assert.deepEqual([bob.lastState, bob.errorCodes, ...epochs(ann, bob, dan)], ["connected", [], 7, 7, 7], when)
    assert.deepEqual([ann.presence.bob, world.server.sockets.includes("bob")], ["connected", true], when)
  }
})

test("a client that answers under the epoch before, as no word of the new one has reached it, finds it by that", async () => {
  const world = new World()
  const [ann] = await world.session("ann")
  world.server.latency = (peerId) => (peerId === "bob" ? 5 : 0)
  let hasOffer = false
  world.server.loses = (event, _payload, peerId) => {
    if (event === "sdp_offer" && !hasOffer) {
      hasOffer = true
      world.server.forgetUntil(5)
      world.page("dan").peer.start()
    }
    return event === "host_changed" && peerId === "bob"
  }
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(1_000)
  assert.deepEqual([bob.lastState, bob.errorCodes, ...epochs(ann, bob)], ["connected", [], 7, 7])
})
