import assert from "node:assert/strict"
import { test } from "node:test"

import { KnownPeers } from "../../../static/js/messaging/known_peers.js"
import { Cast } from "../../../static/js/session/cast.js"
import { Broadcast } from "../../../static/js/messaging/broadcast.js"
import { FakeClock } from "../support/fake_clock.js"

function make() {
  const clock = new FakeClock()
  const signals = []
  const delegate = { roleChanged() {}, rolePeersChanged() {}, roleSynced() {}, roleLost() {}, roleReported() {} }
  const createPath = () => assert.fail("no connection is asked for")
  const broadcast = new Broadcast({ peerId: "ann", clock, delegate: { broadcastShown() {}, broadcastMissed() {}, broadcastForked() {} } })
  const knownPeers = new KnownPeers({ peerId: "ann", clock })
  return { clock, signals, cast: new Cast({ peerId: "ann", delegate, clock, broadcast, knownPeers, createPath, signal: (...signal) => signals.push(signal) }) }
}

test("before the server has spoken there is no role", () => {
  const { cast } = make()
  assert.deepEqual([cast.role, cast.hosting, cast.following, cast.hostPeerId, cast.epoch, cast.peers.size], [null, null, null, null, 0, 0])
})

test("who is named as the host plays it, everybody else follows", () => {
  const { cast } = make()
  assert.equal(cast.play({ host_peer_id: "ann", epoch: 1 }), true)
  assert.deepEqual([cast.hosting === cast.role, cast.following, cast.hostPeerId, cast.epoch], [true, null, "ann", 1])
  assert.equal(cast.play({ host_peer_id: "bob", epoch: 2 }), true)
  assert.deepEqual([cast.hosting, cast.following === cast.role, cast.hostPeerId, cast.epoch], [null, true, "bob", 2])
})

test("the same part again is the same role", () => {
  const { cast } = make()
  cast.play({ host_peer_id: "bob", epoch: 1 })
  const { role } = cast
  assert.equal(cast.play({ host_peer_id: "bob", epoch: 1 }), false)
  assert.equal(cast.role, role)
  assert.equal(cast.play({ host_peer_id: "bob", epoch: 2 }), true)
  assert.notEqual(cast.role, role)
})

test("a host that follows another frees what it held, and keeps the picture", () => {
  const { clock, cast } = make()
  cast.play({ host_peer_id: "ann", epoch: 1 })
  cast.play({ host_peer_id: "bob", epoch: 2 })
  assert.equal(clock.pending, 0)
  assert.deepEqual([...cast.peers], [["ann", "connected"]])
})

test("what is known outlives the role", () => {
  const { clock, cast } = make()
  cast.play({ host_peer_id: "ann", epoch: 3 })
  cast.end((role) => role.stop())
  assert.deepEqual([cast.role, cast.hosting, cast.hostPeerId, cast.epoch, clock.pending], [null, null, "ann", 3, 0])
})
