import assert from "node:assert/strict"
import { test } from "node:test"

import { ANNOUNCEMENTS } from "../../../static/js/base/limits.js"
import { CLOSE_TIMEOUT_MS } from "../../../static/js/transport/data_channel.js"
import { CONNECT_TIMEOUT_MS, World } from "../support/world.js"

/** An app may leave from within what it is told of who is there, also where that is told since something else depends on it. */

/** A session whose host has told of so many changes that the next ones wait. */
async function busy() {
  const world = new World()
  const [host, bob] = await world.session("host", "bob")
  const crowd = Array.from({ length: ANNOUNCEMENTS.burst }, (_, index) => world.page(`peer-${index}`))
  for (const page of crowd) {
    page.peer.start()
    await world.pass(1)
  }
  return { world, host, bob, crowd }
}

/** What a page is told from now on. @param {import("../support/world.js").Page} page */
function toldTo(page) {
  /** @type {string[]} */
  const told = []
  page.on.message = ({ data }) => told.push(data)
  page.on.closed = () => told.push("closed")
  return told
}

/** @param {World} world @param {import("../support/world.js").Page[]} pages */
async function assertQuiet(world, pages) {
  for (const { peer } of pages) peer.close()
  await world.pass(CLOSE_TIMEOUT_MS)
  assert.equal(world.clock.pending, 0)
}

test("a host that leaves when it is told of a newcomer isn't shown the newcomer's message, for which it was told", async () => {
  const { world, host, bob, crowd } = await busy()
  const told = toldTo(host)
  host.on.peers = (peers) => { if (peers.get("late") === "connected") host.peer.close() }
  const late = world.page("late", { autoReconnect: false })
  late.peer.start()
  late.peer.send("hello").catch(() => undefined)
  await world.pass(1_000 / ANNOUNCEMENTS.rate)
  assert.deepEqual(told, ["closed"])
  await assertQuiet(world, [bob, late, ...crowd])
})

test("a host that leaves when it is told that somebody was away for a moment is told nothing after that", async () => {
  const { world, host, bob, crowd } = await busy()
  const told = toldTo(host)
  host.on.peers = (peers) => {
    told.push(String(peers.get("bob")))
    if (peers.get("bob") !== "connected") host.peer.close()
  }
  bob.peer.reconnect()
  await world.pass(1_000 / ANNOUNCEMENTS.rate)
  assert.deepEqual(told.slice(told.indexOf("closed")), ["closed"])
  await assertQuiet(world, [bob, ...crowd])
})

test("a host that gets its session back under a later epoch tells its app once who is there, and may leave by that", async () => {
  const world = new World()
  const [ann, bob] = await world.session("ann", "bob")
  await world.pass(1_000)
  /** @type {number[]} */
  const told = []
  ann.on.peers = () => {
    told.push(ann.peer.epoch)
    ann.peer.close()
  }
  const { epoch } = ann.peer
  ann.signaling.delegate.signalingReady({ host_peer_id: "ann", peer_id: "ann", epoch: epoch + 1, ice_servers: [] })
  await world.pass(CONNECT_TIMEOUT_MS + 1_000)
  assert.deepEqual(told, [epoch + 1])
  assert.equal(ann.lastState, "closed")
  await assertQuiet(world, [bob])
})
