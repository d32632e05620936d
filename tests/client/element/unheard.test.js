import assert from "node:assert/strict"
import { afterEach, beforeEach, mock, test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { Unheard, UNHEARD_MS } from "../../../static/js/element/unheard.js"
import { FakeClock } from "../support/fake_clock.js"

/** @type {string[]} */
let said
/** What the app does with an error's event. @type {(event: any) => void} */
let listener
/** Whether it has listeners on the element itself. */
let isListening

beforeEach(() => {
  said = []
  isListening = false
  listener = () => undefined
  mock.method(console, "warn", (text) => said.push(text))
})

afterEach(() => mock.restoreAll())

function make() {
  const clock = new FakeClock()
  const unheard = new Unheard(clock, () => isListening)
  const target = new EventTarget()
  target.addEventListener("p2p:error", (event) => listener(event))
  const fail = (code) => target.dispatchEvent(unheard.watch(new CustomEvent("p2p:error", { detail: new P2pError(code) })))
  return { clock, fail }
}

test("an error that nobody looks at is in the console after a while, with a hint, once for each code", () => {
  const { clock, fail } = make()
  fail("ice_failed")
  clock.advance(UNHEARD_MS - 1)
  assert.deepEqual(said, [])
  clock.advance(1)
  assert.equal(said.length, 1)
  assert.match(said[0], /ice_failed.*STUN.*p2p:error/)
  for (const code of ["ice_failed", "no_handler", "no_handler"]) fail(code)
  clock.advance(UNHEARD_MS)
  assert.deepEqual([said.length, said[1].includes("no_handler")], [2, true])
})

test("one that somebody above looks at is not, nor are those after it; each sees the error itself", () => {
  const { clock, fail } = make()
  const errors = []
  listener = ({ detail }) => errors.push(detail)
  fail("ice_failed")
  listener = () => undefined
  fail("no_handler")
  clock.advance(UNHEARD_MS)
  assert.deepEqual([said, errors.length, errors[0] instanceof P2pError, errors[0].code], [[], 1, true, "ice_failed"])
})

test("nor is one for which a listener comes late", () => {
  const { clock, fail } = make()
  fail("ice_failed")
  clock.advance(UNHEARD_MS - 1)
  isListening = true
  clock.advance(UNHEARD_MS)
  assert.deepEqual(said, [])
})

test("one that comes when the listener has gone again is there", () => {
  const { clock, fail } = make()
  isListening = true
  listener = ({ detail }) => detail.code
  fail("ice_failed")
  isListening = false
  clock.advance(UNHEARD_MS)
  assert.deepEqual(said, [])
  listener = () => undefined
  fail("no_handler")
  clock.advance(UNHEARD_MS)
  assert.match(said.join(), /no_handler/)
})
