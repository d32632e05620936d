import assert from "node:assert/strict"
import { test } from "node:test"

import { CLOSE_TIMEOUT_MS } from "../../../static/js/transport/data_channel.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { OFFER_PATIENCE_MS } from "../../../static/js/session/succession.js"
import { settle } from "../support/fake_clock.js"
import { GRACE_MS, IDLE_TIMEOUT_MS, RECOVERY_MS } from "../support/fake_server.js"
import { CONNECT_TIMEOUT_MS, HEARTBEAT, fate, World } from "../support/world.js"

/**
 * A world with pages that have joined one after the other.
 * @param {...string} peerIds
 */
async function open(...peerIds) {
  const world = new World()
  return { world, pages: await world.session(...peerIds) }
}

/** Nothing runs any more, and no connection is open. @param {World} world */
async function assertQuiet(world) {
  await world.pass(CLOSE_TIMEOUT_MS)
  await settle()
  assert.deepEqual(world.network.open.map(({ id }) => id), [])
  assert.equal(world.clock.pending, 0)
  assert.deepEqual(world.server.sockets, [])
}

// Joining

test("the first peer hosts, the next ones connect to it, and only the host keeps its socket", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  assert.deepEqual(ann.states, ["negotiating", "connected"])
  assert.deepEqual(bob.states, ["negotiating", "connecting", "connected"])
  assert.deepEqual([ann.peer.iamHost, bob.peer.iamHost, cleo.peer.hostPeerId, cleo.peer.epoch], [true, false, "ann", 1])
  assert.deepEqual(world.server.sockets, ["ann"])
  assert.deepEqual(world.server.heard("session_leave").map(({ peerId, payload }) => [peerId, payload.reason]), [["bob", "connected"], ["cleo", "connected"]])
  for (const { presence, errors } of [ann, bob, cleo]) {
    assert.deepEqual(presence, { ann: "connected", bob: "connected", cleo: "connected" })
    assert.deepEqual(errors, [])
  }
})

test("the host is told once, and the server's ICE servers are used", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  for (const { hosts } of [ann, bob]) assert.deepEqual(hosts, [{ hostPeerId: "ann", epoch: 1 }])
  assert.deepEqual(world.network.all[0].config.iceServers, [{ urls: "stun:stun.example" }])
})

test("with keepSignaling a client keeps its socket", async () => {
  const { world } = await open("ann")
  const bob = world.page("bob", { keepSignaling: true })
  bob.peer.start()
  await world.pass(10)
  assert.equal(bob.lastState, "connected")
  assert.deepEqual(world.server.sockets, ["ann", "bob"])
})

test("a client whose kept socket drops stays connected, and gets its socket back", async () => {
  const { world, pages: [ann] } = await open("ann")
  const bob = world.page("bob", { keepSignaling: true })
  bob.peer.start()
  await world.pass(10)
  const ends = world.network.all.length
  world.server.stop()
  await world.pass(1_000)
  world.server.restart()
  await world.pass(1_000)
  assert.deepEqual(world.server.heard("join").findLast(({ peerId }) => peerId === "bob")?.payload, { connected_epoch: 1 })
  assert.deepEqual([bob.states.length, bob.errorCodes, world.network.all.length], [3, [], ends])
  assert.deepEqual(world.server.sockets.toSorted(), ["ann", "bob"])
  assert.equal(ann.presence.bob, "connected")
})

test("a client with a kept socket follows a new host, and what was on its way arrives there", async () => {
  const { world, pages: [ann] } = await open("ann")
  const bob = world.page("bob", { keepSignaling: true })
  bob.peer.start()
  await world.pass(10)
  world.network.isCut = true
  const result = fate(bob.peer.send("whither"))
  await world.pass()
  world.network.isCut = false
  world.server.forgetUntil(4)
  world.server.loses = (event) => event === "host_changed"
  const cleo = world.page("cleo")
  cleo.peer.start()
  await world.pass(RECOVERY_MS + 100)
  world.server.loses = () => false
  for (const peerId of ["ann", "bob"]) world.server.emit(peerId, "host_changed", { host_peer_id: "cleo", epoch: 5, reason: "elected" })
  await world.pass(1_000)
  for (const { peer, errors } of [ann, bob, cleo]) assert.deepEqual([peer.state, peer.hostPeerId, peer.epoch, errors], ["connected", "cleo", 5, []])
  assert.equal(result.is, "resolved")
  for (const { texts } of [ann, bob, cleo]) assert.deepEqual(texts, ["bob: whither"])
})

test("the host's notice of a newcomer may come before its own", async () => {
  const world = new World()
  const ann = world.page("ann")
  ann.peer.start()
  ann.signaling.delegate.signalingReady({ peer_id: "bob", host_peer_id: "ann", epoch: 1, ice_servers: [] })
  assert.equal(ann.peer.iamHost, true)
  await world.pass(10)
  assert.deepEqual(ann.states, ["negotiating", "connected"])
  assert.equal(ann.hosts.length, 1)
})

test("starting twice is starting once", async () => {
  const { world, pages: [ann] } = await open("ann")
  ann.peer.start()
  const bob = world.page("bob")
  bob.peer.start()
  bob.peer.start()
  await world.pass(10)
  bob.peer.start()
  assert.equal(world.server.heard("join").length, 2)
})

// Every attempt ends

test("the server can't be reached: signaling_lost, in time", async () => {
  const world = new World()
  world.server.isDown = true
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS - 1)
  assert.deepEqual(ann.errorCodes, [])
  await world.pass(1)
  assert.deepEqual([ann.errorCodes, ann.lastState], [["signaling_lost"], "failed"])
  ann.peer.close()
  world.server.restart()
  await assertQuiet(world)
})

test("the server that comes up in time is enough", async () => {
  const world = new World()
  world.server.isDown = true
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(10_000)
  world.server.restart()
  await world.pass(10)
  assert.deepEqual([ann.lastState, ann.errorCodes], ["connected", []])
})

test("the server takes the join and says nothing more: connect_timeout, in time", async () => {
  const world = new World()
  world.server.loses = () => true
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS)
  assert.deepEqual([ann.errorCodes, ann.lastState], [["connect_timeout"], "failed"])
  assert.match(ann.errors[0].message, /server/)
  await assertQuiet(world)
})

test("the host doesn't answer: connect_timeout, in time", async () => {
  const { world, pages: [ann] } = await open("ann")
  world.server.loses = (event) => event === "sdp_offer"
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS)
  assert.deepEqual([bob.errorCodes, bob.lastState], [["connect_timeout"], "failed"])
  ann.peer.close()
  await assertQuiet(world)
})

test("there is no path: ice_failed, in time", async () => {
  const { world, pages: [ann] } = await open("ann")
  world.network.isReachable = false
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS)
  assert.deepEqual([bob.errorCodes, bob.lastState], [["ice_failed"], "failed"])
  ann.peer.close()
  await assertQuiet(world)
})

test("ICE servers that the browser refuses are named as the cause, at once", async () => {
  const { world, pages: [ann] } = await open("ann")
  const emit = world.server.emit.bind(world.server)
  world.server.emit = (peerId, event, payload) => emit(peerId, event, event === "session_ready" && peerId === "bob" ? { ...payload, ice_servers: [{ urls: "nonsense" }] } : payload)
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(100)
  assert.deepEqual([bob.errorCodes, bob.lastState], [["bad_request"], "failed"])
  assert.match(bob.errors[0].hint, /ice_servers/)
  assert.equal(ann.lastState, "connected")
  ann.peer.close()
  await assertQuiet(world)
})

for (const code of /** @type {const} */ (["token_expired", "unauthorized", "session_full", "internal"])) {
  test(`a join that is refused with ${code} ends at once`, async () => {
    const world = new World()
    world.server.refuse = () => new P2pError(code)
    const ann = world.page("ann")
    ann.peer.start()
    await world.pass(10)
    assert.deepEqual([ann.errorCodes, ann.lastState], [[code], "failed"])
    await assertQuiet(world)
  })
}

test("a join that is refused for a moment is tried again then", async () => {
  const world = new World()
  world.server.refuse = () => new P2pError("unavailable", { retryAfterMls: 700 })
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(699)
  assert.equal(world.server.heard("join").length, 1)
  world.server.refuse = () => null
  await world.pass(10)
  assert.deepEqual([ann.lastState, ann.errorCodes], ["connected", []])
  assert.equal(world.server.heard("join").length, 2)
})

test("a join that is refused for moment after moment ends in time, with what the server said", async () => {
  const world = new World()
  world.server.refuse = () => new P2pError("unavailable", { message: "Not today.", retryAfterMls: 700 })
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS)
  assert.deepEqual([ann.errors.map(({ message }) => message), ann.lastState], [["Not today."], "failed"])
  await assertQuiet(world)
})

test("a browser without WebRTC fails with the reason it is given, and joins nothing", async () => {
  const world = new World()
  const ann = world.page("ann")
  ann.peer.refuse(new P2pError("unsupported"))
  assert.deepEqual([ann.errorCodes, ann.lastState], [["unsupported"], "failed"])
  assert.deepEqual(world.server.log, [])
  await assertQuiet(world)
})

// Talking

test("what is sent before the connection is there arrives with it, in order, once", async () => {
  const { world, pages: [ann] } = await open("ann")
  const bob = world.page("bob")
  const results = ["early", "bird"].map((text) => fate(bob.peer.send(text)))
  bob.peer.start()
  await world.pass(10)
  results.push(fate(bob.peer.send("late")))
  await world.pass(10)
  for (const { texts } of [ann, bob]) assert.deepEqual(texts, ["bob: early", "bob: bird", "bob: late"])
  assert.deepEqual(results.map(({ is }) => is), ["resolved", "resolved", "resolved"])
})

test("a host's message is shown to itself and to all", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  const result = fate(ann.peer.send({ x: 1 }))
  await world.pass()
  assert.equal(result.is, "resolved")
  assert.deepEqual([ann.messages, bob.messages], [[{ type: "Data", senderId: "ann", data: { x: 1 } }], [{ type: "Data", senderId: "ann", data: { x: 1 } }]])
})

test("a message that was on its way when the host went arrives once at the next one's", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  world.server.refuse = () => new P2pError("unavailable", { retryAfterMls: 1_000 })
  ann.peer.abort()
  const result = fate(bob.peer.send("whither"))
  await world.pass(100)
  assert.equal(bob.lastState, "negotiating")
  assert.equal(result.is, "pending")
  world.server.refuse = () => null
  await world.pass(2_000)
  assert.equal(result.is, "resolved")
  for (const { texts, lastState } of [bob, cleo]) assert.deepEqual([texts, lastState], [["bob: whither"], "connected"])
})

test("a message sent between two hosts arrives at the next one", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  bob.on.disconnected = () => { bob.result = fate(bob.peer.send("kept")) }
  world.server.refuse = (peerId) => (peerId === "bob" && world.server.host !== "cleo" ? new P2pError("unavailable", { retryAfterMls: 100 }) : null)
  ann.peer.abort()
  await world.pass(5_000)
  assert.equal(bob.result.is, "resolved")
  assert.deepEqual([bob.texts, cleo.texts], [["bob: kept"], ["bob: kept"]])
})

test("a message that got no echo is sent again when the peer joins afresh, and arrives once", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  world.network.isCut = true
  const result = fate(bob.peer.send("unheard"))
  world.network.isCut = false
  bob.peer.reconnect()
  await world.pass(100)
  assert.equal(bob.lastState, "connected")
  assert.equal(result.is, "resolved")
  for (const { texts } of [ann, bob]) assert.deepEqual(texts, ["bob: unheard"])
})

test("what can't be sent is refused, before and after the connection is there", async () => {
  const world = new World()
  const ann = world.page("ann")
  await assert.rejects(ann.peer.send(undefined), { code: "unsupported" })
  ann.peer.start()
  await world.pass(10)
  await assert.rejects(ann.peer.send(1n), { code: "unsupported" })
  await assert.rejects(ann.peer.send("x".repeat(300_000)), { code: "too_large" })
})

test("sending from a peer that is over is refused, and what waited is rejected", async () => {
  const world = new World()
  const ann = world.page("ann")
  const waiting = fate(ann.peer.send("never"))
  world.server.refuse = () => new P2pError("token_expired")
  ann.peer.start()
  await world.pass(10)
  assert.equal(waiting.is, "token_expired")
  await assert.rejects(ann.peer.send("later"), { code: "not_joined" })
})

// The host is lost

test("the host says goodbye: another one is elected, without anybody's doing", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  ann.peer.close()
  await world.pass(1_000)
  const hosts = [bob, cleo].filter(({ peer }) => peer.iamHost)
  assert.equal(hosts.length, 1)
  for (const { peer, states, errors } of [bob, cleo]) {
    assert.equal(peer.state, "connected")
    assert.ok(states.includes("disconnected"))
    assert.deepEqual(errors, [])
    assert.equal(peer.hostPeerId, hosts[0].peer.hostPeerId)
    assert.ok(peer.epoch > 1)
  }
})

test("a host that becomes the host again at once goes on waiting for those who were there", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  ann.peer.abort()
  cleo.signaling.isAwake = false
  await world.pass(100)
  bob.peer.reconnect()
  await world.pass(100)
  assert.deepEqual([bob.peer.iamHost, bob.peer.epoch], [true, 3])
  const hello = fate(bob.peer.send("hello"))
  await world.pass(1_000)
  assert.equal(hello.is, "pending")
  cleo.signaling.isAwake = true
  world.server.connect(cleo.signaling)
  await world.pass(1_000)
  assert.deepEqual([hello.is, cleo.texts], ["resolved", ["bob: hello"]])
})

test("a host that falls silent is given up: the join says which epoch was lost", async () => {
  const { world, pages: [, bob] } = await open("ann", "bob")
  world.network.isCut = true
  world.server.dropSocket("ann")
  world.server.refuse = (peerId) => (peerId === "ann" ? new P2pError("unavailable", { retryAfterMls: 60_000 }) : null)
  await world.pass(HEARTBEAT.idleTimeoutMs + 100)
  const joins = world.server.heard("join").filter(({ peerId }) => peerId === "bob")
  assert.deepEqual(joins.at(-1), { peerId: "bob", event: "join", payload: { lost_epoch: 1 } })
  assert.deepEqual([bob.peer.iamHost, bob.peer.epoch, bob.lastState], [true, 2, "connected"])
})

test("a newcomer waits out the grace of a host whose socket dropped", async () => {
  const { world, pages: [ann] } = await open("ann")
  world.server.dropSocket("ann")
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(GRACE_MS - 1)
  assert.equal(bob.peer.iamHost, false)
  await world.pass(1)
  await world.pass(10)
  assert.equal(bob.peer.iamHost, true)
  assert.deepEqual(bob.errorCodes, [])
  assert.ok(ann)
})

test("a host whose socket comes back takes its seat again, and its clients notice nothing", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  world.server.stop()
  await world.pass(GRACE_MS * 2)
  world.server.restart()
  await world.pass(10)
  assert.deepEqual([ann.peer.iamHost, ann.peer.epoch, ann.states, ann.hosts.length], [true, 1, ["negotiating", "connected"], 1])
  assert.deepEqual(bob.states, ["negotiating", "connecting", "connected"])
  const cleo = (await world.session("cleo"))[0]
  assert.deepEqual(cleo.presence, { ann: "connected", bob: "connected", cleo: "connected" })
})

test("a seat survives a server that forgot everything", async () => {
  const { world, pages: [ann] } = await open("ann")
  world.server.stop()
  world.server.forget()
  world.server.restart()
  await world.pass(10)
  assert.deepEqual([ann.peer.iamHost, ann.peer.epoch, world.server.host, world.server.epoch], [true, 1, "ann", 1])
})

test("a host that the server forgot gets its session back, though somebody was elected meanwhile, and its clients notice nothing", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  const told = [ann.states.length, bob.states.length]
  world.server.forgetUntil(5)
  const dan = world.page("dan")
  dan.peer.start()
  await world.pass(100)
  assert.deepEqual([world.server.host, ann.peer.epoch, dan.peer.hostPeerId, dan.peer.iamHost], ["ann", 7, "ann", false])
  assert.deepEqual([ann.states.length, bob.states.length], told)
  fate(dan.peer.send("hello"))
  await world.pass(10)
  for (const { texts } of [ann, bob, dan]) assert.deepEqual(texts, ["dan: hello"])
  assert.deepEqual(ann.hosts.map(({ epoch }) => epoch), [1, 7])
  ann.peer.abort()
  await world.pass(100)
  assert.deepEqual(world.server.heard("join").filter(({ peerId }) => peerId === "bob").at(-1)?.payload, { lost_epoch: 7 })
})

test("a client with a kept socket stays with its host while another is elected in ignorance of it", async () => {
  const { world, pages: [ann] } = await open("ann")
  const bob = world.page("bob", { keepSignaling: true })
  bob.peer.start()
  await world.pass(100)
  const told = bob.states.length
  world.server.forgetUntil(5)
  const dan = world.page("dan")
  dan.peer.start()
  await world.pass(OFFER_PATIENCE_MS + 100)
  assert.deepEqual([ann.peer.iamHost, dan.peer.hostPeerId, bob.states.length, bob.hosts.length], [true, "ann", told, 2])
})

test("a client with a kept socket whose host hears of nothing follows the next one after a while", async () => {
  const { world } = await open("ann")
  const bob = world.page("bob", { keepSignaling: true })
  bob.peer.start()
  await world.pass(100)
  world.server.loses = (event, _payload, peerId) => event === "host_changed" && peerId === "ann"
  world.server.forgetUntil(5)
  const dan = world.page("dan")
  dan.peer.start()
  await world.pass(OFFER_PATIENCE_MS - 100)
  assert.equal(bob.peer.hostPeerId, "ann")
  await world.pass(200)
  assert.equal(bob.peer.hostPeerId, "dan")
})

test("a session that has gone on for long without its former host keeps its own", async () => {
  const { world, pages: [ann] } = await open("ann")
  world.server.loses = (event) => event === "host_changed"
  world.server.forgetUntil(5)
  const [dan] = await world.session("dan")
  await world.pass(RECOVERY_MS)
  world.server.loses = () => false
  ann.signaling.join()
  await world.pass(1_000)
  assert.deepEqual([dan.peer.iamHost, ann.peer.hostPeerId, ann.peer.epoch], [true, "dan", 6])
})

test("a client that gets no offer says so, and is introduced again", async () => {
  const { world, pages: [ann] } = await open("ann")
  world.server.loses = (event, _payload, peerId) => event === "session_ready" && peerId === "ann"
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(OFFER_PATIENCE_MS - 100)
  world.server.loses = () => false
  assert.equal(world.server.heard("join").length, 2)
  await world.pass(200)
  assert.deepEqual(world.server.heard("join").at(-1)?.payload, { lost_epoch: 1 })
  assert.deepEqual([bob.lastState, ann.peer.iamHost, bob.errors.length], ["connected", true, 0])
})

test("a newcomer that finds only a host's socket takes its place, and the host that wakes up steps down", async () => {
  const { world, pages: [ann] } = await open("ann")
  world.server.hanging.add("ann")
  world.server.loses = (_event, _payload, peerId) => peerId === "ann" && world.server.epoch === 1
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(OFFER_PATIENCE_MS + IDLE_TIMEOUT_MS - 500)
  assert.deepEqual([bob.peer.iamHost, ann.peer.iamHost, bob.lastState], [false, true, "negotiating"])
  await world.pass(1_500)
  assert.deepEqual([bob.peer.iamHost, ann.peer.hostPeerId, ann.lastState], [true, "bob", "connected"])
})

test("each join says for how long this page may stand still, in case that it hosts", async () => {
  const world = new World()
  const ann = world.page("ann", { heartbeat: { idleTimeoutMs: 9_000 } })
  ann.peer.start()
  await world.pass(10)
  world.server.stop()
  world.server.restart()
  await world.pass(1_000)
  const payloads = world.server.heard("join").map(({ payload }) => payload)
  assert.deepEqual(payloads, [{ idle_timeout_ms: 9_000 }, { idle_timeout_ms: 9_000, seat: { peerId: "ann", epoch: 1 } }])
})

test("only the present host says that it hosts, and only its own epoch", async () => {
  const { pages: [ann, bob] } = await open("ann", "bob")
  const { delegate } = ann.signaling
  assert.deepEqual(delegate.signalingProbed(1), { ok: true, epoch: 1 })
  assert.deepEqual(delegate.signalingProbed(2), { ok: false, epoch: 1 })
  assert.equal(bob.signaling.delegate.signalingProbed(1).ok, false)
  ann.peer.close()
  assert.equal(delegate.signalingProbed(1).ok, false)
})

test("a host that was superseded steps down, and its clients follow to the new one", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  const refused = new P2pError("unavailable", { retryAfterMls: 3_000 })
  world.server.refuse = (peerId) => (peerId === "ann" ? refused : null)
  world.server.dropSocket("ann")
  ann.signaling.join()
  await world.pass(GRACE_MS + 100)
  const [dan] = await world.session("dan")
  assert.deepEqual([dan.peer.iamHost, dan.peer.epoch], [true, 2])
  world.server.refuse = () => null
  await world.pass(10_000)
  for (const { peer } of [ann, bob, cleo, dan]) assert.deepEqual([peer.state, peer.hostPeerId, peer.epoch], ["connected", "dan", 2])
  assert.deepEqual(dan.presence, { dan: "connected", ann: "connected", bob: "connected", cleo: "connected" })
  assert.deepEqual(ann.errors, [])
  fate(ann.peer.send("hello"))
  await world.pass(10)
  for (const { texts } of [ann, bob, cleo, dan]) assert.deepEqual(texts, ["ann: hello"])
  for (const { peer } of [ann, bob, cleo, dan]) peer.close()
  await assertQuiet(world)
})

test("a host that hears of a higher epoch asks again, and follows", async () => {
  const { world, pages: [ann] } = await open("ann")
  const joins = world.server.heard("join").length
  ann.signaling.delegate.signalingHostChanged({ host_peer_id: "dan", epoch: 0, reason: "elected" })
  ann.signaling.delegate.signalingHostChanged({ host_peer_id: null, epoch: 2, reason: "lost" })
  ann.signaling.delegate.signalingHostChanged({ host_peer_id: "ann", epoch: 2, reason: "elected" })
  await world.pass(10)
  assert.equal(world.server.heard("join").length, joins)
  ann.signaling.delegate.signalingHostChanged({ host_peer_id: "dan", epoch: 2, reason: "elected" })
  await world.pass(10)
  assert.deepEqual(world.server.heard("join").at(-1)?.payload, { seat: { peerId: "ann", epoch: 1 } })
})

test("a client whose host goes in the middle of their negotiation joins again", async () => {
  const { world, pages: [ann] } = await open("ann")
  world.server.loses = (event) => event === "sdp_answer"
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(100)
  world.server.loses = () => false
  ann.peer.close()
  await world.pass(100)
  assert.deepEqual([bob.peer.iamHost, bob.lastState, bob.errorCodes], [true, "connected", []])
})

test("a host whose socket comes back in the middle of a negotiation goes on with it, or begins it anew", async () => {
  for (const [annMs, bobMs, downMs] of [[5, 0, 0], [5, 0, 7], [5, 5, 0], [0, 5, 3], [5, 5, 7]]) {
    for (let at = 0; at < 100; at++) {
      const { world, pages: [ann] } = await open("ann")
      world.server.latency = (peerId) => (peerId === "ann" ? annMs : bobMs)
      const bob = world.page("bob")
      bob.peer.start()
      for (let turn = 0; turn < 5 * (at % 5); turn++) await Promise.resolve()
      await world.pass(Math.floor(at / 5))
      world.server.dropSocket("ann")
      await world.pass(downMs)
      world.server.connect(ann.signaling)
      await world.pass(CONNECT_TIMEOUT_MS)
      const when = `down for ${downMs} ms at ${at}, ${annMs} and ${bobMs} ms away`
      assert.deepEqual([bob.lastState, bob.errorCodes, ann.presence.bob], ["connected", [], "connected"], when)
      assert.deepEqual(world.server.sockets, ["ann"], when)
    }
  }
})

test("a client asks again when its host's socket is back, unless it has the host's offer", async () => {
  for (const lost of ["sdp_offer", "sdp_answer"]) {
    const { world } = await open("ann")
    world.server.loses = (event) => event === lost
    const bob = world.page("bob")
    bob.peer.start()
    await world.pass(100)
    const joins = world.server.heard("join").length
    bob.signaling.delegate.signalingHostChanged({ host_peer_id: "ann", epoch: 1, reason: "resumed" })
    await world.pass(100)
    assert.equal(world.server.heard("join").length - joins, lost === "sdp_offer" ? 1 : 0)
  }
})

test("a client that joins again lets go of the connection that it was making", async () => {
  const { world } = await open("ann")
  world.server.loses = (event) => event === "sdp_answer"
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(100)
  const [, end] = world.network.all
  bob.signaling.delegate.signalingHostChanged({ host_peer_id: null, epoch: 1, reason: "lost" })
  await world.pass(CLOSE_TIMEOUT_MS)
  assert.equal(end.signalingState, "closed")
})

test("a peer that is connected while it waits to join again doesn't join again", async () => {
  const world = new World()
  world.server.refuse = () => new P2pError("unavailable", { retryAfterMls: 1_000 })
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(100)
  ann.signaling.delegate.signalingReady({ peer_id: "ann", host_peer_id: "ann", epoch: 1, ice_servers: [] })
  await world.pass(10_000)
  assert.equal(world.server.heard("join").length, 1)
  assert.deepEqual([ann.lastState, ann.errorCodes], ["connected", []])
})

test("an old session_ready is ignored", async () => {
  const { pages: [ann] } = await open("ann")
  ann.signaling.delegate.signalingReady({ peer_id: "ann", host_peer_id: "dan", epoch: 0, ice_servers: [] })
  assert.deepEqual([ann.peer.iamHost, ann.peer.epoch], [true, 1])
})

test("a peer that has lost its host finds the session though the server knows of an earlier epoch only", async () => {
  const world = new World()
  world.server.nextEpoch = () => 7
  const [ann, bob] = await world.session("ann", "bob")
  ann.signaling.isAwake = false
  world.server.dropSocket("ann")
  world.server.forget()
  world.server.nextEpoch = () => 3
  await world.session("cleo")
  assert.deepEqual([bob.peer.epoch, world.server.epoch], [7, 3])
  ann.peer.abort()
  await world.pass(2 * CONNECT_TIMEOUT_MS)
  assert.deepEqual([bob.lastState, bob.peer.hostPeerId, bob.peer.epoch], ["connected", "cleo", 3])
})

test("between two joins signals of the session that was left are ignored", async () => {
  const { world, pages: [, bob] } = await open("ann", "bob")
  const ends = world.network.all.length
  bob.peer.reconnect()
  bob.signaling.delegate.signalingReceived({ from: "ann", epoch: 1, negotiation: "1-9", description: { type: "offer", sdp: "v=0\no=end-1" } })
  assert.equal(world.network.all.length, ends)
})

test("joining afresh shows no seat, and an unchanged host is no news", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  bob.peer.reconnect()
  await world.pass(100)
  assert.deepEqual([bob.lastState, bob.hosts.length], ["connected", 1])
  ann.peer.reconnect()
  await world.pass(100)
  assert.deepEqual(world.server.heard("join").filter(({ peerId }) => peerId === "ann").map(({ payload }) => payload), [{}, {}])
  const cleo = world.page("cleo")
  for (const { peer } of [ann, bob]) peer.close()
  cleo.on.host = () => cleo.peer.close()
  cleo.peer.start()
  await world.pass(100)
  cleo.on = {}
  cleo.peer.reconnect()
  await world.pass(100)
  assert.deepEqual(world.server.log.findLast(({ event }) => event === "join")?.payload, {})
})

test("each loss is followed by a quick attempt, however many there were before", async () => {
  const { world, pages } = await open("a", "b", "c", "d", "e", "f")
  const here = new Set(pages)
  while (here.size > 1) {
    const host = [...here].find(({ peer }) => peer.iamHost)
    here.delete(host)
    host.peer.abort()
    await world.pass(50)
    for (const { peer } of here) assert.equal(peer.state, "connected", `${here.size} peers`)
  }
})

test("signals of another epoch are ignored", async () => {
  const { world, pages: [, bob] } = await open("ann", "bob")
  const ends = world.network.all.length
  bob.signaling.delegate.signalingReceived({ from: "ann", epoch: 2, negotiation: "2-1", description: { type: "offer", sdp: "v=0\no=end-1" } })
  bob.signaling.delegate.signalingReceived({ from: "ann", epoch: 1, negotiation: "1-9" })
  assert.equal(world.network.all.length, ends)
})

test("an offer that overtakes the notice of a rejoin is taken", async () => {
  for (let turns = 0; turns < 60; turns += 3) {
    const { world, pages: [ann, bob] } = await open("ann", "bob")
    let notice = null
    world.server.loses = (event, payload) => {
      if (event === "session_ready" && !notice) return Boolean(notice = payload)
      if (event === "sdp_offer") deliver()
      return false
    }
    const deliver = async () => {
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      bob.signaling.delegate.signalingReady(notice)
    }
    world.network.all[1].turn("failed")
    await world.pass(100)
    assert.equal(bob.lastState, "connected", `after ${turns} turns`)
    assert.equal(ann.presence.bob, "connected")
  }
})

test("rejoining has an end", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  ann.peer.abort()
  world.server.refuse = () => new P2pError("unavailable")
  const before = world.server.heard("join").length
  await world.pass(3_600_000)
  assert.equal(world.server.heard("join").length - before, 100)
  assert.deepEqual([bob.lastState, new Set(bob.errorCodes)], ["disconnected", new Set(["unavailable"])])
  await assertQuiet(world)
})

test("a token that has expired meanwhile ends the rejoining, told once", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  world.server.refuse = () => new P2pError("token_expired")
  ann.peer.abort()
  await world.pass(100)
  assert.deepEqual([bob.lastState, bob.errorCodes], ["failed", ["token_expired"]])
  await assertQuiet(world)
})

test("without autoReconnect a lost host is told, and nothing more is done", async () => {
  const { world, pages: [ann] } = await open("ann")
  const bob = world.page("bob", { autoReconnect: false })
  bob.peer.start()
  await world.pass(10)
  ann.peer.abort()
  await world.pass(60_000)
  assert.deepEqual([bob.lastState, bob.errorCodes], ["disconnected", ["host_lost"]])
  await assert.rejects(bob.peer.send("x"), { code: "not_joined" })
  await assertQuiet(world)
})

test("hurry ends the pause before the next attempt", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  ann.peer.abort()
  world.server.refuse = () => new P2pError("unavailable")
  await world.pass(3_000)
  world.server.refuse = () => null
  bob.peer.hurry()
  await world.pass(10)
  assert.equal(bob.peer.iamHost, true)
})

// The other page

test("a second page under the same id takes the place of a client", async () => {
  const { world, pages: [ann, before] } = await open("ann", "bob")
  const [after] = await world.session("bob")
  await world.pass(10_000)
  assert.deepEqual([before.lastState, before.errorCodes, after.lastState], ["closed", ["peer_replaced"], "connected"])
  assert.equal(ann.presence.bob, "connected")
  before.peer.reconnect()
  await world.pass(10_000)
  assert.deepEqual([before.lastState, after.lastState, after.errorCodes], ["connected", "closed", ["peer_replaced"]])
})

test("a second page under the same id takes the place of the host, and the clients follow", async () => {
  const { world, pages: [before, bob] } = await open("ann", "bob")
  const [after] = await world.session("ann")
  await world.pass(10_000)
  assert.deepEqual([before.lastState, before.errorCodes, before.peer.iamHost], ["closed", ["peer_replaced"], false])
  assert.deepEqual([after.peer.iamHost, after.peer.epoch], [true, 2])
  assert.deepEqual([bob.lastState, bob.peer.epoch, bob.errorCodes], ["connected", 2, []])
})

// The server and a session that runs

test("a host that the server throws out goes on, says so, and comes back", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  world.server.expel("ann", new P2pError("unavailable"))
  await world.pass(100)
  assert.deepEqual([ann.errorCodes, ann.lastState, bob.lastState], [["unavailable"], "connected", "connected"])
  assert.deepEqual(world.server.sockets, ["ann"])
  assert.deepEqual([ann.peer.iamHost, ann.peer.epoch], [true, 1])
})

test("the host sends rosters to the server", async () => {
  const { world } = await open("ann", "bob")
  await world.pass(1_500)
  assert.deepEqual(world.server.heard("session_roster").at(-1)?.payload, { epoch: 1, peers: { ann: "connected", bob: "connected" } })
})

test("a host that is back under its old epoch tells the server at once who is there", async () => {
  const { world, pages: [ann] } = await open("ann", "bob")
  await world.pass(1_500)
  const count = world.server.heard("session_roster").length
  world.server.stop()
  await world.pass(100)
  world.server.restart()
  await world.pass(2_000)
  assert.deepEqual([ann.peer.iamHost, ann.peer.epoch, world.server.sockets], [true, 1, ["ann"]])
  assert.deepEqual(world.server.heard("session_roster").slice(count).map(({ payload }) => payload), [{ epoch: 1, peers: { ann: "connected", bob: "connected" } }])
})

// Ending, in every state

/** @type {Record<string, (world: World) => Promise<import("../support/world.js").Page>>} */
const STATES = {
  new: async (world) => world.page("bob"),
  "waiting for the server": async (world) => {
    world.server.isDown = true
    return begin(world)
  },
  "told to come again": async (world) => {
    world.server.refuse = () => new P2pError("unavailable", { retryAfterMls: 1_000 })
    return begin(world)
  },
  "waiting for an offer": async (world) => {
    world.server.loses = (event) => event === "sdp_offer"
    return begin(world)
  },
  connecting: async (world) => {
    world.network.isReachable = false
    return begin(world)
  },
  connected: async (world) => begin(world),
  "connected as the host": async (world) => {
    world.ann.peer.close()
    return begin(world)
  },
  "waiting to rejoin": async (world) => {
    const page = await begin(world)
    world.ann.peer.abort()
    world.server.refuse = () => new P2pError("unavailable")
    await world.pass(2_000)
    return page
  },
  failed: async (world) => {
    world.server.refuse = () => new P2pError("token_expired")
    return begin(world)
  },
  closed: async (world) => {
    const page = await begin(world)
    page.peer.close()
    return page
  },
}

/** @param {World} world */
async function begin(world) {
  const page = world.page("bob")
  page.peer.start()
  await world.pass(100)
  return page
}

for (const [state, reach] of Object.entries(STATES)) {
  for (const end of ["close", "abort"]) {
    test(`${end} while ${state}: nothing is left, nothing comes back`, async () => {
      const world = new World()
      ;[world.ann] = await world.session("ann")
      const page = await reach(world)
      const waiting = fate(page.peer.send("waiting"))
      const errors = page.errors.length
      page.peer[end]()
      await settle()
      assert.notEqual(waiting.is, "pending")
      // A page that goes away may come back, and shows then why it had failed.
      assert.equal(page.lastState, state === "failed" && end === "abort" ? "failed" : "closed")
      const told = page.states.length
      world.ann.peer.close()
      world.server.isDown = false
      world.server.refuse = () => null
      page.peer.hurry()
      await world.pass(120_000)
      assert.equal(page.states.length, told)
      assert.equal(page.errors.length, errors)
      await assert.rejects(page.peer.send("x"), { code: "not_joined" })
      await assertQuiet(world)
    })
  }

  test(`reconnect while ${state}: it is connected again`, async () => {
    const world = new World()
    ;[world.ann] = await world.session("ann")
    const page = await reach(world)
    Object.assign(world.server, { isDown: false, refuse: () => null, loses: () => false })
    world.network.isReachable = true
    page.peer.reconnect()
    await world.pass(1_000)
    assert.equal(page.lastState, "connected")
    const result = fate(page.peer.send("hello"))
    await world.pass(10)
    assert.equal(result.is, "resolved")
    page.peer.close()
    world.ann.peer.close()
    await assertQuiet(world)
  })
}

// An app that acts from within what it is told

for (const news of ["negotiating", "connecting", "connected", "disconnected", "error", "peers", "host"]) {
  test(`close from within "${news}" is the end`, async () => {
    const world = new World()
    const [ann] = await world.session("ann")
    const bob = world.page("bob")
    if (news === "error") world.server.loses = (event) => event === "sdp_offer"
    bob.on[news] = () => { if (bob.lastState !== "closed") bob.peer.close() }
    bob.peer.start()
    await world.pass(news === "error" ? CONNECT_TIMEOUT_MS : 100)
    assert.equal(bob.lastState === "closed", news !== "disconnected")
    ann.peer.abort()
    await world.pass(120_000)
    assert.equal(bob.peer.state, "closed")
    assert.equal(bob.lastState, "closed")
    await assertQuiet(world)
  })

  test(`reconnect from within "${news}" ends in connected`, async () => {
    const world = new World()
    const [ann] = await world.session("ann")
    const bob = world.page("bob")
    if (news === "error") world.server.loses = (event) => event === "sdp_offer"
    let times = 0
    bob.on[news] = () => {
      world.server.loses = () => false
      if (++times === 1) bob.peer.reconnect()
    }
    bob.peer.start()
    await world.pass(20_000)
    if (news === "disconnected") ann.peer.abort()
    await world.pass(20_000)
    assert.ok(times > 0)
    assert.equal(bob.peer.state, "connected")
    assert.equal(bob.lastState, "connected")
    bob.peer.close()
    ann.peer.close()
    await assertQuiet(world)
  })
}

test("close from within a rejoin's error is the end", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  bob.on.error = () => bob.peer.close()
  world.server.refuse = () => new P2pError("unavailable")
  ann.peer.abort()
  await world.pass(10_000)
  assert.deepEqual([bob.lastState, bob.errorCodes], ["closed", ["unavailable"]])
  await assertQuiet(world)
})

test("a host that closes when it hears of somebody leaves nothing behind", async () => {
  const { world, pages: [ann] } = await open("ann")
  ann.on.peers = (peers) => { if (peers.has("bob")) ann.peer.close() }
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(10)
  assert.equal(ann.lastState, "closed")
  bob.peer.close()
  await assertQuiet(world)
})

// Many peers, and bad times

test("ten peers that join at once have one host, and all are connected", async () => {
  const world = new World()
  const pages = Array.from({ length: 10 }, (_, number) => world.page(`peer-${number}`))
  for (const { peer } of pages) peer.start()
  await world.pass(5_000)
  assert.equal(pages.filter(({ peer }) => peer.iamHost).length, 1)
  for (const { peer, presence } of pages) {
    assert.equal(peer.state, "connected")
    assert.deepEqual(new Set(Object.values(presence)), new Set(["connected"]))
    assert.equal(Object.keys(presence).length, 10)
  }
})

test("a server that loses a third of all descriptions delays, and that is all", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new World()
    let state = seed * 7_919
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    world.server.loses = (event) => event.startsWith("sdp_") && random() < 1 / 3
    const pages = await world.session("ann", "bob", "cleo")
    await world.pass(60_000)
    for (const { peer, errors } of pages) {
      assert.equal(peer.state, "connected", `seed ${seed}`)
      assert.deepEqual(errors, [], `seed ${seed}`)
    }
  }
})

test("host after host goes, and the last two still talk", async () => {
  const { world, pages } = await open("a", "b", "c", "d", "e")
  let here = [...pages]
  while (here.length > 2) {
    const host = here.find(({ peer }) => peer.iamHost)
    host.peer[here.length % 2 ? "abort" : "close"]()
    here = here.filter((page) => page !== host)
    await world.pass(10_000)
    assert.equal(here.filter(({ peer }) => peer.iamHost).length, 1)
    for (const { peer } of here) assert.equal(peer.state, "connected")
  }
  const result = fate(here[0].peer.send("we two"))
  await world.pass(10)
  assert.equal(result.is, "resolved")
  assert.equal(here[1].texts.at(-1), here[0].texts.at(-1))
  for (const { peer } of pages) peer.close()
  await assertQuiet(world)
})

// Who may do what

test("a peer that may only read is told so before anything is sent", async () => {
  const { world } = await open("ann")
  world.server.terms = { can_send: false }
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(10)
  await assert.rejects(bob.peer.send("hello"), { code: "forbidden", hint: /can_send/ })
  await assert.rejects(bob.peer.handOver("ann"), { code: "forbidden", hint: /iamHost/ })
})

test("a peer that has left doesn't say that it is there; of the others the last picture stays", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  const seen = () => [ann, bob].map(({ peer }) => Object.fromEntries(peer.peers))
  assert.deepEqual(seen(), [{ ann: "connected", bob: "connected" }, { ann: "connected", bob: "connected" }])
  bob.peer.close()
  await world.pass(100)
  assert.deepEqual(seen(), [{ ann: "connected", bob: "disconnected" }, { ann: "connected", bob: "closed" }])
  ann.peer.close()
  assert.deepEqual(seen()[0], { ann: "closed", bob: "disconnected" })
})

test("a session that ends is over for all of them", async () => {
  const world = new World()
  world.server.terms = { ends_in_ms: 5_000 }
  const pages = await world.session("ann", "bob")
  await world.pass(4_900)
  assert.deepEqual(pages.map(({ lastState }) => lastState), ["connected", "connected"])
  await world.pass(200)
  for (const { lastState, errorCodes } of pages) assert.deepEqual([lastState, errorCodes], ["closed", ["session_expired"]])
  await assertQuiet(world)
})

test("a client that is expelled stays away", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  ann.signaling.delegate.signalingExpelled("bob", new P2pError("forbidden"))
  await world.pass(60_000)
  assert.deepEqual([bob.lastState, bob.errorCodes, ann.presence.bob], ["closed", ["forbidden"], "disconnected"])
  assert.equal(world.server.heard("join").length, 2)
})

test("a host that is thrown out leaves its clients to the next one", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  world.server.expel("ann", new P2pError("forbidden"))
  world.server.host = null
  await world.pass(5_000)
  assert.deepEqual([ann.lastState, ann.errorCodes], ["closed", ["forbidden"]])
  for (const { lastState, peer } of [bob, cleo]) {
    assert.equal(lastState, "connected")
    assert.notEqual(peer.hostPeerId, "ann")
  }
})

test("a session that the app closes is over for host and clients", async () => {
  const { world, pages } = await open("ann", "bob", "cleo")
  world.server.expel("ann", new P2pError("session_expired"))
  await world.pass(5_000)
  for (const { lastState, errorCodes } of pages) assert.deepEqual([lastState, errorCodes], ["closed", ["session_expired"]])
})
