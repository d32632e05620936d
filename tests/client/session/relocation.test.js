import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_MISSED, MISSED_TERM_MS, Relocation, RELOCATION_PATIENCE_MS, RELOCATION_PAUSE_MS } from "../../../static/js/session/relocation.js"
import { HANDOVER_TIMEOUT_MS } from "../../../static/js/session/succession.js"
import { ServerPath } from "../../../static/js/transport/paths/index.js" // loaded before the clock is a fake one
import { MAX_TRIED_HOSTS } from "../../../static/js/base/limits.js"
import { FakeClock, settle } from "../support/fake_clock.js"
import { picture, Walls } from "../support/walls.js"
import { fate } from "../support/world.js"

assert.ok(ServerPath)

/** The time that one move takes, at most. */
const MOVE_MS = RELOCATION_PATIENCE_MS + HANDOVER_TIMEOUT_MS

/** A session in which the server carries what has no other way; the first peer hosts. */
async function open(prepare, ...peerIds) {
  const world = new Walls("fallback")
  prepare(world)
  const pages = await world.session(...peerIds)
  await world.pass(3_000)
  assert.deepEqual(picture(pages), pages.map(() => ["connected", peerIds[0]]))
  return { world, pages }
}

const hostsOf = (page) => page.hosts.map(({ hostPeerId }) => hostPeerId)
const routes = (page) => Object.fromEntries(page.peer.paths)
/** How often the session has changed its host. */
const elections = (world) => world.server.epoch - 1

test("a host that one client has no direct path to hands over to one that both reach", async () => {
  const { world, pages } = await open(({ symmetric, public: open }) => { symmetric.add("sym"); open.add("pub") }, "sym", "ann", "pub")
  const [sym, ann, pub] = pages
  assert.deepEqual(routes(sym), { ann: "server", pub: "direct" })
  await world.pass(MOVE_MS)
  assert.deepEqual(picture(pages), pages.map(() => ["connected", "pub"]))
  assert.deepEqual(routes(pub), { ann: "direct", sym: "direct" })
  assert.deepEqual(pages.flatMap(({ errorCodes }) => errorCodes), [])
  await world.pass(2 * RELOCATION_PAUSE_MS)
  assert.deepEqual(hostsOf(ann), ["sym", "pub"])
})

test("what is said meanwhile arrives once and in order", async () => {
  const { world, pages } = await open(({ symmetric, public: open }) => { symmetric.add("sym"); open.add("pub") }, "sym", "ann", "pub")
  const fates = []
  for (let number = 1; number <= 200; number++) {
    for (const { peer } of pages) fates.push(fate(peer.send(number)))
    await world.pass(100)
  }
  await world.pass(5_000)
  assert.deepEqual([...new Set(fates.map(({ is }) => is))], ["resolved"])
  assert.equal(pages[2].peer.iamHost, true)
  for (const page of pages) for (const senderId of ["sym", "ann", "pub"]) {
    assert.deepEqual(page.messages.filter((message) => message.senderId === senderId).map(({ data }) => data), Array.from({ length: 200 }, (_, index) => index + 1))
  }
})

test("it moves once for a client that nobody reaches, and never for that one again", async () => {
  const { world, pages } = await open(({ walls }) => { for (const other of ["ann", "bob", "cyd"]) walls.add(`far ${other}`) }, "ann", "bob", "cyd", "far")
  await world.pass(3 * RELOCATION_PAUSE_MS)
  assert.deepEqual(hostsOf(pages[3]), ["ann", "bob"])
  assert.deepEqual(picture(pages), pages.map(() => ["connected", "bob"]))
})

test("a host that fewer reach is no better: another one is tried, and in the end it goes back to the best", async () => {
  const { world, pages } = await open(({ walls }) => {
    for (const wall of ["ann far", "bob far", "bob dan", "cyd far", "cyd dan", "cyd eve", "eve far"]) walls.add(wall)
  }, "ann", "bob", "cyd", "dan", "eve", "far")
  await world.pass((MAX_TRIED_HOSTS + 1) * MOVE_MS)
  assert.deepEqual(hostsOf(pages[5]), ["ann", "bob", "cyd", "ann"].slice(0, elections(world) + 1))
  assert.deepEqual(picture(pages), pages.map(() => ["connected", "ann"]))
  assert.equal(elections(world), MAX_TRIED_HOSTS)
})

test("without somebody who reaches the host and may host, it stays where it is", async () => {
  const { world, pages } = await open(({ walls, server }) => {
    walls.add("ann far")
    server.followers.add("bob")
  }, "ann", "bob", "far")
  await world.pass(2 * RELOCATION_PAUSE_MS)
  assert.deepEqual([picture(pages), elections(world)], [pages.map(() => ["connected", "ann"]), 0])
  const cyd = world.page("cyd")
  cyd.peer.start()
  await world.pass(MOVE_MS)
  assert.deepEqual([cyd.peer.iamHost, elections(world)], [true, 1])
})

test("what an app has chosen stays", async () => {
  const { world, pages } = await open(({ walls }) => { walls.add("bob far") }, "ann", "bob", "cyd", "far")
  const handed = fate(pages[0].peer.handOver("bob"))
  await world.pass(HANDOVER_TIMEOUT_MS)
  assert.equal(handed.is, "resolved")
  await world.pass(2 * RELOCATION_PAUSE_MS)
  assert.deepEqual(hostsOf(pages[3]), ["ann", "bob"])
  assert.deepEqual(routes(pages[1]).far, "server")
})

test("an app hands over while all its links go over the server", async () => {
  const { world, pages } = await open(({ walls }) => { for (const other of ["bob", "cyd"]) walls.add(`ann ${other}`) }, "ann", "bob", "cyd")
  assert.deepEqual(routes(pages[0]), { bob: "server", cyd: "server" })
  const handed = fate(pages[0].peer.handOver("bob"))
  const begunAt = world.clock.now()
  while (handed.is === "pending") await world.pass(100)
  assert.equal(handed.is, "resolved")
  assert.ok(world.clock.now() - begunAt <= 4_000, `it took ${world.clock.now() - begunAt} ms`)
  await world.pass(5_000)
  assert.deepEqual(picture(pages), pages.map(() => ["connected", "bob"]))
  assert.deepEqual(routes(pages[1]), { ann: "server", cyd: "direct" })
  assert.deepEqual(pages.flatMap(({ errorCodes }) => errorCodes), [])
})

test("a link that is direct after a while moves nobody", async () => {
  const { world, pages } = await open(({ walls }) => { walls.add("ann bob") }, "ann", "bob", "cyd")
  world.walls.clear()
  await world.pass(2 * RELOCATION_PAUSE_MS)
  assert.deepEqual([picture(pages), elections(world)], [pages.map(() => ["connected", "ann"]), 0])
})

test("who is asked and doesn't become the host isn't asked again", async () => {
  const { world, pages } = await open(({ walls }) => { walls.add("ann far") }, "ann", "bob", "far")
  pages[1].signaling.isAwake = false
  await world.pass(2 * RELOCATION_PAUSE_MS)
  assert.deepEqual([elections(world), pages[0].peer.iamHost, pages[0].errorCodes], [0, true, []])
})

for (const downMs of [3_000, 6_000]) {
  test(`a server that was away for ${downMs / 1_000} s moves nobody as soon as it is back; who has no direct path a while later counts all the same`, async () => {
    const { world, pages } = await open(({ walls }) => { walls.add("ann far") }, "ann", "bob", "far")
    await world.pass(RELOCATION_PATIENCE_MS - 3_000 - 4_000)
    world.server.stop()
    await world.pass(downMs)
    assert.deepEqual(routes(pages[0]), { bob: "direct", far: null })
    world.server.restart()
    await world.pass(RELOCATION_PATIENCE_MS - 2_000)
    assert.deepEqual(routes(pages[0]), { bob: "direct", far: "server" })
    assert.deepEqual(pages.map((page) => [page.peer.state, hostsOf(page).length]), pages.map(() => ["connected", 1]))
    await world.pass(MOVE_MS)
    assert.deepEqual(hostsOf(pages[2]), ["ann", "bob"])
    assert.deepEqual(picture(pages), pages.map(() => ["connected", "bob"]))
  })
}

const NAMES = ["a", "b", "c", "d", "e"]

for (let seed = 1; seed <= 12; seed++) {
  test(`whoever reaches whom (${seed}), all are connected, it moves a few times at most, and ends no worse than it began`, async () => {
    const random = numbers(seed)
    const { world, pages } = await open(({ walls }) => {
      for (const one of NAMES) for (const two of NAMES) if (one < two && random() < 0.45) walls.add(`${one} ${two}`)
    }, ...NAMES)
    const hung = () => [...pages.find(({ peer }) => peer.iamHost)?.peer.paths.values() ?? []].filter((route) => route === "server").length
    const before = hung()
    await world.pass(RELOCATION_PAUSE_MS / 2)
    const tale = JSON.stringify({ walls: [...world.walls], hosts: hostsOf(pages[4]), before, after: hung() })
    const [, host] = picture(pages)[0]
    assert.deepEqual(picture(pages), pages.map(() => ["connected", host]), tale)
    assert.ok(elections(world) <= MAX_TRIED_HOSTS, tale)
    assert.ok(hung() <= before, tale)
    assert.deepEqual(pages.flatMap(({ errorCodes }) => errorCodes), [], tale)
  })
}

/** Numbers from 0 to 1 that are the same each time. @param {number} seed */
function numbers(seed) {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

test("nothing is left when all have gone", async () => {
  const { world, pages } = await open(({ walls }) => { walls.add("ann far") }, "ann", "bob", "far")
  for (const { peer } of pages) peer.close()
  await world.pass(60_000)
  assert.equal(world.clock.pending, 0)
})

// The rule alone

/** A host with such links, and whom it has asked to follow it. */
function host(routes, { chain, isAppointed = false, refuses = false } = /** @type {any} */ ({})) {
  const clock = new FakeClock()
  const links = new Map(Object.entries(routes).map(([peerId, route]) => [peerId, /** @type {any} */ ({ peerId, route })]))
  const asked = /** @type {any[]} */ ([])
  const state = { isMoving: false }
  const relocation = new Relocation({
    peerId: "host", clock, isMoving: () => state.isMoving,
    hosting: () => /** @type {any} */ ({ links, mayHost: () => true }),
    move: (peerId, told) => {
      asked.push([peerId, told])
      return refuses ? Promise.reject(new Error("no")) : new Promise(() => undefined)
    },
  })
  relocation.tell(chain)
  relocation.begin(isAppointed)
  const route = (peerId, by) => {
    const link = links.get(peerId) ?? { peerId }
    link.route = by
    links.set(peerId, link)
    relocation.routed(link)
  }
  for (const [peerId, by] of Object.entries(routes)) route(peerId, by)
  return { clock, links, asked, state, relocation, route }
}

test("whom it asks is told of it, and of how many it doesn't reach", () => {
  const { clock, asked } = host({ ann: "server", bob: "direct", cyd: "server" })
  clock.advance(RELOCATION_PATIENCE_MS - 1)
  assert.deepEqual(asked, [])
  clock.advance(1)
  assert.deepEqual(asked, [["bob", { tried: ["host"], hung: [2] }]])
})

test("a path counts when it has been the same for a while", () => {
  const { clock, asked, route } = host({ ann: "server", bob: "direct" })
  for (let time = 0; time < 10; time++) {
    clock.advance(RELOCATION_PATIENCE_MS - 1_000)
    route("bob", time % 2 ? "direct" : "server")
  }
  assert.deepEqual(asked, [])
  clock.advance(2 * RELOCATION_PATIENCE_MS)
  assert.equal(asked.length, 1)
})

test("those who have gone without a path count if they are as many as those who are here, and for a while", () => {
  const { clock, asked, relocation } = host({ ann: "direct", bob: "direct" })
  clock.advance(RELOCATION_PATIENCE_MS)
  relocation.missed("cyd")
  clock.advance(MISSED_TERM_MS)
  relocation.missed("dan")
  relocation.missed("dan")
  assert.deepEqual(asked, [])
  relocation.missed("eve")
  assert.deepEqual(asked, [["ann", { tried: ["host"], hung: [2] }]])
})

test("it remembers some of those only", () => {
  const { clock, asked, links, relocation, route } = host({})
  for (let number = 0; number < 2 * MAX_MISSED; number++) relocation.missed(`gone-${number}`)
  for (let number = 0; number < 3; number++) route(`here-${number}`, "direct")
  clock.advance(RELOCATION_PATIENCE_MS)
  assert.deepEqual([links.size, asked], [3, [["here-0", { tried: ["host"], hung: [MAX_MISSED] }]]])
})

test("one that reaches as many as the host before stays; after three moves only after a long pause, and if it has become worse", () => {
  const chain = { tried: ["x", "y", "z"], hung: [1, 1, 1] }
  const { clock, asked, route } = host({ ann: "server", bob: "direct" }, { chain, isAppointed: true })
  clock.advance(3 * RELOCATION_PAUSE_MS)
  assert.deepEqual(asked, [])
  route("cyd", "server")
  clock.advance(RELOCATION_PATIENCE_MS)
  assert.deepEqual(asked, [["bob", { tried: ["host"], hung: [2] }]])
  const soon = host({ ann: "server", bob: "direct", cyd: "server" }, { chain, isAppointed: true })
  soon.clock.advance(RELOCATION_PAUSE_MS - 1)
  assert.deepEqual(soon.asked, [])
  soon.clock.advance(1)
  assert.equal(soon.asked.length, 1)
})

test("one that was elected, and not appointed, begins anew, whatever it was told before", () => {
  const { clock, asked } = host({ ann: "server", bob: "direct" }, { chain: { tried: ["bob"], hung: [5] } })
  clock.advance(RELOCATION_PATIENCE_MS)
  assert.equal(asked.length, 1)
})

test("it waits while the app hands over, and gives up asking who refuses", async () => {
  const busy = host({ ann: "server", bob: "direct" })
  busy.state.isMoving = true
  busy.clock.advance(10 * RELOCATION_PATIENCE_MS)
  assert.deepEqual(busy.asked, [])
  const refused = host({ ann: "server", b: "direct", c: "direct", d: "direct", e: "direct" }, { refuses: true })
  for (let time = 0; time < 20; time++) {
    refused.clock.advance(RELOCATION_PATIENCE_MS)
    await settle()
  }
  assert.deepEqual(refused.asked.map(([peerId]) => peerId), ["b", "c", "d"])
})
