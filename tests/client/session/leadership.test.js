import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { Broadcast } from "../../../static/js/messaging/broadcast.js"
import { KnownPeers } from "../../../static/js/messaging/known_peers.js"
import { Leadership } from "../../../static/js/session/leadership.js"
import { FakeClock } from "../support/fake_clock.js"

/** The leadership of a peer whose server says what the test says, and what it has begun with. */
function make() {
  const clock = new FakeClock()
  const began = /** @type {any[]} */ ([])
  const joins = /** @type {number[]} */ ([])
  const broadcast = new Broadcast({ peerId: "ann", clock, reader: { messageShown() {} }, delegate: { messagesMissed() {}, messagesForked() {} } })
  const delegate = {
    isConnected: false, isAttempting: false, messenger: { broadcast, knownPeers: new KnownPeers({ peerId: "ann", clock }) },
    leadershipBegan: (former) => began.push(former), leadershipRefused() {}, leadershipFailed() {},
    roleChanged() {}, rolePeersChanged() {}, roleSynced() {}, roleLost() {}, roleReported() {},
  }
  const leadership = new Leadership(/** @type {any} */ ({
    peerId: "ann", clock, connectTimeoutMs: 1_000, keepSignaling: false,
    createSignaling: () => ({ isConnected: true, join: () => joins.push(clock.now()), leave() {}, signal() {}, report() {} }),
    createLink: () => assert.fail("no connection is asked for"),
    delegate,
  }))
  const name = (hostPeerId, epoch) => leadership.signalingReady({ peer_id: "ann", host_peer_id: hostPeerId, epoch, ice_servers: [] })
  return { clock, leadership, delegate, began, joins, name }
}

const pictureOf = ({ picture: { hostPeerId, hostEpoch } }) => [hostPeerId, hostEpoch]

test("before the server has spoken there is no role", () => {
  const { leadership } = make()
  assert.deepEqual([leadership.role, leadership.iamHost, ...pictureOf(leadership), leadership.picture.peers.size], [null, false, null, 0, 0])
})

test("who is named as the host plays it, everybody else follows", () => {
  const { leadership, began, name } = make()
  name("ann", 1)
  assert.deepEqual([leadership.iamHost, leadership.role?.state, ...pictureOf(leadership)], [true, "connected", "ann", 1])
  name("bob", 2)
  assert.deepEqual([leadership.iamHost, leadership.role?.state, ...pictureOf(leadership)], [false, "negotiating", "bob", 2])
  assert.deepEqual(began, [{ hostPeerId: null, epoch: 0 }, { hostPeerId: "ann", epoch: 1 }])
})

test("the same part again is the same role", () => {
  const { leadership, began, name } = make()
  name("bob", 1)
  const { role } = leadership
  name("bob", 1)
  assert.deepEqual([leadership.role === role, began.length], [true, 1])
  name("bob", 2)
  assert.deepEqual([leadership.role === role, began.length], [false, 2])
})

test("a host that the server has back under a later epoch is the same role, and that is news", () => {
  const { leadership, began, name } = make()
  name("ann", 1)
  const { role } = leadership
  name("ann", 2)
  assert.deepEqual([leadership.role === role, began.length, ...pictureOf(leadership)], [true, 2, "ann", 2])
})

test("a host that follows another frees what it held, and keeps the picture", () => {
  const { clock, leadership, name } = make()
  name("ann", 1)
  name("bob", 2)
  assert.deepEqual([...leadership.picture.peers], [["ann", "connected"]])
  leadership.end((role) => role.stop())
  assert.equal(clock.pending, 0)
})

test("what is known outlives the role", () => {
  const { clock, leadership, name } = make()
  name("ann", 3)
  leadership.end((role) => role.stop())
  assert.deepEqual([leadership.role, leadership.iamHost, ...pictureOf(leadership), clock.pending], [null, false, "ann", 3, 0])
})

test("what was to be asked for a link's sake is forgotten with the link", () => {
  const { clock, leadership, joins, name } = make()
  name("bob", 1)
  leadership.contact.comeAgain(500)
  leadership.lose(new P2pError("host_lost"))
  clock.advance(2_000)
  assert.deepEqual(joins, [])
})

test("a join that was asked for while another one was under way is still needed where the answer is of an earlier host than was heard of", () => {
  const { leadership, delegate, name } = make()
  delegate.isConnected = true
  name("bob", 1)
  assert.equal(leadership.signalingSeeks(), false)
  leadership.signalingHostChanged({ host_peer_id: "cem", epoch: 2, reason: "elected" })
  assert.equal(leadership.signalingSeeks(), true)
  name("cem", 2)
  assert.equal(leadership.signalingSeeks(), false)
})

test("it is also needed where the answer is of the host that is lost, and not after that", () => {
  const { leadership, delegate, name } = make()
  name("bob", 1)
  leadership.lose(new P2pError("host_lost"))
  assert.equal(leadership.signalingSeeks(), false, "no attempt is under way")
  delegate.isAttempting = true
  assert.equal(leadership.signalingSeeks(), true)
  name("cem", 2)
  assert.equal(leadership.signalingSeeks(), false)
})
