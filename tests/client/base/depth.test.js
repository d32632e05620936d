import assert from "node:assert/strict"
import { test } from "node:test"

import fc from "fast-check"

import { partsOf } from "../../../static/js/base/depth.js"

/** @param {any} value @returns {number} */
function depth(value) {
  if (typeof value !== "object" || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depth))
}

test("tells how deep any JSON is nested, whatever its strings hold", () => {
  const tricky = fc.string({ unit: fc.constantFrom("[", "]", "{", "}", '"', "\\", "a") })
  const { value } = fc.letrec((tie) => ({ value: fc.oneof({ maxDepth: 8, depthSize: "large" }, tricky, fc.array(tie("value"), { maxLength: 3 }), fc.dictionary(tricky, tie("value"), { maxKeys: 3 })) }))
  fc.assert(fc.property(value, (json) => {
    const levels = depth(json)
    for (const most of [0, 1, 2, 3, levels, levels + 1]) assert.equal(partsOf(JSON.stringify(json), most) === Infinity, levels > most)
  }), { numRuns: 500 })
})

test("looks at what is no JSON as well, to its end", () => {
  for (const [text, isSo] of /** @type {[string, boolean][]} */ ([["", false], ["[[[[", true], ['"[[[[', false], ["]]]][[[[", false], ["\\", false], ['"\\', false], ['"\\"[[[[[[[[', false], ["[{[{", true]])) assert.equal(partsOf(text, 1) === Infinity, isSo, text)
})

test("counts what is to be built, and nothing that stands in strings", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (json) => {
    const count = (/** @type {any} */ value) => typeof value === "object" && value !== null ? 1 + (Array.isArray(value) ? 0 : Object.keys(value).length) + Object.values(value).map(count).reduce((sum, parts) => sum + parts, 0) : 0
    const text = `${JSON.stringify(json)}${" ".repeat(20)}`
    assert.equal(partsOf(text, 10), /** @type {number} */ (count(json)))
  }), { numRuns: 500 })
})
