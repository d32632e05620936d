import assert from "node:assert/strict"
import { test } from "node:test"
import { runInNewContext } from "node:vm"

import { asBlob, binaryKind, isBlob, isPlain } from "../../../static/js/base/kinds.js"

const there = (/** @type {string} */ script) => runInNewContext(script)

test("what holds bytes is known, whatever window it comes from and whatever it says", () => {
  const disguised = Object.defineProperty(new Float32Array(1), Symbol.toStringTag, { value: "Map" })
  for (const [value, kind] of /** @type {[any, string][]} */ ([
    [new Blob(), "Blob"], [new File([], "x"), "File"], [Object.assign(new Blob(), { name: "x" }), "Blob"], [new ArrayBuffer(1), "ArrayBuffer"], [new DataView(new ArrayBuffer(1)), "DataView"], [new BigInt64Array(1), "BigInt64Array"],
    [Buffer.from("x"), "Uint8Array"], [disguised, "Float32Array"], [new (class extends Blob {})(), "Blob"], [new Uint8Array(new SharedArrayBuffer(1)), "Uint8Array"],
    [there("new ArrayBuffer(1)"), "ArrayBuffer"], [there("new Uint16Array(1)"), "Uint16Array"], [there("new DataView(new ArrayBuffer(1))"), "DataView"],
  ])) {
    assert.equal(binaryKind(value), kind)
    assert.equal(isBlob(value), kind === "Blob" || kind === "File")
  }
})

test("what only looks like it isn't", () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const thrower = new Proxy({}, { getPrototypeOf: () => { throw new Error("no") } })
  for (const value of [
    undefined, null, 7, "text", 1n, Symbol("s"), () => 1, {}, [], Object.create(null), { size: 1, type: "" }, { byteLength: 8, slice: () => 1 }, Object.create(Blob.prototype), Object.create(ArrayBuffer.prototype), Object.create(Uint8Array.prototype),
    { [Symbol.toStringTag]: "Blob" }, new SharedArrayBuffer(1), there("new SharedArrayBuffer(1)"), there("new Map()"), new Proxy(new ArrayBuffer(1), {}), proxy, thrower,
  ]) assert.equal(binaryKind(value), undefined)
})

test("plain is what has its members and nothing else", () => {
  for (const value of [{}, [], Object.create(null), { a: new Map() }, there("({})"), there("[]"), new Proxy({}, {}), new Proxy([], {}), JSON.parse('{"__proto__":1}'), Object.freeze({})]) assert.ok(isPlain(value))
  for (const value of [new Map(), new Date(), new (class {})(), Object.create({}), Math, new Number(1), there("new Map()"), there("new (class {})()"), new Proxy(new Map(), {}), new Error("e"), Promise.resolve()]) assert.ok(!isPlain(value))
})

// What is sent as a file

/** @param {any} data */
const bytesIn = async (data) => [...new Uint8Array(await asBlob(data).arrayBuffer())]

test("a file is what is there when it is given", async () => {
  const array = Uint8Array.of(0, 1, 2, 3)
  const blob = asBlob(array.subarray(1, 3))
  array.fill(9)
  assert.deepEqual([...new Uint8Array(await blob.arrayBuffer())], [1, 2])
  const file = new File(["x"], "x")
  assert.equal(asBlob(file), file)
})

test("memory that is shared, whose size may change, or of another window makes a file as well", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(7)
  const growing = new Uint8Array(new ArrayBuffer(2, { maxByteLength: 8 })).fill(5)
  assert.deepEqual(await bytesIn(shared.subarray(1, 3)), [7, 7])
  assert.deepEqual(await bytesIn(new DataView(shared.buffer, 3)), [7])
  assert.deepEqual(await bytesIn(growing), [5, 5])
  assert.deepEqual(await bytesIn(growing.buffer), [5, 5])
  assert.deepEqual(await bytesIn(there("Uint16Array.of(1, 2).subarray(1)")), [2, 0])
  assert.deepEqual(await bytesIn(there("Uint8Array.of(1).buffer")), [1])
  assert.deepEqual(await bytesIn(new ArrayBuffer(0)), [])
})

test("what can't be a file is refused at once", () => {
  for (const data of [undefined, null, "text", 7, { size: 3 }, [1], new Map(), Promise.resolve(new Blob()), () => 1, new SharedArrayBuffer(1)]) assert.throws(() => asBlob(data), { name: "P2pError", code: "unsupported" })
  const buffer = new ArrayBuffer(4)
  const gone = [buffer, new Uint8Array(buffer), new DataView(buffer)]
  structuredClone(buffer, { transfer: [buffer] })
  for (const data of gone) assert.throws(() => asBlob(data), { name: "P2pError", code: "unsupported", hint: /transferred/ })
})
