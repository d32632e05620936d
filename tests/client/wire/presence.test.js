import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_GONE_PEERS, Presence } from "../../../static/js/wire/presence.js"

test("says whether a state is news", () => {
  const presence = new Presence()
  assert.equal(presence.set("ann", "negotiating"), true)
  assert.equal(presence.set("ann", "negotiating"), false)
  assert.equal(presence.set("ann", "connected"), true)
  assert.deepEqual(Object.fromEntries(presence.states), { ann: "connected" })
})

test("hands out a picture that stays as it is, and the same one until something changes", () => {
  const presence = new Presence(new Map([["ann", "connected"]]))
  const before = presence.states
  presence.set("ann", "connected")
  assert.equal(presence.states, before)
  presence.set("bob", "connected")
  assert.deepEqual([...before], [["ann", "connected"]])
  assert.deepEqual([...presence.states], [["ann", "connected"], ["bob", "connected"]])
  presence.merge({}, true)
  assert.deepEqual([...presence.states], [])
})

test("of those that have gone, who comes back is one of them no more", () => {
  const presence = new Presence()
  presence.set("ann", "disconnected")
  presence.set("ann", "connected")
  for (let number = 0; number < MAX_GONE_PEERS; number++) presence.set(`client-${number}`, "closed")
  assert.equal(presence.states.size, MAX_GONE_PEERS + 1)
  presence.set("ann", "failed")
  assert.deepEqual([presence.has("client-0"), presence.has("ann")], [false, true])
})

test("a delta is merged, a full picture takes the place of the old one", () => {
  const presence = new Presence()
  presence.merge({ ann: "connected", bob: "connected" }, true)
  presence.merge({ bob: "disconnected", cleo: "negotiating" }, false)
  assert.deepEqual(Object.fromEntries(presence.states), { ann: "connected", bob: "disconnected", cleo: "negotiating" })
  presence.merge({ cleo: "connected" }, true)
  assert.deepEqual(Object.fromEntries(presence.states), { cleo: "connected" })
})

test("remembers a limited number of peers that have gone, and forgets the oldest first", () => {
  const presence = new Presence()
  presence.set("ann", "connected")
  for (let number = 0; number < MAX_GONE_PEERS + 50; number++) presence.set(`client-${number}`, ["disconnected", "closed", "failed"][number % 3])
  assert.equal(presence.states.size, MAX_GONE_PEERS + 1)
  assert.equal(presence.states.get("ann"), "connected")
  assert.ok(!presence.states.has("client-49"))
  assert.ok(presence.states.has("client-50"))
})

test("bears ids that are names of Object's own", () => {
  const presence = new Presence()
  presence.merge(JSON.parse('{"__proto__":"connected","constructor":"connected"}'), true)
  assert.deepEqual([...presence.states.keys()], ["__proto__", "constructor"])
  assert.equal(JSON.stringify(Object.fromEntries(presence.states)), '{"__proto__":"connected","constructor":"connected"}')
  assert.ok(Object.hasOwn(Object.fromEntries(presence.states), "__proto__"))
})
