import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_TRIED_HOSTS } from "../../../static/js/base/limits.js"
import { DEPOSED_MS, MAX_DEPOSINGS } from "../support/fake_server.js"
import { picture, Walls } from "../support/walls.js"
import { CONNECT_TIMEOUT_MS } from "../support/world.js"

const words = (world, peerId) => world.server.heard("join").filter((entry) => entry.peerId === peerId && "unreached_epoch" in entry.payload)

/** A session of a public host, a peer behind a symmetric NAT, and some that are neither. */
async function session(...others) {
  const world = new Walls()
  world.symmetric.add("sym")
  world.public.add("pub")
  const pages = await world.session("pub", "sym", ...others)
  await world.pass(1_000)
  assert.deepEqual(picture(pages), pages.map(() => ["connected", "pub"]))
  return { world, pages }
}

/** Lets the public host leave, and the one behind the symmetric NAT be elected first. */
async function elect(world, [pub, sym, ...others]) {
  const { latency } = world.server
  world.server.latency = (peerId) => (peerId === "sym" ? 0 : 200)
  for (const { signaling } of others) signaling.isAwake = false
  pub.peer.close()
  await world.pass(1_000)
  assert.equal(sym.peer.iamHost, true)
  for (const { signaling } of others) {
    signaling.isAwake = true
    if (world.server.isActive(signaling)) world.server.connect(signaling)
  }
  world.server.latency = latency
}

test("a host that nobody reaches is followed by one that the others reach, and becomes a client", async () => {
  const { world, pages } = await session("ann", "bob", "cyd")
  await elect(world, pages)
  const [, sym, ...others] = pages
  await world.pass(2 * CONNECT_TIMEOUT_MS + 5_000)
  const hosts = others.filter(({ peer }) => peer.iamHost)
  assert.deepEqual([hosts.length, sym.peer.iamHost], [1, false])
  assert.deepEqual(picture(others), others.map(() => ["connected", hosts[0].peer.hostPeerId]))
})

test("one client alone is enough, and two that reach nobody change once, and say why", async () => {
  const { world, pages } = await session("ann")
  await elect(world, pages)
  const [, sym, ann] = pages
  await world.pass(CONNECT_TIMEOUT_MS + 2_000)
  assert.deepEqual([ann.peer.iamHost, ann.lastState, sym.peer.iamHost], [true, "connected", false])
  await world.pass(5 * DEPOSED_MS)
  assert.deepEqual(ann.hosts.map(({ hostPeerId }) => hostPeerId), ["pub", "sym", "ann"])
  assert.equal(ann.peer.iamHost, true)
  const last = sym.errors.at(-1)
  assert.equal(last?.code, "ice_failed")
  assert.match(last?.hint ?? "", /TURN.*P2P_RELAY/)
})

test("a host that one client reaches and another one doesn't, hands over to the first: everybody reaches that", async () => {
  const { world, pages } = await session("open", "ann")
  world.public.add("open")
  await elect(world, pages)
  const [, sym, open, ann] = pages
  // Those who try to get in hear sooner of the free seat than the one that is to have it.
  world.server.latency = (peerId) => (peerId === "open" ? 200 : 0)
  await world.pass(CONNECT_TIMEOUT_MS + 3_000)
  assert.deepEqual(picture([sym, open, ann]), [["connected", "open"], ["connected", "open"], ["connected", "open"]])
  assert.deepEqual(ann.hosts.map(({ hostPeerId }) => hostPeerId), ["pub", "sym", "open"])
})

test("who has found no path says so when it comes again, and never afterwards", async () => {
  const world = new Walls()
  world.symmetric.add("sym")
  const [sym] = await world.session("sym")
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS)
  assert.deepEqual([ann.lastState, ann.errorCodes], ["failed", ["ice_failed"]])
  assert.equal(words(world, "ann").length, 0)
  const { epoch } = sym.peer
  ann.peer.reconnect()
  await world.pass(100)
  assert.deepEqual(words(world, "ann").map(({ payload }) => payload.unreached_epoch), [epoch])
  assert.equal(ann.peer.iamHost, true)
  ann.peer.reconnect()
  await world.pass(100)
  assert.equal(words(world, "ann").length, 1)
})

test("a host that is only slow, or away, is not called out of reach", async () => {
  const { world, pages } = await session("ann")
  world.server.loses = (event) => event === "sdp_offer"
  await elect(world, pages)
  await world.pass(2 * CONNECT_TIMEOUT_MS)
  assert.deepEqual(words(world, "ann"), [])
})

test("a host that has clients stays, whatever a few others say", async () => {
  const world = new Walls()
  const [host, ...clients] = await world.session("host", "one", "two", "three")
  await world.pass(1_000)
  world.symmetric.add("far-1").add("far-2")
  const far = ["far-1", "far-2"].map((peerId) => world.page(peerId))
  for (let time = 0; time < 4; time++) {
    for (const { peer } of far) peer.reconnect()
    await world.pass(CONNECT_TIMEOUT_MS + 1_000)
  }
  assert.deepEqual([host.peer.iamHost, ...picture(clients)], [true, ...clients.map(() => ["connected", "host"])])
  assert.equal(words(world, "far-1").length, 3)
})

test("who had no network says nothing against the host when it is back", async () => {
  const world = new Walls()
  const [host] = await world.session("host")
  world.symmetric.add("ann")
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS)
  world.symmetric.delete("ann")
  ann.peer.hurry()
  await world.pass(1_000)
  assert.deepEqual([host.peer.iamHost, ...picture([ann]), words(world, "ann").length], [true, ["connected", "host"], 0])
})

test("where every host reaches too few, the session doesn't change its host for ever", async () => {
  const pairs = ["a b", "c d", "e f"]
  const world = new Walls()
  const names = pairs.flatMap((pair) => pair.split(" "))
  for (const one of names) for (const two of names) if (one < two && !pairs.includes(`${one} ${two}`)) world.walls.add(`${one} ${two}`)
  world.page("a").peer.start()
  await world.pass(10)
  const others = names.slice(1).map((peerId) => world.page(peerId))
  const hosts = []
  for (let time = 0; time < 30; time++) {
    for (const { peer } of others) if (peer.state === "new" || peer.state === "failed") peer.reconnect()
    await world.pass(CONNECT_TIMEOUT_MS + 1_000)
    hosts.push(world.server.host)
  }
  assert.ok(world.server.epoch > 2 && world.server.epoch <= 1 + MAX_DEPOSINGS * (1 + MAX_TRIED_HOSTS), `${world.server.epoch} hosts`)
  assert.equal(new Set(hosts.slice(-10)).size, 1, hosts.join())
})
