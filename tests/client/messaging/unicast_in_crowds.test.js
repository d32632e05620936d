import assert from "node:assert/strict"
import { test } from "node:test"

import { ANNOUNCEMENTS, PEERS_EVENTS } from "../../../static/js/base/limits.js"
import { encodeFrame, STATE } from "../../../static/js/wire/frames.js"
import { fate, World } from "../support/world.js"

test("what was lost while its receiver was away for a moment is sent again, also by a page that is told of so many others that it isn't told of that", async () => {
  const world = new World()
  const [, ann, bob] = await world.session("host", "ann", "bob")
  await world.pass(1_000)
  const channel = world.network.all[0].channels[0] // the host's to ann
  let count = 0
  ann.on.peers = () => { count += 1 }
  for (let round = 0; count < PEERS_EVENTS.burst && round < 2 * PEERS_EVENTS.burst; round++) {
    channel.send(encodeFrame({ type: STATE, senderId: "host", data: { [`peer-${round}`]: "connected" } }))
    await world.pass(0)
  }
  assert.equal(count, PEERS_EVENTS.burst)
  bob.peer.reconnect()
  const sent = fate(ann.peer.send("hello", { to: ["bob"] }))
  await world.pass(1_000)
  assert.equal(ann.presence.bob, "connected")
  assert.deepEqual([bob.texts, sent.is], [["ann: hello"], "resolved"])
})

test("who is in the picture of the session can be told something, also while the app isn't told yet that it changed", async () => {
  const world = new World()
  const [host] = await world.session("host")
  for (let count = 0; count < ANNOUNCEMENTS.burst; count++) {
    world.page(`peer-${count}`).peer.start()
    await world.pass(1)
  }
  let isTold = false
  host.on.peers = () => { isTold = true }
  const late = world.page("late")
  late.peer.start()
  while (host.presence.late !== "connected") await world.pass(1)
  assert.ok(!isTold)
  const sent = fate(host.peer.send("hello", { to: ["late"] }))
  await world.pass(1_000)
  assert.deepEqual([late.texts, sent.is], [["host: hello"], "resolved"])
})
