import assert from "node:assert/strict"
import { test } from "node:test"

import { CLOSE_TIMEOUT_MS } from "../../../static/js/transport/data_channel.js"
import { ACK_PAUSE_MS } from "../../../static/js/messaging/receipts.js"
import { RETURN_MS } from "../../../static/js/messaging/unicast.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { MAX_FAST_BYTES } from "../../../static/js/base/limits.js"
import { Yielding } from "../../../static/js/files/sending/yielding.js"
import { MAX_ADDRESSEES } from "../../../static/js/wire/frames.js"
import { settle } from "../support/fake_clock.js"
import { TestFile } from "../support/file_room.js"
import { reported } from "../support/report_error.js"
import { fate, HEARTBEAT, World } from "../support/world.js"

/**
 * A world with pages that have joined one after the other; the first one hosts.
 * @param {...string} peerIds
 */
async function open(...peerIds) {
  const world = new World()
  return { world, pages: await world.session(...peerIds) }
}

/** All leave, and nothing runs any more. @param {World} world @param {any[]} pages */
async function assertQuiet(world, pages) {
  for (const { peer } of pages) peer.close()
  await world.pass(CLOSE_TIMEOUT_MS)
  await settle()
  assert.deepEqual(world.network.open.map(({ id }) => id), [])
  assert.equal(world.clock.pending, 0)
}

const is = (results) => results.map((result) => result.is)

/** Collects what a page hears on a topic. @param {any} page @param {string} topic */
function listen(page, topic) {
  /** @type {any[]} */
  const heard = []
  page.topics.on(topic, (data, origin) => heard.push({ data, ...origin }))
  return heard
}

// To some

test("a message for one is shown to that one only, as such, and is done when it was", async () => {
  for (const [from, to] of [["ann", "bob"], ["bob", "ann"], ["bob", "cleo"]]) {
    const { world, pages } = await open("ann", "bob", "cleo")
    const find = (peerId) => pages[["ann", "bob", "cleo"].indexOf(peerId)]
    const result = fate(find(from).peer.send({ x: 1 }, { to: [to] }))
    await settle()
    await world.pass(ACK_PAUSE_MS)
    assert.equal(result.is, "resolved")
    assert.deepEqual(find(to).messages, [{ type: "Data", senderId: from, data: { x: 1 }, direct: true }])
    for (const page of pages) if (page !== find(to)) assert.deepEqual(page.messages, [])
    await assertQuiet(world, pages)
  }
})

test("a message for several is done when all of them were shown it, this peer among them if it says so", async () => {
  const { world, pages: [ann, bob, cleo, dave] } = await open("ann", "bob", "cleo", "dave")
  world.network.isCut = true
  const result = fate(bob.peer.send("psst", { to: ["bob", "ann", "cleo"] }))
  await world.pass()
  assert.deepEqual([result.is, bob.texts], ["pending", ["bob: psst"]])
  world.network.isCut = false
  bob.peer.reconnect()
  await world.pass(100)
  assert.equal(result.is, "resolved")
  for (const { texts } of [ann, bob, cleo]) assert.deepEqual(texts, ["bob: psst"])
  assert.deepEqual(dave.texts, [])
})

test("data of every kind arrives as what it was, to all, to one, and where it may be lost", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  const kinds = [Uint16Array.of(1, 65_535), Uint8Array.of(1, 2).buffer, new File(["x"], "x.txt", { type: "text/plain" }), new Blob(["y"]), ["json"], "text"]
  for (const options of [{}, { to: ["cleo"] }, { reliable: false }]) {
    cleo.messages.length = 0
    for (const data of kinds) await Promise.all([bob.peer.send(data, options), world.pass(100)])
    assert.deepEqual(cleo.messages.map(({ data }) => data.constructor), kinds.map(({ constructor }) => constructor))
    assert.deepEqual([cleo.messages[0].data, cleo.messages[1].data, cleo.messages[4].data], [kinds[0], kinds[1], kinds[4]])
    const { name, type } = cleo.messages[2].data
    assert.deepEqual([name, type, await cleo.messages[2].data.text(), await cleo.messages[3].data.text()], ["x.txt", "text/plain", "x", "y"])
  }
  assert.equal(ann.messages.length, 2 * kinds.length)
})

test("what is sent after a Blob comes after it, to all and to one", async () => {
  for (const options of [{}, { to: ["bob"] }]) {
    const { world, pages: [ann, bob] } = await open("ann", "bob")
    const results = [new Blob(["x"]), "text", new Blob(["yy"]), 7].map((data) => fate(ann.peer.send(data, options)))
    for (let turn = 0; turn < 10; turn++) await world.pass(ACK_PAUSE_MS)
    assert.deepEqual(bob.messages.map(({ data }) => data.size ?? data), [1, "text", 2, 7])
    assert.deepEqual(is(results), ["resolved", "resolved", "resolved", "resolved"])
  }
})

test("who isn't in the session can't be told anything, nor can a crowd", async () => {
  const { pages: [ann, bob] } = await open("ann", "bob")
  for (const { peer } of [ann, bob]) {
    await assert.rejects(peer.send("x", { to: ["stranger"] }), { code: "no_such_peer", message: /stranger/ })
    await assert.rejects(peer.send("x", { to: ["ann", "stranger", "bob"] }), { code: "no_such_peer" })
    await assert.rejects(peer.request("stranger", "t", 1), { code: "no_such_peer" })
    for (const reliable of [true, false]) await assert.rejects(peer.send("x", { to: Array.from({ length: MAX_ADDRESSEES + 1 }, (_, index) => `p${index}`), reliable }), { code: "too_large" })
  }
  assert.deepEqual([ann.texts, bob.texts], [[], []])
})

test("who has gone is given some time to come back, and is no peer then", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  cleo.peer.close()
  await world.pass(10)
  const results = [ann, bob].map(({ peer }) => fate(peer.send("where are you?", { to: ["cleo"] })))
  await world.pass(RETURN_MS - 10)
  assert.deepEqual(is(results), ["pending", "pending"])
  await world.pass(10)
  assert.deepEqual(is(results), ["no_such_peer", "no_such_peer"])
})

test("a page that was reloaded is told what its page before wasn't, and nobody's old messages", async () => {
  const { world, pages: [ann, bob, before] } = await open("ann", "bob", "cleo")
  for (const { peer } of [ann, bob]) await Promise.all([peer.send("old", { to: ["cleo"] }), world.pass(ACK_PAUSE_MS)])
  before.peer.abort()
  await world.pass(10)
  const results = [ann, bob].map(({ peer }) => fate(peer.send("new", { to: ["cleo"] })))
  const [after] = await world.session("cleo")
  await world.pass(ACK_PAUSE_MS)
  assert.deepEqual(is(results), ["resolved", "resolved"])
  assert.deepEqual(after.texts.toSorted(), ["ann: new", "bob: new"])
  const answer = fate(after.peer.send("thanks", { to: ["ann", "bob"] }))
  await world.pass(ACK_PAUSE_MS)
  assert.deepEqual([answer.is, ann.texts, bob.texts], ["resolved", ["cleo: thanks"], ["cleo: thanks"]])
})

test("what is said to one before the connection is there arrives with it; who isn't there then is given some time", async () => {
  const { world, pages: [ann] } = await open("ann")
  const bob = world.page("bob")
  const results = ["ann", "stranger"].map((to) => fate(bob.peer.send("early", { to: [to] })))
  bob.on.connected = () => results.push(fate(bob.peer.send("at once", { to: ["ann"] })))
  bob.peer.start()
  await world.pass(100)
  bob.peer.reconnect()
  results.push(fate(bob.peer.send("meanwhile", { to: ["ann"] })))
  await world.pass(100)
  assert.deepEqual([is(results), ann.texts], [["resolved", "pending", "resolved", "resolved", "resolved"], ["bob: early", "bob: at once", "bob: meanwhile", "bob: at once"]])
  await world.pass(RETURN_MS)
  assert.equal(results[1].is, "no_such_peer")
})

test("what is asked from within p2p:connected is asked", async () => {
  const { world, pages: [ann] } = await open("ann")
  ann.topics.respond("t", (data) => data + 1)
  const bob = world.page("bob")
  /** @type {Promise<any>} */
  let answer = Promise.resolve()
  bob.on.connected = () => { answer = bob.peer.request(/** @type {string} */ (bob.peer.hostPeerId), "t", 1) }
  bob.peer.start()
  await world.pass(100)
  assert.equal(await answer, 2)
})

test("who leaves tells nobody anything any more, and its messages are rejected", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  world.network.isCut = true
  const results = [fate(bob.peer.send("x", { to: ["ann"] })), fate(bob.peer.request("ann", "t", 1))]
  bob.peer.close()
  world.network.isCut = false
  await world.pass(CLOSE_TIMEOUT_MS)
  assert.deepEqual([is(results), ann.texts], [["not_joined", "not_joined"], []])
  await assert.rejects(bob.peer.send("y", { to: ["ann"] }), { code: "not_joined" })
  await assertQuiet(world, [ann, bob])
})

test("an app that says more than can be passed on, to all and to some, is told so, and keeps its connection", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  const fates = { resolved: 0, rate_limited: 0 }
  const sayMuch = async (options) => {
    let isFull = false
    for (let number = 0; number < 2_000 && !isFull; number++) {
      const said = bob.peer.send("x", options)
      said.then(() => { fates.resolved += 1 }, ({ code }) => {
        isFull = true
        fates[code] += 1
      })
      if (number % 50 === 0) await Promise.resolve()
    }
  }
  for (let time = 0; time < 6; time++) {
    for (const options of [{}, { to: ["cleo"] }, { to: ["ann"] }]) await sayMuch(options)
    await world.pass(100)
  }
  assert.deepEqual([bob.states.length, bob.errors], [3, []])
  await world.pass(10_000)
  assert.ok(fates.rate_limited > 0)
  assert.equal(fates.resolved, ann.messages.length + cleo.messages.filter(({ direct }) => direct).length)
  assert.ok(fates.resolved > 2_000, `${fates.resolved}`)
})

// A change of host

/** How a host goes. @type {Record<string, (world: World, pages: any[]) => void>} */
const ENDS = {
  closes: (_world, [ann]) => ann.peer.close(),
  aborts: (_world, [ann]) => ann.peer.abort(),
  "hands over": (_world, [ann]) => void ann.peer.handOver("dave"),
  "falls silent": (world) => {
    const silent = new Set(world.network.all.flatMap(({ channels }) => channels))
    const carry = world.network.carry.bind(world.network)
    world.network.carry = (channel, arrive) => { if (!silent.has(channel)) carry(channel, arrive) }
    world.server.dropSocket("ann")
    world.server.refuse = (peerId) => (peerId === "ann" ? new P2pError("unavailable", { retryAfterMls: 60_000 }) : null)
  },
}

for (const [name, end] of Object.entries(ENDS)) {
  test(`messages for single peers arrive once and in order where a host ${name}, and their promises are kept`, async () => {
    const { world, pages } = await open("ann", "bob", "cleo", "dave")
    const [, bob, cleo, dave] = pages
    const said = /** @type {any[]} */ ([])
    let number = 0
    const sayAll = () => {
      number += 1
      for (const [from, to] of [[bob, "cleo"], [cleo, "bob"], [bob, "dave"], [dave, "bob"]]) said.push(fate(from.peer.send(number, { to: [to] })))
    }
    sayAll()
    await world.pass(1)
    sayAll()
    end(world, pages)
    for (let time = 0; time < 40; time++) {
      sayAll()
      await world.pass(time < 20 ? 5 : 250)
    }
    await world.pass(HEARTBEAT.idleTimeoutMs + 5_000)
    for (const { peer } of [bob, cleo, dave]) assert.deepEqual([peer.state, peer.hostPeerId === "ann"], ["connected", false])
    const all = Array.from({ length: number }, (_, index) => index + 1)
    const heard = (page, senderId) => page.messages.filter((message) => message.senderId === senderId).map(({ data }) => data)
    for (const [page, senderId] of /** @type {[any, string][]} */ ([[cleo, "bob"], [bob, "cleo"], [dave, "bob"], [bob, "dave"]])) assert.deepEqual(heard(page, senderId), all)
    assert.ok(said.every((result) => result.is === "resolved"))
    await assertQuiet(world, pages)
  })
}

test("what is for the host when it goes is rejected after a while; what it had received is done", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  await Promise.all([bob.peer.send("you have it", { to: ["ann"] }), world.pass(ACK_PAUSE_MS)])
  ann.peer.abort()
  const result = fate(bob.peer.send("too late", { to: ["ann"] }))
  await world.pass(5_000)
  assert.equal(result.is, "pending")
  await world.pass(RETURN_MS)
  assert.deepEqual([result.is, ann.texts, cleo.texts], ["no_such_peer", ["bob: you have it"], []])
})

test("a request that is under way when the host goes is answered at the next one's, once", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  let asked = 0
  cleo.topics.respond("t", (data) => {
    asked += 1
    return data + 1
  })
  const before = bob.peer.request("cleo", "t", 1)
  ann.peer.abort()
  const after = bob.peer.request("cleo", "t", 2)
  await world.pass(5_000)
  assert.deepEqual([await before, await after, asked], [2, 3, 2])
})

test("a slow answer comes through a change of host", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  /** @type {(value: any) => void} */
  let answer = () => undefined
  cleo.topics.respond("t", () => new Promise((resolve) => { answer = resolve }))
  const request = bob.peer.request("cleo", "t", 1)
  await world.pass(10)
  ann.peer.abort()
  answer(Uint8Array.of(7))
  await world.pass(5_000)
  assert.deepEqual(await request, Uint8Array.of(7))
})

// By topic

test("a message with a topic goes to the handlers of its topic, its sender's own too, and not to the app's listener", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  const heard = [ann, bob].map((page) => listen(page, "t"))
  await Promise.all([bob.peer.send(1, { topic: "t" }), bob.peer.send(2, { topic: "t", to: ["ann"] }), world.pass(ACK_PAUSE_MS)])
  assert.deepEqual(heard[0].toSorted((one, two) => one.data - two.data), [{ data: 1, senderId: "bob", topic: "t", direct: false }, { data: 2, senderId: "bob", topic: "t", direct: true }])
  assert.deepEqual(heard[1], [{ data: 1, senderId: "bob", topic: "t", direct: false }])
  assert.deepEqual([ann.messages, bob.messages], [[], []])
})

test("what comes before its handler waits for it, and its sender needn't", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  const results = [fate(bob.peer.send(1, { topic: "t" })), fate(bob.peer.send(2, { topic: "t", to: ["ann"] }))]
  await bob.peer.send(3, { topic: "t", reliable: false })
  await world.pass(ACK_PAUSE_MS)
  assert.deepEqual(is(results), ["resolved", "resolved"])
  const heard = listen(ann, "t")
  assert.deepEqual(heard, [])
  await settle()
  assert.deepEqual(heard.map(({ data }) => data).toSorted((one, two) => one - two), [1, 2])
})

test("who comes back, and who comes new, is given topics and bytes as well", async () => {
  const world = new World()
  const pages = ["ann", "bob"].map((peerId) => world.page(peerId, { history: 5 }))
  for (const { peer } of pages) {
    peer.start()
    await world.pass(10)
  }
  const [ann, bob] = pages
  const heard = listen(bob, "t")
  bob.peer.reconnect()
  await ann.peer.send(Uint8Array.of(1), { topic: "t" })
  await world.pass(100)
  const cleo = world.page("cleo", { history: 5 })
  const heardLate = listen(cleo, "t")
  cleo.peer.start()
  await world.pass(100)
  for (const got of [heard, heardLate]) assert.deepEqual(got, [{ data: Uint8Array.of(1), senderId: "ann", topic: "t", direct: false }])
})

// What may be lost

test("what may be lost is shown to its sender at once, to the others when it comes, and is done when it is handed over", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  const result = fate(bob.peer.send("here", { reliable: false }))
  await Promise.resolve()
  assert.deepEqual(bob.texts, ["bob: here"])
  world.network.isCut = true
  await settle()
  assert.equal(result.is, "resolved")
  world.network.isCut = false
  await bob.peer.send("there", { reliable: false })
  await world.pass()
  for (const { texts } of [ann, cleo]) assert.equal(texts.at(-1), "bob: there")
})

test("what may be lost may be for some, this peer among them or not", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  await bob.peer.send(1, { to: ["cleo"], reliable: false })
  await bob.peer.send(2, { to: ["ann", "bob"], reliable: false, topic: "t" })
  await ann.peer.send(3, { to: ["bob"], reliable: false })
  await world.pass()
  const heard = [ann, bob, cleo].map((page) => listen(page, "t"))
  await settle()
  assert.deepEqual([ann.texts, bob.texts, cleo.texts], [[], ["ann: 3"], ["bob: 1"]])
  assert.deepEqual(heard, [[], [], []]) // nothing of it waits for a handler
})

test("over a bad network nothing is shown twice or after a newer one, and what is reliable arrives", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  let turn = 0
  const fates = /** @type {const} */ (["kept", "late", "lost", "kept", "late"])
  world.network.fateOfUnreliable = () => fates[turn++ % fates.length]
  for (let number = 1; number <= 50; number++) {
    for (const topic of ["a", "b"]) void bob.peer.send(number, { topic, reliable: false })
    if (number % 10 === 0) void bob.peer.send(number)
    if (number % 3 === 0) await world.pass()
  }
  const heard = [ann, cleo].flatMap((page) => ["a", "b"].map((topic) => {
    const got = /** @type {number[]} */ ([])
    page.topics.on(topic, (data) => got.push(data))
    return got
  }))
  for (let number = 51; number <= 100; number++) for (const topic of ["a", "b"]) {
    void bob.peer.send(number, { topic, reliable: false })
    await world.pass()
  }
  for (const got of heard) {
    assert.ok(got.length > 10 && got.length < 50, `${got.length}`)
    assert.deepEqual(got, [...new Set(got)].toSorted((one, two) => one - two))
  }
  for (const { texts } of [ann, bob, cleo]) assert.deepEqual(texts, [10, 20, 30, 40, 50].map((number) => `bob: ${number}`))
})

test("what may be lost is lost where there is no connection, and is small", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  const early = world.page("early")
  await early.peer.send("x", { reliable: false })
  bob.peer.reconnect()
  await bob.peer.send("y", { reliable: false })
  await world.pass(100)
  assert.deepEqual(ann.texts, [])
  await assert.rejects(bob.peer.send(new ArrayBuffer(MAX_FAST_BYTES), { reliable: false }), { code: "too_large" })
  bob.peer.close()
  await assert.rejects(bob.peer.send("z", { reliable: false }), { code: "not_joined" })
})

// Requests

test("a request is answered by the peer that it is put to, whoever hosts; also by this one itself", async () => {
  const { world, pages } = await open("ann", "bob", "cleo")
  for (const [index, page] of pages.entries()) page.topics.respond("who", (data, { senderId }) => `${index} to ${senderId}: ${data}`)
  const [ann, bob] = pages
  const answers = [ann.peer.request("cleo", "who", "a"), bob.peer.request("ann", "who", "b"), bob.peer.request("cleo", "who", "c"), bob.peer.request("bob", "who", "d")]
  await world.pass(ACK_PAUSE_MS)
  assert.deepEqual(await Promise.all(answers), ["2 to ann: a", "0 to bob: b", "2 to bob: c", "1 to bob: d"])
  for (const { messages } of pages) assert.deepEqual(messages, [])
  await assertQuiet(world, pages)
})

test("a request that fails says how", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  bob.topics.respond("throws", () => { throw new Error("mine") })
  bob.topics.respond("refuses", () => { throw new P2pError("forbidden", { message: "Not you." }) })
  bob.topics.respond("sleeps", () => new Promise(() => undefined))
  const results = ["nobody", "throws", "refuses", "sleeps"].map((topic) => fate(ann.peer.request("bob", topic, 1, { timeout: 1_000 })))
  const controller = new AbortController()
  results.push(fate(ann.peer.request("bob", "sleeps", 1, { signal: controller.signal })))
  await world.pass(100)
  controller.abort("enough")
  await world.pass(1_000)
  assert.deepEqual(is(results), ["no_handler", "handler_failed", "forbidden", "no_answer", "enough"])
  assert.equal(reported.pop().message, "mine")
  await assert.rejects(ann.peer.request("bob", "t", undefined), { code: "unsupported" })
  await assertQuiet(world, [ann, bob])
})

test("a reader asks nobody, says nothing to anybody, and answers who asks it", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  world.server.terms = { can_send: false }
  const reader = world.page("reader")
  reader.peer.start()
  await world.pass(10)
  for (const options of [{ to: ["bob"] }, { reliable: false }]) await assert.rejects(reader.peer.send("x", options), { code: "forbidden" })
  await assert.rejects(reader.peer.request("bob", "t", 1), { code: "forbidden" })
  assert.throws(() => reader.peer.sendFile(new Blob(["x"])), { code: "forbidden" })
  reader.topics.respond("t", (data) => data + 1)
  for (const { peer } of [ann, bob]) {
    const answers = [peer.request("reader", "t", 1), peer.request("reader", "t", 2)]
    await world.pass(ACK_PAUSE_MS)
    assert.deepEqual(await Promise.all(answers), [2, 3])
  }
})

test("what is said before the server has let this peer read only is refused, whomever it is for", async () => {
  const { world, pages: [ann, bob] } = await open("ann", "bob")
  world.server.readers.add("reader")
  const reader = world.page("reader")
  reader.peer.start()
  const results = [{}, { to: ["ann"] }, { to: ["ann", "bob"] }].map((options) => fate(reader.peer.send("x", options)))
  results.push(fate(reader.peer.request("bob", "t", 1)), fate(reader.peer.sendFile(new Blob(["x"]), { to: ["bob"] }).done))
  await until(world, () => results.every((result) => result.is !== "pending"))
  assert.deepEqual(is(results), results.map(() => "forbidden"))
  assert.ok(world.clock.now() < 5_000)
  assert.deepEqual([ann.messages, bob.messages, bob.offers], [[], [], []])
  await assertQuiet(world, [ann, bob, reader])
})

for (const name of ["closes", "aborts", "falls silent"]) {
  test(`what waits where a host ${name} is refused if its sender comes back as a reader, who answers all the same`, async () => {
    const { world, pages } = await open("ann", "bob", "cleo", "dave")
    const [, bob, cleo, dave] = pages
    bob.topics.respond("t", (data) => data + 1)
    ENDS[name](world, pages)
    const refused = [["cleo", "dave"], ["dave"]].map((to) => fate(bob.peer.send("x", { to })))
    refused.push(fate(bob.peer.request("cleo", "t", 1, { timeout: 60_000 })))
    world.server.readers.add("bob")
    const answer = fate(cleo.peer.request("bob", "t", 1, { timeout: 60_000 }))
    await world.pass(HEARTBEAT.idleTimeoutMs + 10_000)
    assert.equal(bob.peer.state, "connected")
    assert.deepEqual([is(refused), answer.is, cleo.messages, dave.messages], [["forbidden", "forbidden", "forbidden"], "resolved", [], []])
    await assertQuiet(world, pages)
  })
}

test("a reader that becomes the host says nothing of what waits, to all or to some", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  ann.peer.abort()
  const results = [{}, { to: ["cleo"] }].map((options) => fate(bob.peer.send("x", options)))
  world.server.readers.add("bob")
  await world.pass(5_000)
  assert.deepEqual([bob.peer.iamHost, is(results), cleo.messages], [true, ["forbidden", "forbidden"], []])
  await assertQuiet(world, [bob, cleo])
})

// Files

/**
 * Lets time pass until something is so; the code for files has to be loaded first, which takes its real time.
 * @param {World} world
 * @param {() => boolean} isSo
 */
async function until(world, isSo) {
  for (let turn = 0; turn < 25_000 && !isSo(); turn++) {
    await world.pass(1)
    await new Promise((resolve) => { setTimeout(resolve, 1) })
  }
  assert.ok(isSo())
}

/**
 * A file of which only the first block can be read until it is let go on.
 * @param {Uint8Array} bytes
 */
function heldFile(bytes) {
  const file = new TestFile(bytes)
  let goOn = () => {}
  const mayGoOn = /** @type {Promise<void>} */ (new Promise((resolve) => { goOn = resolve }))
  file.onRead = async (block, start) => {
    if (start > 0) await mayGoOn
    return block
  }
  return { file, goOn }
}

test("a file goes from one to the other, through the host or not, to one who may only read as well", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  world.server.terms = { can_send: false }
  const reader = world.page("reader")
  reader.peer.start()
  await world.pass(10)
  const bytes = crypto.getRandomValues(new Uint8Array(60_000))
  /** @type {Map<any, File>} */
  const got = new Map()
  for (const page of [ann, bob, cleo, reader]) page.on.file = (file) => void file.accept().then((whole) => got.set(page, whole))
  for (const [sender, receivers] of /** @type {[any, any[]][]} */ ([[bob, [ann, cleo, reader]], [ann, [bob, cleo, reader]]])) {
    got.clear()
    const file = sender.peer.sendFile(new File([bytes], "x.bin"))
    const result = fate(file.done)
    await until(world, () => result.is !== "pending")
    assert.equal(result.is, "resolved")
    for (const page of receivers) assert.deepEqual(new Uint8Array(await /** @type {File} */ (got.get(page)).arrayBuffer()), bytes)
    assert.equal(got.size, receivers.length)
  }
  await assertQuiet(world, [ann, bob, cleo, reader])
})

test("files are told of whatever is said or shown, but for their own notes", async (t) => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  const talked = t.mock.method(Yielding.prototype, "note")
  cleo.on.file = (file) => void file.accept()
  const sent = fate(bob.peer.sendFile(new Blob(["x"]), { to: ["cleo"] }).done)
  await until(world, () => sent.is !== "pending")
  assert.equal(sent.is, "resolved")
  assert.equal(talked.mock.callCount(), 0)
  cleo.topics.respond("sum", (numbers) => numbers.length)
  for (const say of [
    () => bob.peer.send("to all"),
    () => ann.peer.send("to all, from the host"),
    () => bob.peer.send("to one", { to: ["cleo"] }),
    () => bob.peer.send("lost, perhaps", { reliable: false }),
    () => bob.peer.send("lost, perhaps, to one", { reliable: false, to: ["cleo"] }),
    () => bob.peer.request("cleo", "sum", [1, 2], {}),
  ]) {
    talked.mock.resetCalls()
    const said = fate(say())
    await world.pass(100)
    assert.equal(said.is, "resolved", String(say))
    assert.equal(new Set(talked.mock.calls.map((call) => call.this)).size, 2, `bob and cleo, who have files: ${String(say)}`)
  }
  await assertQuiet(world, [ann, bob, cleo])
})

test("a file survives a change of host", async () => {
  const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251)
  /** @type {Promise<File> | null} */
  let whole = null
  cleo.on.file = (file) => { whole = file.accept() }
  const held = heldFile(bytes)
  const file = bob.peer.sendFile(held.file, { to: ["cleo"] })
  const result = fate(file.done)
  await until(world, () => file.transferred > 0)
  assert.ok(file.transferred < bytes.length)
  ann.peer.abort()
  held.goOn()
  await until(world, () => result.is !== "pending")
  assert.equal(result.is, "resolved")
  assert.deepEqual(new Uint8Array(await (await /** @type {any} */ (whole)).arrayBuffer()), bytes)
  await assertQuiet(world, [bob, cleo])
})

test("a file whose sender comes back as a reader fails at both ends, and is told why", async () => {
  for (const hasPaused of [false, true]) {
    const { world, pages: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
    const bytes = new Uint8Array(2_000_000)
    cleo.on.file = (file) => void file.accept().catch(() => undefined)
    const held = heldFile(bytes)
    const file = bob.peer.sendFile(held.file, { to: ["cleo"] })
    const result = fate(file.done)
    await until(world, () => file.transferred > 0)
    if (hasPaused) file.pause()
    world.server.readers.add("bob")
    bob.peer.reconnect()
    held.goOn()
    await world.pass(10)
    file.resume()
    await until(world, () => result.is !== "pending" && cleo.offers[0].error)
    assert.deepEqual([result.is, cleo.offers[0].error.code], ["forbidden", "forbidden"])
    await assertQuiet(world, [ann, bob, cleo])
  }
})
