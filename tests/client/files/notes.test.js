import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { MAX_REASON_CHARACTERS, failNote, failure, readNote } from "../../../static/js/files/notes.js"

const DIGEST = "0123456789abcdef".repeat(4)

test("reads what is a note, and nothing else of it", () => {
  const notes = [
    { kind: "offer", id: "a1", name: "x.txt", type: "text/plain", size: 3 },
    { kind: "accept", id: "a1", wait: true }, { kind: "accept", id: "a1", wait: false },
    ...["pause", "resume", "hold", "done"].map((kind) => ({ kind, id: "a1" })),
    { kind: "end", id: "a1", digest: DIGEST }, { kind: "end", id: "a1", digest: undefined },
    { kind: "fail", id: "a1", code: "no_space", reason: "full" },
  ]
  for (const note of notes) assert.deepEqual(readNote({ ...note, more: 1, __proto__: { evil: 2 } }), note)
})

test("drops what isn't one", () => {
  const offer = { kind: "offer", id: "a1", name: "x", type: "", size: 0 }
  const bad = [
    undefined, null, 1, "offer", [], {}, { id: "a1" }, { kind: "what", id: "a1" }, { kind: "done" }, { kind: "done", id: 1 }, { kind: "done", id: "" }, { kind: "done", id: "a b" },
    { kind: "done", id: "a".repeat(65) }, { ...offer, name: 1 }, { ...offer, type: null }, ...[-1, 0.5, "1", NaN, 2 ** 50].map((size) => ({ ...offer, size })),
    { kind: "end", id: "a1", digest: { toString: 1, valueOf: 1 } }, { kind: "fail", id: "a1", code: { toString: 1, valueOf: 1 } }, { kind: "fail", id: "a1", code: ["declined"] },
    { kind: "end", id: "a1", digest: [DIGEST] }, { kind: "done", id: "a".repeat(260_000) }, { kind: "end", id: "a1", digest: null }, { kind: "end", id: "a1", digest: DIGEST.toUpperCase() }, { kind: "end", id: "a1", digest: "ab" },
    { kind: "fail", id: "a1" }, { kind: "fail", id: "a1", code: "toString" }, { kind: "fail", id: "a1", code: 3 },
  ]
  for (const note of bad) assert.equal(readNote(note), null, JSON.stringify(note)?.slice(0, 200))
})

test("a failure is told with its reason, cut, or by its code alone", () => {
  assert.deepEqual(failNote("a1", new P2pError("declined")), { kind: "fail", id: "a1", code: "declined" })
  const long = failNote("a1", new P2pError("cancelled", { message: "x".repeat(1_000) }))
  assert.equal(long.reason.length, MAX_REASON_CHARACTERS)
  const error = failure(readNote(long))
  assert.ok(error instanceof P2pError)
  assert.deepEqual([error.code, error.message], ["cancelled", long.reason])
  assert.equal(failure(readNote({ kind: "fail", id: "a1", code: "stalled", reason: { evil: 1 } })).message, new P2pError("stalled").message)
})

test("a hint for what the other page can't load is to be found there", () => {
  const { code, hint } = failure(readNote(failNote("a1", new P2pError("unavailable", { message: "It can't be loaded." }))))
  assert.equal(code, "unavailable")
  assert.match(hint, /other page.*p2p-files\.js/)
})
