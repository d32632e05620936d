import assert from "node:assert/strict"
import { test } from "node:test"

import { DATA, decodeFrame, encodeFrame, GOODBYE, HEARTBEAT, MAX_FRAME_BYTES, STAMP_BYTES, STATE } from "../../static/js/messages.js"

const OVERHEAD = JSON.stringify({ type: DATA, id: 1, data: "" }).length

for (const frame of [
  { type: DATA, id: 1, data: "text" },
  { type: DATA, id: 2, data: null },
  { type: DATA, id: 3, data: [1, { deep: ["ü", "💬", "\u2028", "\ud800"] }] },
  { type: DATA, senderId: "ann", id: 4, data: false },
  { type: STATE, senderId: "ann", data: { ann: "connected", bob: "disconnected" }, full: true },
  { type: HEARTBEAT },
  { type: GOODBYE, error: { code: "host_lost" } },
]) {
  test(`goes round: ${JSON.stringify(frame)}`, () => assert.deepEqual(decodeFrame(encodeFrame(frame)), frame))
}

for (const junk of [
  undefined, null, 7, new ArrayBuffer(3), "", "{", "null", "7", "[]", '"Data"', "{}", '{"type":7}', '{"type":"Unknown"}', '{"type":"constructor"}',
  '{"type":"Data"}', '{"type":"Data","data":1}', '{"type":"Data","id":"1","data":1}', '{"type":"Data","id":1.5,"data":1}', '{"type":"Data","id":1e300,"data":1}',
  '{"type":"Data","id":1}', '{"type":"Data","id":1,"__proto__":{"data":1}}', '{"__proto__":{"type":"Heartbeat"}}',
  '{"type":"Data.Connection.State"}', '{"type":"Data.Connection.State","data":null}', '{"type":"Data.Connection.State","data":"ab"}',
  '{"type":"Data.Connection.State","data":{"ann":"dancing"}}', '{"type":"Data.Connection.State","data":{"ann":{}}}', '{"type":"Heartbeat"',
]) {
  test(`is no frame: ${typeof junk === "string" ? junk : Object.prototype.toString.call(junk)}`, () => assert.equal(decodeFrame(junk), null))
}

test("of a heartbeat and a goodbye nothing but the known parts is kept", () => {
  assert.deepEqual(decodeFrame('{"type":"Heartbeat","x":1}'), { type: HEARTBEAT })
  assert.deepEqual(decodeFrame('{"type":"Goodbye","x":1,"error":7}'), { type: GOODBYE, error: 7 })
})

test("a hostile __proto__ changes no prototype", () => {
  const frame = decodeFrame('{"type":"Data","id":1,"data":{"__proto__":{"isAdmin":true}},"__proto__":{"senderId":"ann"}}')
  assert.equal(frame.data.isAdmin, undefined)
  assert.equal(frame.senderId, undefined)
  assert.equal({}.isAdmin, undefined)
  assert.ok(decodeFrame('{"type":"Data.Connection.State","data":{"__proto__":"connected"}}'))
})

for (const [name, data] of /** @type {[string, any][]} */ ([
  ["undefined", undefined], ["Function", () => 1], ["Symbol", Symbol("s")], ["ArrayBuffer", new ArrayBuffer(1)], ["Uint8Array", new Uint8Array(1)],
  ["DataView", new DataView(new ArrayBuffer(1))], ["Blob", new Blob(["x"])],
])) {
  test(`can't be sent: ${name}`, () => {
    assert.throws(() => encodeFrame({ type: DATA, id: 1, data }), { name: "P2pError", code: "unsupported", message: `A message can't be ${name}.` })
  })
}

test("cycles, BigInt and bottomless nesting are refused with their cause", () => {
  const cycle = {}
  cycle.self = cycle
  let deep = []
  for (let level = 0; level < 200_000; level++) deep = [deep]
  for (const data of [cycle, 10n, { deep: 10n }, deep]) {
    assert.throws(() => encodeFrame({ type: DATA, id: 1, data }), ({ code, cause }) => code === "unsupported" && cause instanceof Error)
  }
})

test("deep nesting from the other side does no harm", () => {
  const frame = decodeFrame(`{"type":"Data","id":1,"data":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)
  if (frame) assert.throws(() => encodeFrame({ ...frame, senderId: "ann" }), { code: "unsupported" })
})

test("a message may be as large as leaves room for the host's stamp, in bytes", () => {
  const most = MAX_FRAME_BYTES - STAMP_BYTES - OVERHEAD
  assert.equal(encodeFrame({ type: DATA, id: 1, data: "x".repeat(most) }).length, MAX_FRAME_BYTES - STAMP_BYTES)
  assert.throws(() => encodeFrame({ type: DATA, id: 1, data: "x".repeat(most + 1) }), { code: "too_large", message: /261121 bytes; .+ 261120/ })
  assert.throws(() => encodeFrame({ type: DATA, id: 1, data: "ü".repeat(most / 2 + 1) }), { code: "too_large" })
})

test("the stamp of the longest and most hostile id fits into what is left for it", () => {
  const text = encodeFrame({ type: DATA, id: Number.MAX_SAFE_INTEGER, data: "x".repeat(MAX_FRAME_BYTES - STAMP_BYTES - OVERHEAD - 15) })
  assert.ok(encodeFrame({ ...JSON.parse(text), senderId: "\u0000".repeat(128) }))
})
