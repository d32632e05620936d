import assert from "node:assert/strict"
import { test } from "node:test"

import { Bucket } from "../../../static/js/base/token_bucket.js"
import { MAX_WAITING_NEWS } from "../../../static/js/base/limits.js"
import { Newest } from "../../../static/js/topology/newest.js"
import { FakeClock } from "../support/fake_clock.js"

function open() {
  const clock = new FakeClock()
  const newest = new Newest({ clock, bucket: new Bucket({ rate: 10, burst: 2, clock }) })
  const passed = /** @type {string[]} */ ([])
  const tell = (kind, what = kind) => newest.pass(kind, () => passed.push(what))
  return { clock, newest, passed, tell }
}

test("passes what comes slowly, and of what comes faster the newest of each kind, in the order of their kinds", () => {
  const { clock, passed, tell } = open()
  for (const what of ["a1", "b1", "a2", "b2", "a3"]) tell(what[0], what)
  assert.deepEqual(passed, ["a1", "b1"])
  clock.advance(100)
  assert.deepEqual(passed, ["a1", "b1", "a3"])
  clock.advance(100)
  assert.deepEqual([passed.at(-1), clock.pending], ["b2", 0])
})

test("what waits passes with what comes, where the browser holds its timers back", () => {
  const { clock, passed, tell } = open()
  for (const kind of ["a", "b", "c"]) tell(kind)
  clock.leap(1_000)
  tell("d")
  assert.deepEqual(passed, ["a", "b", "c", "d"])
})

test("only so many kinds wait, and nothing does after the end", () => {
  const { clock, newest, passed, tell } = open()
  for (let number = 0; number < 2 * MAX_WAITING_NEWS; number++) tell(`${number}`)
  tell("2", "2 again")
  clock.advance(100)
  assert.equal(passed.at(-1), "2 again")
  clock.advance(MAX_WAITING_NEWS * 200)
  assert.equal(passed.length, MAX_WAITING_NEWS + 2)
  for (let number = 0; number < 30; number++) tell(`${number}`)
  newest.stop()
  assert.equal(clock.pending, 0)
})
