import assert from "node:assert/strict"
import { test } from "node:test"

import { KnownPeers } from "../../../static/js/messaging/known_peers.js"
import { RETURN_MS } from "../../../static/js/messaging/unicast.js"
import { MAX_PEERS } from "../../../static/js/wire/presence.js"
import { FakeClock } from "../support/fake_clock.js"

function open() {
  const clock = new FakeClock()
  const knownPeers = new KnownPeers({ peerId: "me", clock })
  const meet = (...peerIds) => knownPeers.meet(new Map(peerIds.map((peerId) => [peerId, "connected"])))
  const known = (...peerIds) => peerIds.filter((peerId) => knownPeers.knows(peerId))
  const met = (...peerIds) => peerIds.filter((peerId) => knownPeers.hasMet(peerId))
  return { clock, knownPeers, meet, known, met }
}

test("who is there is known, who never was isn't, and no peer counts itself among them", () => {
  const { meet, known, met } = open()
  assert.deepEqual(known("ann"), [])
  meet("ann", "me", "bob")
  assert.deepEqual([known("ann", "bob", "cleo", "me"), met("ann", "bob", "cleo", "me")], [["ann", "bob"], ["ann", "bob"]])
})

test("who has gone is known for a while, however long it was there", () => {
  const { clock, meet, known } = open()
  meet("ann", "bob")
  clock.advance(100 * RETURN_MS)
  meet("bob")
  clock.advance(RETURN_MS)
  meet("bob")
  assert.deepEqual(known("ann", "bob"), ["ann", "bob"])
  clock.advance(1)
  assert.deepEqual(known("ann", "bob"), ["bob"])
})

test("who comes back, and goes again, is known for as long again", () => {
  const { clock, meet, known } = open()
  for (const peerIds of [["ann"], [], ["ann"], []]) {
    meet(...peerIds)
    clock.advance(RETURN_MS - 1)
  }
  meet()
  assert.deepEqual(known("ann"), ["ann"])
})

test("who was met stays so, however many pictures there are without it", () => {
  const { clock, meet, met } = open()
  for (const peerIds of [["ann", "bob"], ["bob"], [], ["cleo"], []]) {
    meet(...peerIds)
    clock.advance(RETURN_MS + 1)
  }
  assert.deepEqual(met("ann", "bob", "cleo", "dave"), ["ann", "bob", "cleo"])
})

test("of too many those are forgotten that have gone for longest", () => {
  const { meet, met } = open()
  const crowd = Array.from({ length: MAX_PEERS - 2 }, (_, index) => `peer ${index}`)
  meet("ann", "bob", "cleo")
  meet("bob")
  meet("ann")
  meet("ann", ...crowd)
  assert.deepEqual(met("ann", "bob", "cleo", ...crowd), ["ann", "bob", ...crowd])
  meet("ann", ...crowd, "dave")
  assert.deepEqual(met("ann", "bob", "cleo", ...crowd, "dave"), ["ann", ...crowd, "dave"])
})

test("who was connected, and is missing in the next picture, is expected for a while; who went isn't", () => {
  const { clock, knownPeers, meet } = open()
  knownPeers.meet(new Map([["me", "connected"], ["ann", "disconnected"], ["bob", "negotiating"]]))
  assert.ok(!knownPeers.expects(1_000))
  meet("ann", "bob")
  clock.advance(5_000)
  assert.ok(knownPeers.expects(1_000))
  meet()
  meet()
  clock.advance(1_000)
  assert.ok(knownPeers.expects(1_000))
  clock.advance(1)
  assert.ok(!knownPeers.expects(1_000))
})

test("who forgets knows nobody", () => {
  const { knownPeers, meet, known, met } = open()
  meet("ann")
  meet("bob")
  knownPeers.forget()
  assert.deepEqual([known("ann", "bob"), met("ann", "bob")], [[], []])
  meet()
  assert.deepEqual(met("bob"), [])
})
