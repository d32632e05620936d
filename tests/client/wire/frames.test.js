import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_FRAME_BYTES, MAX_LABEL_CHARACTERS } from "../../../static/js/wire/content.js"
import {
  ACK, CHUNK, CREDIT, DATA, decodeFrame, DIRECT, encodeFrame, FAST, GAP, GOODBYE, HEARTBEAT, isRoutedFrame, isSpeech, MARKS_PER_FRAME, MAX_ADDRESSEES, MAX_ID_CHARACTERS, PACE,
  RECEIVED, REFUSED, STABLE, STATE, SUCCEED, SYNC, syncFrames,
} from "../../../static/js/wire/frames.js"

const TOO_MANY_MARKS = JSON.stringify({ type: SYNC, seen: Array.from({ length: MARKS_PER_FRAME + 1 }, () => ["ann", "x", 1]) })
const TOO_MANY_ADDRESSEES = JSON.stringify({ type: FAST, to: Array.from({ length: MAX_ADDRESSEES + 1 }, (_, index) => `p${index}`), inc: "x", id: 1, data: 1 })

for (const frame of [
  { type: DATA, id: 1, data: "text" },
  { type: DATA, id: 2, data: null },
  { type: DATA, id: 3, data: [1, { deep: ["ü", "💬", "\u2028", "\ud800"] }] },
  { type: DATA, senderId: "ann", id: 4, data: false },
  { type: DATA, senderId: "ann", inc: "x1", id: Number.MAX_SAFE_INTEGER, n: 7, data: 0 },
  { type: GAP, senderId: "ann", inc: "x1", from: 3, to: 3 },
  { type: SYNC, inc: "x1", fresh: true, history: 20, seen: [] },
  { type: SYNC, n: 0, seen: [["ann", "x1", 7]], more: true },
  { type: ACK, n: 0 },
  { type: STABLE, n: 7 },
  { type: PACE, ms: 0 },
  { type: REFUSED, id: 3, error: { code: "forbidden" } },
  { type: STATE, senderId: "ann", data: { ann: "connected", bob: "disconnected" }, full: true },
  { type: SUCCEED },
  { type: SUCCEED, tried: ["ann", "bob", "cleo"], hung: [3, 0, 1] },
  { type: HEARTBEAT },
  { type: GOODBYE, error: { code: "host_lost" } },
  { type: DATA, id: 5, topic: "t", data: 1 },
  { type: DATA, id: 6, binary: { kind: "Uint16Array" }, bytes: Uint8Array.of(1, 2) },
  { type: DATA, id: 7, topic: "ü", binary: { kind: "File", mime: "", name: "" }, bytes: new Uint8Array() },
  { type: DIRECT, to: "bob", inc: "x1", id: 9, after: 8, data: "text" },
  { type: DIRECT, senderId: "ann", inc: "x1", id: 9, after: 0, topic: "t", ask: 1, binary: { kind: "ArrayBuffer" }, bytes: Uint8Array.of(7) },
  { type: DIRECT, to: "bob", inc: "x1", id: 1, after: 0, note: { kind: "offer", id: "f", name: "a.txt", type: "text/plain", size: 3 } },
  { type: DIRECT, to: "bob", inc: "x1", id: 1, after: 0, answer: 3, error: { code: "no_handler" } },
  { type: RECEIVED, to: "bob", inc: "x1", id: 9 },
  { type: FAST, inc: "x1", id: 1, topic: "cursor", data: [1, 2] },
  { type: FAST, to: ["bob", "cleo"], inc: "x1", id: 1, data: 0 },
  { type: CHUNK, to: ["bob"], transfer: "f1", offset: 0, bytes: Uint8Array.of(0, 255) },
  { type: CREDIT, to: "bob", transfer: "f1", offset: 262_144, resume: true },
]) {
  test(`goes round: ${JSON.stringify(frame)}`, () => assert.deepEqual(decodeFrame(encodeFrame(frame)), frame))
}

for (const junk of [
  undefined, null, 7, new ArrayBuffer(3), "", "{", "null", "7", "[]", '"Data"', "{}", '{"type":7}', '{"type":"Unknown"}', '{"type":"constructor"}',
  '{"type":"Data"}', '{"type":"Data","data":1}', '{"type":"Data","id":"1","data":1}', '{"type":"Data","id":1.5,"data":1}', '{"type":"Data","id":1e300,"data":1}',
  '{"type":"Data","id":1}', '{"type":"Data","id":1,"__proto__":{"data":1}}', '{"__proto__":{"type":"Heartbeat"}}',
  '{"type":"Data.Connection.State"}', '{"type":"Data.Connection.State","data":null}', '{"type":"Data.Connection.State","data":"ab"}',
  '{"type":"Data.Connection.State","data":{"ann":"dancing"}}', '{"type":"Data.Connection.State","data":{"ann":{}}}', '{"type":"Heartbeat"',
  '{"type":"Data","id":0,"data":1}', '{"type":"Data","id":-1,"data":1}', '{"type":"Data","id":9007199254740992,"data":1}', '{"type":"Data","id":1,"n":-1,"data":1}',
  '{"type":"Data","id":1,"inc":7,"data":1}', '{"type":"Data","id":1,"inc":"","data":1}', '{"type":"Data","id":1,"senderId":"","data":1}',
  '{"type":"Gap"}', '{"type":"Gap","senderId":"ann","inc":"x","from":3,"to":2}', '{"type":"Gap","senderId":"ann","inc":"x","from":0,"to":2}',
  '{"type":"Gap","senderId":"ann","inc":"x","from":1,"to":9007199254740992}', '{"type":"Gap","senderId":"ann","from":1,"to":2}',
  '{"type":"Sync"}', '{"type":"Sync","seen":{}}', '{"type":"Sync","seen":[7]}', '{"type":"Sync","seen":[["ann","x"]]}', '{"type":"Sync","seen":[["ann","x",0]]}',
  '{"type":"Sync","seen":[["ann",7,1]]}', '{"type":"Sync","seen":[["ann","x","1"]]}', '{"type":"Sync","seen":[["ann","x",9007199254740992]]}', '{"type":"Sync","seen":["abc"]}',
  '{"type":"Sync","seen":[],"history":-1}', '{"type":"Sync","seen":[],"inc":{}}', '{"type":"Sync","seen":[],"n":1.5}', TOO_MANY_MARKS,
  '{"type":"Data","id":1,"data":1,"topic":""}', '{"type":"Data","id":1,"data":1,"topic":7}', `{"type":"Data","id":1,"data":1,"topic":"${"x".repeat(MAX_LABEL_CHARACTERS + 1)}"}`,
  '{"type":"Data","id":1,"binary":{"kind":"Blob"}}', '{"type":"Data","id":1,"data":1,"binary":null}',
  '{"type":"Direct","to":"bob","inc":"x","id":1,"after":0}', '{"type":"Direct","to":"bob","inc":"x","id":1,"after":1,"data":1}', '{"type":"Direct","to":"bob","inc":"x","id":1,"data":1}',
  '{"type":"Direct","to":["bob"],"inc":"x","id":1,"after":0,"data":1}', '{"type":"Direct","to":"","inc":"x","id":1,"after":0,"data":1}', '{"type":"Direct","to":"bob","id":1,"after":0,"data":1}',
  '{"type":"Direct","to":"bob","inc":"x","id":1,"after":0,"answer":1}', '{"type":"Direct","to":"bob","inc":"x","id":1,"after":0,"ask":-1,"data":1}', '{"type":"Direct","senderId":7,"inc":"x","id":1,"after":0,"data":1}',
  '{"type":"Direct","to":"bob","inc":"x","id":1,"after":0,"error":{}}', '{"type":"Received","to":"bob","inc":"x","id":0}', '{"type":"Received","to":"bob","id":1}', '{"type":"Received","to":7,"inc":"x","id":1}',
  '{"type":"Fast","to":"bob","inc":"x","id":1,"data":1}', '{"type":"Fast","to":[7],"inc":"x","id":1,"data":1}', '{"type":"Fast","inc":"x","id":1}', TOO_MANY_ADDRESSEES,
  '{"type":"Chunk","to":["bob"],"transfer":"f","offset":0}', '{"type":"Credit","to":"bob","transfer":"","offset":0}', '{"type":"Credit","to":"bob","transfer":"f","offset":-1}', '{"type":"Credit","to":["bob"],"transfer":"f","offset":1}',
  '{"type":"Ack"}', '{"type":"Ack","n":-1}', '{"type":"Ack","n":1e300}', '{"type":"Stable","n":"1"}', '{"type":"Pace"}', '{"type":"Pace","ms":-1}', '{"type":"Refused"}',
]) {
  test(`is no frame: ${typeof junk === "string" ? junk : Object.prototype.toString.call(junk)}`, () => assert.equal(decodeFrame(junk), null))
}

test("of a heartbeat and a goodbye nothing but the known parts is kept", () => {
  assert.deepEqual(decodeFrame('{"type":"Heartbeat","x":1}'), { type: HEARTBEAT })
  assert.deepEqual(decodeFrame('{"type":"Goodbye","x":1,"error":{"code":"host_lost","y":1}}'), { type: GOODBYE, error: { code: "host_lost" } })
})

test("a hostile __proto__ changes no prototype", () => {
  const frame = decodeFrame('{"type":"Data","id":1,"data":{"__proto__":{"isAdmin":true}},"__proto__":{"senderId":"ann"}}')
  assert.equal(frame.data.isAdmin, undefined)
  assert.equal(frame.senderId, undefined)
  assert.equal({}.isAdmin, undefined)
  assert.ok(decodeFrame('{"type":"Data.Connection.State","data":{"__proto__":"connected"}}'))
})

test("what is too deeply nested to be written again is no frame, wherever in it that is", () => {
  const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`
  for (const field of ["data", "senderId", "x", "__proto__"]) assert.equal(decodeFrame(`{"type":"Data","id":1,"data":1,"${field}":${deep}}`), null)
})

test("a frame may be as large as a channel takes", () => {
  const overhead = JSON.stringify({ type: DATA, id: 1, data: "" }).length
  assert.equal(encodeFrame({ type: DATA, id: 1, data: "x".repeat(MAX_FRAME_BYTES - overhead) }).length, MAX_FRAME_BYTES)
  assert.throws(() => encodeFrame({ type: DATA, id: 1, data: "x".repeat(MAX_FRAME_BYTES - overhead + 1) }), { code: "too_large" })
})

test("what is for some only is handed on by the host, the rest is for it", () => {
  const types = [DATA, GAP, SYNC, ACK, STABLE, PACE, REFUSED, STATE, HEARTBEAT, GOODBYE, DIRECT, RECEIVED, FAST, CHUNK, CREDIT]
  assert.deepEqual(types.filter((type) => isRoutedFrame(/** @type {any} */ ({ type }))), [DIRECT, RECEIVED, FAST, CHUNK, CREDIT])
})

test("who may only read acknowledges, and takes files; all else takes the right to send", () => {
  const direct = (rest) => isSpeech({ type: DIRECT, to: "bob", inc: "x", id: 1, after: 0, ...rest })
  assert.deepEqual([{ data: 1 }, { data: 1, ask: 1 }, { note: { kind: "offer" } }].map(direct), [true, true, true])
  assert.deepEqual([{ note: { kind: "accept" } }, { note: { kind: "fail" } }, { note: null }].map(direct), [false, false, false])
  assert.ok(isSpeech({ type: FAST, inc: "x", id: 1, data: 1 }))
  assert.ok(isSpeech({ type: CHUNK, to: ["bob"], transfer: "f", offset: 0, bytes: Uint8Array.of(1) }))
  assert.ok(!isSpeech({ type: RECEIVED, to: "bob", inc: "x", id: 1 }))
  assert.ok(!isSpeech({ type: CREDIT, to: "bob", transfer: "f", offset: 1 }))
})

test("who may only read answers those who ask, and hides no offer behind that", () => {
  const answer = { type: DIRECT, to: "bob", inc: "x", id: 1, after: 0, answer: 1 }
  assert.ok(!isSpeech({ ...answer, data: 1 }))
  assert.ok(!isSpeech({ ...answer, error: { code: "no_handler" } }))
  assert.ok(isSpeech({ ...answer, note: { kind: "offer" } }))
})

test("an answer holds an error or a value", () => {
  for (const error of ["null", "0", "false", '""']) assert.equal(decodeFrame(`{"type":"Direct","to":"bob","inc":"x","id":1,"after":0,"answer":1,"error":${error}}`), null)
})

test("marks go in as many frames as they take, and one at the least; only the last one says that it is the last", () => {
  const marks = (count) => Array.from({ length: count }, (_, index) => /** @type {[string, string, number]} */ ([`peer-${index}`, "x", index + 1]))
  for (const [count, frames] of [[0, 1], [1, 1], [MARKS_PER_FRAME, 1], [MARKS_PER_FRAME + 1, 2], [2 * MARKS_PER_FRAME, 2], [1_000, 5]]) {
    const parts = syncFrames({ inc: "x", fresh: false }, marks(count)).map((text) => /** @type {any} */ (decodeFrame(text)))
    assert.equal(parts.length, frames)
    assert.deepEqual(parts.flatMap(({ seen }) => seen), marks(count))
    assert.deepEqual(parts.map(({ more }) => more === true), parts.map((_, index) => index < frames - 1))
    assert.ok(parts.every(({ inc, fresh }) => inc === "x" && fresh === false))
  }
})

test("marks of the longest and most hostile ids fit into their frames", () => {
  const id = "\u0001".repeat(128)
  assert.equal(syncFrames({ inc: "x" }, Array.from({ length: MARKS_PER_FRAME }, () => [id, "zzzzzzz", Number.MAX_SAFE_INTEGER])).length, 1)
  assert.equal(decodeFrame(JSON.stringify({ type: SYNC, seen: [["x".repeat(MAX_ID_CHARACTERS + 1), "x", 1]] })), null)
})

test("hosts that were tried are few, and there is a count for each", () => {
  const read = (rest) => decodeFrame(JSON.stringify({ type: SUCCEED, ...rest }))
  for (const wrong of [{ tried: ["ann"] }, { hung: [1] }, { tried: ["ann"], hung: [1, 2] }, { tried: ["ann"], hung: [-1] }, { tried: [1], hung: [1] }, { tried: "ann", hung: [1, 1, 1] }, { tried: ["a", "b", "c", "d"], hung: [1, 1, 1, 1] }]) {
    assert.equal(read(wrong), null, JSON.stringify(wrong))
  }
})
