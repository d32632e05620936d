import assert from "node:assert/strict"
import { test } from "node:test"

import { CALM_MS } from "../../../static/js/session/reconnection.js"
import { MAX_REJOINS } from "../../../static/js/base/backoff.js"
import { ERRORS, P2pError } from "../../../static/js/base/errors.js"
import { CONNECT_TIMEOUT_MS, fate, HEARTBEAT, World } from "../support/world.js"

const AWHILE_MS = 60_000

/** What the server may say to somebody whom it never takes again. */
const FINAL = Object.entries(ERRORS).filter(([code, { retry }]) => !retry && ["bad_request", "unauthorized", "token_expired", "too_large", "unsupported"].includes(code)).map(([code]) => code)

/** The host falls asleep, and the others go on without it. @param {World} world @param {import("../support/world.js").Page} page */
async function sleep(world, page) {
  page.signaling.isAwake = false
  world.network.isCut = true
  world.server.dropSocket("ann")
  await world.pass(HEARTBEAT.idleTimeoutMs + 1_000)
  world.network.isCut = false
}

test("a host that sleeps until its token has expired is the host no more: it has failed, and says that once", async () => {
  const world = new World()
  const [ann, bob, cleo] = await world.session("ann", "bob", "cleo")
  await sleep(world, ann)
  await world.pass(1_000)
  world.server.refuse = (peerId) => (peerId === "ann" ? new P2pError("token_expired") : null)
  ann.signaling.isAwake = true
  world.server.connect(ann.signaling)
  await world.pass(AWHILE_MS)
  assert.deepEqual([ann.lastState, ann.errorCodes, ann.peer.iamHost], ["failed", ["token_expired"], false])
  assert.match(ann.errors[0].hint, /anew/)
  assert.equal(bob.peer.hostPeerId, cleo.peer.hostPeerId)
  assert.notEqual(bob.peer.hostPeerId, "ann")
  await assert.rejects(ann.peer.send("to nobody"), { code: "not_joined" })
})

for (const code of FINAL) {
  test(`a host that was alone, and that the server won't have back (${code}), has failed`, async () => {
    const world = new World()
    const [ann] = await world.session("ann")
    const waiting = fate(ann.peer.request("bob", "t", 1))
    world.server.refuse = () => new P2pError(/** @type {any} */ (code))
    world.server.dropSocket("ann")
    world.server.connect(ann.signaling)
    await world.pass(100)
    assert.deepEqual([ann.lastState, ann.errorCodes, ann.peer.iamHost], ["failed", [code], false])
    assert.notEqual(waiting.is, "pending")
    await world.pass(AWHILE_MS)
    assert.equal(world.clock.pending, 0)
  })
}

test("a host with clients that the server won't have back leaves them to the next one: newcomers find the same session", async () => {
  const world = new World()
  const [ann, bob, cleo] = await world.session("ann", "bob", "cleo")
  world.server.refuse = (peerId) => (peerId === "ann" ? new P2pError("token_expired") : null)
  world.server.dropSocket("ann")
  world.server.connect(ann.signaling)
  const said = fate(bob.peer.send("whither"))
  await world.pass(1_000)
  const [dan] = await world.session("dan")
  await world.pass(1_000)
  assert.deepEqual([ann.lastState, ann.errorCodes], ["failed", ["token_expired"]])
  for (const { lastState, peer, errors, texts } of [bob, cleo]) assert.deepEqual([lastState, peer.hostPeerId, peer.epoch, errors, texts], ["connected", dan.peer.hostPeerId, dan.peer.epoch, [], ["bob: whither"]])
  assert.equal(said.is, "resolved")
})

test("where nobody is let in any more, each says why", async () => {
  const world = new World()
  const pages = await world.session("ann", "bob", "cleo")
  world.server.refuse = () => new P2pError("unauthorized")
  world.server.stop()
  world.server.restart()
  await world.pass(1_000)
  for (const { lastState, errorCodes } of pages) assert.deepEqual([lastState, errorCodes], ["failed", ["unauthorized"]])
})

test("a client whose kept socket the server won't have back stays with its host, says so once, and fails when that one goes", async () => {
  const world = new World()
  const [ann] = await world.session("ann")
  const bob = world.page("bob", { keepSignaling: true })
  bob.peer.start()
  await world.pass(100)
  world.server.refuse = (peerId) => (peerId === "bob" ? new P2pError("token_expired") : null)
  world.server.dropSocket("bob")
  world.server.connect(bob.signaling)
  await world.pass(AWHILE_MS)
  assert.deepEqual([bob.lastState, bob.errorCodes], ["connected", ["token_expired"]])
  ann.peer.close()
  await world.pass(1_000)
  assert.deepEqual([bob.lastState, bob.errorCodes], ["failed", ["token_expired", "token_expired"]])
})

test("a host that is asked for patience again and again says so once", async () => {
  for (const code of /** @type {const} */ (["session_full", "unavailable", "rate_limited"])) {
    const world = new World()
    const [ann] = await world.session("ann")
    world.server.refuse = () => new P2pError(code, { retryAfterMls: 5_000 })
    world.server.dropSocket("ann")
    world.server.connect(ann.signaling)
    await world.pass(AWHILE_MS)
    assert.deepEqual([ann.lastState, ann.errorCodes], ["connected", [code]])
    world.server.refuse = () => null
    await world.pass(10_000)
    assert.deepEqual([ann.peer.iamHost, world.server.sockets], [true, ["ann"]])
  }
})

test("a host that is alone, and that the server doesn't take for long, gives up", async () => {
  const world = new World()
  const [ann] = await world.session("ann")
  world.server.refuse = () => new P2pError("session_full", { retryAfterMls: 5_000 })
  world.server.dropSocket("ann")
  world.server.connect(ann.signaling)
  await world.pass(2 * MAX_REJOINS * 5_000)
  assert.deepEqual([ann.lastState, ann.errorCodes, ann.peer.iamHost, world.clock.pending], ["disconnected", ["session_full", "session_full"], false, 0])
  assert.ok(world.server.heard("join").length <= 2 + MAX_REJOINS)
})

test("one that has clients goes on with them, and asks at a slower pace until the server takes it", async () => {
  const world = new World()
  const [ann, bob] = await world.session("ann", "bob")
  world.server.refuse = (peerId) => (peerId === "ann" ? new P2pError("unavailable", { retryAfterMls: 100 }) : null)
  world.server.dropSocket("ann")
  world.server.connect(ann.signaling)
  await world.pass(20 * CALM_MS)
  const joins = world.server.heard("join").filter(({ peerId }) => peerId === "ann").length
  assert.ok(joins > MAX_REJOINS && joins <= 4 * MAX_REJOINS, `${joins} joins`)
  assert.deepEqual([ann.lastState, ann.peer.iamHost, bob.lastState], ["connected", true, "connected"])
  world.server.refuse = () => null
  await world.pass(2 * CALM_MS)
  assert.deepEqual(world.server.sockets, ["ann"])
})

for (const code of /** @type {const} */ (["forbidden", "session_expired", "peer_replaced"])) {
  test(`a host that comes back and is thrown out (${code}) has no place any more`, async () => {
    const world = new World()
    const [ann] = await world.session("ann")
    world.server.refuse = () => new P2pError(code)
    world.server.dropSocket("ann")
    world.server.connect(ann.signaling)
    await world.pass(100)
    assert.deepEqual([ann.lastState, ann.errorCodes, ann.peer.iamHost], ["closed", [code], false])
  })
}

test("a client that is to be the next host, and is thrown out instead, is out", async () => {
  const world = new World()
  const [ann, bob] = await world.session("ann", "bob")
  world.server.refuse = (peerId) => (peerId === "bob" ? new P2pError("forbidden") : null)
  const handed = fate(ann.peer.handOver("bob"))
  await world.pass(100)
  assert.deepEqual([bob.lastState, bob.errorCodes], ["closed", ["forbidden"]])
  await world.pass(20_000)
  assert.deepEqual([handed.is, ann.peer.iamHost, ann.presence.bob], ["unavailable", true, "disconnected"])
})

test("close from within a refusal is the end", async () => {
  const world = new World()
  const [ann] = await world.session("ann")
  ann.on.error = () => ann.peer.close()
  world.server.refuse = () => new P2pError("internal")
  world.server.dropSocket("ann")
  world.server.connect(ann.signaling)
  await world.pass(AWHILE_MS)
  assert.deepEqual([ann.lastState, ann.errorCodes, world.server.heard("join").length], ["closed", ["internal"], 2])
})

test("a host that doesn't reach the server for long says so, once, and goes on", async () => {
  const world = new World()
  const [ann, bob] = await world.session("ann", "bob")
  const cleo = world.page("cleo", { keepSignaling: true })
  cleo.peer.start()
  await world.pass(100)
  world.server.stop()
  await world.pass(CONNECT_TIMEOUT_MS - 1)
  for (const { errors } of [ann, bob, cleo]) assert.deepEqual(errors, [])
  await world.pass(10 * CONNECT_TIMEOUT_MS)
  assert.deepEqual([ann, bob, cleo].map(({ errorCodes }) => errorCodes), [["signaling_lost"], [], ["signaling_lost"]])
  assert.equal(ann.errors[0].retry, true)
  assert.deepEqual([ann, bob, cleo].map(({ lastState }) => lastState), ["connected", "connected", "connected"])
  world.server.restart()
  await world.pass(100)
  world.server.stop()
  await world.pass(CONNECT_TIMEOUT_MS)
  assert.deepEqual(ann.errorCodes, ["signaling_lost", "signaling_lost"])
})

test("one that is let in again in time, or has left meanwhile, says nothing", async () => {
  for (const end of [(world) => world.server.restart(), (_world, ann) => ann.peer.close(), (_world, ann) => ann.peer.reconnect()]) {
    const world = new World()
    const [ann] = await world.session("ann")
    world.server.stop()
    await world.pass(1_000)
    end(world, ann)
    await world.pass(1_000)
    world.server.restart()
    await world.pass(10 * CONNECT_TIMEOUT_MS)
    assert.deepEqual(ann.errors, [])
  }
})
