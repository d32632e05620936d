import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_PUT_BACK, PUT_BACK_RATE, Reflection } from "../../../static/js/element/reflection.js"
import { FakeClock, pass, settle } from "../support/fake_clock.js"

/** An element's attributes, which tell of each change as a custom element's do, and what they are to be. */
function make() {
  const attributes = new Map()
  const wanted = { state: "connected", "peer-role": /** @type {string | null} */ (null) }
  const change = (act) => {
    act()
    reflection.disturbed()
  }
  const element = /** @type {any} */ ({
    getAttribute: (name) => attributes.get(name) ?? null,
    setAttribute: (name, value) => change(() => attributes.set(name, value)),
    removeAttribute: (name) => change(() => attributes.delete(name)),
  })
  const clock = new FakeClock()
  const reflection = new Reflection(element, () => wanted, clock)
  reflection.update()
  return { attributes, wanted, element, clock, reflection }
}

test("it says how the element is, and nothing that isn't so", () => {
  const { attributes, wanted, reflection } = make()
  assert.deepEqual([...attributes], [["state", "connected"]])
  Object.assign(wanted, { state: "failed", "peer-role": "host" })
  reflection.update()
  assert.deepEqual([...attributes], [["state", "failed"], ["peer-role", "host"]])
})

test("what others take, change or add is as it was when they have done", async () => {
  const { attributes, element } = make()
  for (const act of [() => element.removeAttribute("state"), () => element.setAttribute("state", "x"), () => element.setAttribute("peer-role", "host")]) {
    const before = [...attributes]
    act()
    assert.notDeepEqual([...attributes], before)
    await settle()
    assert.deepEqual([...attributes], [["state", "connected"]])
  }
})

test("who insists is answered now and then only, and the last word is true", async () => {
  const { attributes, element, clock } = make()
  let taken = 0
  const take = () => {
    if (attributes.has("state")) taken += 1
    element.removeAttribute("state")
  }
  const SECONDS = 20
  for (let count = 0; count < SECONDS * 100; count++) {
    take()
    await pass(clock, 10)
  }
  assert.ok(taken <= MAX_PUT_BACK + SECONDS * PUT_BACK_RATE, `${taken}`)
  await pass(clock, 1_000 / PUT_BACK_RATE)
  assert.equal(attributes.get("state"), "connected")
})
