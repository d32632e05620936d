import assert from "node:assert/strict"
import { test } from "node:test"

import { News } from "../../../static/js/topology/news.js"
import { FakeClock, pass, settle } from "../support/fake_clock.js"

function news() {
  const clock = new FakeClock()
  let told = 0
  return { clock, news: new News({ rate: { rate: 10, burst: 2 }, clock, tell: () => { told += 1 } }), told: () => told }
}

test("all changes of a turn are told once, at its end, or before something else", async () => {
  const { news: it, told } = news()
  it.add()
  it.add()
  assert.equal(told(), 0)
  await settle()
  assert.equal(told(), 1)
  it.add()
  it.flush()
  assert.equal(told(), 2)
  it.flush()
  await settle()
  assert.equal(told(), 2)
})

test("what changes too often is told now and then, and in the end", async () => {
  const { clock, news: it, told } = news()
  for (let change = 0; change < 100; change++) {
    it.add()
    it.flush()
    await settle()
  }
  assert.equal(told(), 2)
  await pass(clock, 100)
  assert.equal(told(), 3)
  await pass(clock, 10_000)
  assert.equal(told(), 3)
  assert.equal(clock.pending, 0)
})

test("after the end nothing is told", async () => {
  const { clock, news: it, told } = news()
  for (let change = 0; change < 3; change++) {
    it.add()
    it.flush()
  }
  it.stop()
  it.add()
  it.stop()
  await pass(clock, 10_000)
  assert.equal(told(), 2)
})
