import assert from "node:assert/strict"
import { test } from "node:test"

import { Allowances } from "../../../static/js/topology/allowance.js"
import { Entrance } from "../../../static/js/topology/entrance.js"
import { CONNECTIONS, FLOOD_CONNECTIONS, MAX_NEGOTIATING } from "../../../static/js/base/limits.js"
import { FakeClock } from "../support/fake_clock.js"
import { reported } from "../support/report_error.js"

function open() {
  const clock = new FakeClock()
  const allowances = new Allowances(clock)
  const state = { negotiating: 0 }
  const opened = /** @type {string[]} */ ([])
  const entrance = new Entrance({ clock, allowances, negotiating: () => state.negotiating })
  const ask = (peerId, name = peerId) => entrance.ask(peerId, () => opened.push(name))
  return { clock, allowances, entrance, state, opened, ask }
}

test("who comes now and then is let in at once", () => {
  const { clock, opened, ask } = open()
  for (const peerId of ["ann", "bob", "ann", "cleo", "ann"]) ask(peerId)
  assert.deepEqual(opened, ["ann", "bob", "ann", "cleo", "ann"])
  assert.equal(clock.pending, 0)
})

test("who comes again and again waits, only the last time counts, and the others don't wait", () => {
  const { clock, opened, ask } = open()
  for (let number = 1; number <= 549; number++) {
    ask("mallory", `mallory ${number}`)
    clock.advance(10)
  }
  ask("bob")
  assert.equal(opened.length, CONNECTIONS.burst + 5 + 1)
  assert.equal(opened.at(-1), "bob")
  clock.advance(2_000)
  assert.deepEqual([opened.length, opened.at(-1), clock.pending], [CONNECTIONS.burst + 7, "mallory 549", 0])
})

test("only so many connections are made at once; the others come in their order when there is room", () => {
  const { entrance, state, opened, ask } = open()
  state.negotiating = MAX_NEGOTIATING
  for (const peerId of ["ann", "bob", "cleo"]) ask(peerId)
  ask("ann", "ann again")
  assert.deepEqual(opened, [])
  entrance.forget("bob")
  state.negotiating -= 1
  entrance.look()
  assert.deepEqual(opened, ["ann again", "cleo"])
})

test("who was dismissed for a flood waits for a while, and as long each time", () => {
  const { clock, allowances, opened, ask } = open()
  allowances.of("mallory").connections.take(CONNECTIONS.burst)
  for (let round = 1; round <= 3; round++) {
    allowances.of("mallory").punish()
    ask("mallory")
    ask("bob")
    clock.advance(FLOOD_CONNECTIONS * 1_000)
    assert.equal(opened.filter((peerId) => peerId === "mallory").length, round - 1)
    clock.advance(1_000)
    assert.equal(opened.filter((peerId) => peerId === "mallory").length, round)
  }
})

test("nobody is let in any more when it is closed", () => {
  const { clock, entrance, opened, ask } = open()
  for (let number = 0; number <= CONNECTIONS.burst; number++) ask("ann")
  entrance.stop()
  assert.equal(clock.pending, 0)
  clock.advance(10_000)
  assert.equal(opened.length, CONNECTIONS.burst)
})

test("one that the browser makes no connection for keeps nobody else out", () => {
  const { clock, entrance, opened, ask } = open()
  for (let number = 0; number < CONNECTIONS.burst; number++) for (const peerId of ["ann", "bob"]) ask(peerId)
  opened.length = 0
  const fail = () => { throw new Error("no more") }
  entrance.ask("ann", fail)
  ask("bob")
  clock.advance(1_000)
  assert.deepEqual([opened, reported.splice(0).map(({ message }) => message)], [["bob"], ["no more"]])
  assert.throws(() => entrance.ask("cleo", fail), { message: "no more" })
})
