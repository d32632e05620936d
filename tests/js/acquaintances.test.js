import assert from "node:assert/strict"
import { test } from "node:test"

import { Acquaintances } from "../../static/js/acquaintances.js"
import { RETURN_MLS } from "../../static/js/direct.js"
import { FakeClock } from "./support/fake_clock.js"

function open() {
  const clock = new FakeClock()
  return { clock, acquaintances: new Acquaintances(clock) }
}

test("who is there is known, and who never was isn't", () => {
  const { acquaintances } = open()
  assert.ok(!acquaintances.knows("ann"))
  acquaintances.meet(["ann", "bob"])
  assert.deepEqual(["ann", "bob", "cleo"].map((peerId) => acquaintances.knows(peerId)), [true, true, false])
})

test("who has gone is known for a while, however long it was there", () => {
  const { clock, acquaintances } = open()
  acquaintances.meet(["ann", "bob"])
  clock.advance(100 * RETURN_MLS)
  acquaintances.meet(["bob"])
  clock.advance(RETURN_MLS)
  acquaintances.meet(["bob"])
  assert.ok(acquaintances.knows("ann"))
  clock.advance(1)
  acquaintances.meet(["bob"])
  assert.deepEqual(["ann", "bob"].map((peerId) => acquaintances.knows(peerId)), [false, true])
})

test("who comes back, and goes again, is known for as long again", () => {
  const { clock, acquaintances } = open()
  for (const peerIds of [["ann"], [], ["ann"], []]) {
    acquaintances.meet(peerIds)
    clock.advance(RETURN_MLS - 1)
  }
  acquaintances.meet([])
  assert.ok(acquaintances.knows("ann"))
})

test("who forgets knows nobody", () => {
  const { acquaintances } = open()
  acquaintances.meet(["ann"])
  acquaintances.meet(["bob"])
  acquaintances.forget()
  assert.deepEqual(["ann", "bob"].map((peerId) => acquaintances.knows(peerId)), [false, false])
  acquaintances.meet([])
  assert.ok(!acquaintances.knows("bob"))
})
