import assert from "node:assert/strict"
import { test } from "node:test"

import { fromBase64, toBase64 } from "../../../static/js/base/base64.js"

test("bytes become text and bytes again, of any length", () => {
  for (const length of [0, 1, 2, 3, 255, 32_767, 32_768, 32_769, 262_144]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 256)
    const text = toBase64(bytes.buffer)
    assert.equal(text, Buffer.from(bytes).toString("base64"))
    assert.deepEqual(new Uint8Array(fromBase64(text) ?? new ArrayBuffer(1)), bytes)
  }
})

test("what is no base64 is null", () => {
  for (const text of ["!", "ä", "AAAAA", "A", "=", "====", "A=AA", "\u0000", "b{}", "AA\ud800A"]) assert.equal(fromBase64(text), null, text)
})
