import assert from "node:assert/strict"
import { test } from "node:test"

import { isId } from "../../../static/js/base/fields.js"

test("an id may have each character that UTF-8 can carry and HTML leaves as it is", () => {
  const refused = []
  for (let code = 0; code <= 0x10ffff; code++) if (!isId(`a${String.fromCodePoint(code)}b`)) refused.push(code)
  const surrogates = Array.from({ length: 0x800 }, (_, index) => 0xd800 + index)
  assert.deepEqual(refused, [0x00, 0x0d, ...surrogates])
})

test("an id has 1 to 128 characters, however many units each takes", () => {
  for (const id of ["", "x".repeat(129), "💬".repeat(129), undefined, null, 7, ["a"]]) assert.ok(!isId(id))
  for (const id of ["x", "x".repeat(128), "💬".repeat(128), "\n"]) assert.ok(isId(id))
})
