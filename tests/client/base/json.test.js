import assert from "node:assert/strict"
import { test } from "node:test"
import { runInNewContext } from "node:vm"

import fc from "fast-check"

import { isFinal, stringify } from "../../../static/js/base/json.js"
import { MAX_DEPTH, MAX_VALUES } from "../../../static/js/base/limits.js"

class Point {
  x = 1
  y = 2
}
class Money {
  constructor(/** @type {any} */ amount) { this.amount = amount }
  toJSON() { return this.amount }
}
const proxied = (/** @type {any} */ target, handler = {}) => new Proxy(target, handler)
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

// What arrives as what it was

for (const [name, data] of /** @type {[string, any][]} */ ([
  ["an object without a prototype", Object.assign(Object.create(null), { a: 1 })], ["another window's object", runInNewContext("({ a: [{ b: 1 }] })")], ["another window's array", runInNewContext("[[1], {}]")],
  ["a proxy of an object", proxied({ a: [1] })], ["a proxy of an array", proxied([1, { a: 1 }])], ["a key that is called __proto__", JSON.parse('{"__proto__":{"a":1}}')],
  ["lone surrogates, as text and as keys", { "\ud800": "\udfff x" }], ["the same object twice", ((one) => [one, [one], one])({ a: [] })], ["a list of empty ones", [[], {}, [[]], [{}]]],
  ["keys of all kinds", { "": 1, "a b": 2, 0: 3, constructor: 4, toString: 5, toJSON: 6, length: 7 }], ["numbers", [Number.MAX_VALUE, 5e-324, -1, 2 ** 53]],
])) {
  test(`goes as it is: ${name}`, () => assert.deepEqual(JSON.parse(stringify(data)), JSON.parse(JSON.stringify(data))))
}

test("what has toJSON() goes as it says, and a member that is undefined is left out", () => {
  const data = { at: new Date(0), where: new URL("http://a.example/b"), cost: new Money({ euros: 1, cents: undefined }), gone: undefined, list: [new Money(1), new Date(0)] }
  assert.deepEqual(JSON.parse(stringify(data)), { at: "1970-01-01T00:00:00.000Z", where: "http://a.example/b", cost: { euros: 1 }, list: [1, "1970-01-01T00:00:00.000Z"] })
})

test("whatever JSON can hold goes as JSON.stringify() writes it", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(stringify(value), JSON.stringify(value))))
})

// What doesn't

/** What it is, where, and what the error calls it. @type {[data: any, place: string, kind: string][]} */
const REFUSED = [
  [undefined, "data", "undefined"], [() => 1, "data", "a function"], [Symbol("s"), "data", "a symbol"], [10n, "data", "a bigint"], [Number.NaN, "data", "NaN"], [-Infinity, "data", "-Infinity"],
  [new Map([[1, 2]]), "data", "Map"], [new Set(), "data", "Set"], [new WeakMap(), "data", "WeakMap"], [new WeakSet(), "data", "WeakSet"], [Promise.resolve(1), "data", "Promise"],
  [new Error("e"), "data", "Error"], [new TypeError("e"), "data", "TypeError"], [/x/, "data", "RegExp"], [new FormData(), "data", "FormData"], [new URLSearchParams("a=1"), "data", "URLSearchParams"],
  [new Headers(), "data", "Headers"], [new AbortController(), "data", "AbortController"], [new EventTarget(), "data", "EventTarget"], [new WeakRef({}), "data", "WeakRef"], [new SharedArrayBuffer(1), "data", "SharedArrayBuffer"],
  [new Number(5), "data", "Number"], [new String("s"), "data", "String"], [new Boolean(false), "data", "Boolean"], [Object(1n), "data", "BigInt"], [Object(Symbol.iterator), "data", "Symbol"],
  [new Point(), "data", "Point"], [new (class {})(), "data", "Object"], [Object.create({ inherited: 1 }), "data", "Object"], [{ __proto__: { inherited: 1 } }, "data", "Object"],
  [Math, "data", "Math"], [globalThis, "data", "global"], [(function () { return arguments })(1), "data", "Arguments"], [(function* () { yield 1 })(), "data", "Generator"], [[1].values(), "data", "Array Iterator"],
  [proxied(new Map()), "data", "Map"], [new Date(Number.NaN), "data", "Invalid Date"],
  [{ a: { avatar: new Blob(["x"]) } }, "data.a.avatar", "Blob"], [[new File(["x"], "x")], "data[0]", "File"], [{ a: [0, new ArrayBuffer(1)] }, "data.a[1]", "ArrayBuffer"], [[[new Uint8Array(1)]], "data[0][0]", "Uint8Array"],
  [{ view: new DataView(new ArrayBuffer(1)) }, "data.view", "DataView"], [{ user: Promise.resolve(1) }, "data.user", "Promise"], [{ a: { big: 1n } }, "data.a.big", "a bigint"],
  [{ a: 1, on: () => 1 }, "data.on", "a function"], [{ sign: Symbol("s") }, "data.sign", "a symbol"], [[() => 1], "data[0]", "a function"], [[1, undefined], "data[1]", "undefined"],
  [Object.assign([1], { 2: 3 }), "data[1]", "undefined"], [{ x: 0 / 0 }, "data.x", "NaN"], [[1, [Infinity]], "data[1][0]", "Infinity"], [{ at: new Date(Number.NaN) }, "data.at", "Invalid Date"], [{ n: new Number(1) }, "data.n", "Number"],
  [new Money(new Map()), "data", "Map"], [{ cost: new Money(Number.NaN) }, "data.cost", "NaN"], [[new Money(undefined)], "data[0]", "undefined"], [{ cost: new Money(new Date(0)) }, "data.cost", "Date"], [new Money([() => 1]), "data[0]", "a function"],
  [[[{}, []], { a: [{}], b: new Set() }], "data[1].b", "Set"], [{ first: { a: {} }, second: [1, { point: new Point() }] }, "data.second[1].point", "Point"],
  ...["new Map()", "new Set()", "new ArrayBuffer(1)", "new Uint8Array(1)", "new Error()", "new Promise(() => 0)", "/x/"].map((script) => /** @type {[any, string, string]} */ ([{ theirs: runInNewContext(script) }, "data.theirs", runInNewContext(`(${script}).constructor.name`)])),
]
for (const [data, place, kind] of REFUSED) {
  test(`isn't made something else: ${kind} at ${place}`, () => {
    assert.throws(() => stringify(data), { name: "P2pError", code: "unsupported", message: `${place} can't be sent (${kind}).`, hint: /plain objects .+ Await promises; a class needs toJSON/ })
  })
}

test("what the engine can't write is refused with its cause", () => {
  const cycle = /** @type {any} */ ({ list: [] })
  cycle.list.push({ cycle })
  const broken = new Error("no")
  const fail = () => { throw broken }
  for (const data of [cycle, { get x() { return fail() } }, { toJSON: fail }, revoked(), [revoked()], proxied({}, { getPrototypeOf: fail }), proxied({ a: 1 }, { ownKeys: fail }), proxied(new Point(), { get: fail })]) {
    assert.throws(() => stringify(data), ({ name, code, hint, cause }) => name === "P2pError" && code === "unsupported" && /cycles/.test(hint) && cause instanceof Error)
  }
})

test("the deepest that may be sent is written, and the engine's stack isn't tried beyond", () => {
  const nested = (/** @type {number} */ levels) => {
    let data = /** @type {any} */ ([])
    for (let level = 1; level < levels; level++) data = level % 2 ? [data] : { data }
    return data
  }
  assert.ok(stringify(nested(MAX_DEPTH)))
  for (const levels of [MAX_DEPTH + 1, 3_000, 200_000]) assert.throws(() => stringify(nested(levels)), { code: "unsupported", message: /nested deeper than 500 levels/, hint: "Send it as a list, or as text." })
  const endless = () => ({ toJSON: () => ({ next: endless() }) })
  assert.throws(() => stringify(endless()), { code: "unsupported", message: /nested deeper/ })
})

test("a little that stands for a lot is refused before it is written out", () => {
  let data = /** @type {any} */ ([1])
  for (let time = 0; time < 60; time++) data = [data, data]
  assert.throws(() => stringify(data), { code: "too_large" })
  assert.throws(() => stringify(Array.from({ length: MAX_VALUES }, () => 0)), { code: "too_large" })
  assert.ok(stringify(Array.from({ length: MAX_VALUES - 1 }, () => 0)))
})

test("the place in an error is cut where it is long", () => {
  assert.throws(() => stringify({ ["x".repeat(100_000)]: new Map() }), ({ message }) => message.length < 3_000)
})

// What is read

test("what was read and can't be written again is known, at whatever depth it lies", () => {
  for (const json of ["1e999", "-1e400", "[1,[1E+999]]", '{"a":{"b":-1e309}}', '{"a":1.5e+0400}', `[${"9".repeat(400)}]`, `{"a":-${"1".repeat(310)}.5}`]) assert.ok(!isFinal(json, JSON.parse(json)), json.slice(0, 30))
  for (const json of ["1e308", "1", "1e-999", '"1e999"', '{"1e999":"1e999"}', '["1e999",1e100]', `"${"9".repeat(400)}"`, `0.${"9".repeat(400)}`, "null"]) assert.ok(isFinal(json, JSON.parse(json)), json.slice(0, 30))
})

test("to look for it takes a moment of this process, whatever the digits", () => {
  for (const json of [`[${`${"9".repeat(308)},`.repeat(840)}1]`, `"${"1e1".repeat(80_000)}"`, `[${"1e30,".repeat(50_000)}1e100]`, `"${"9".repeat(250_000)}"`]) {
    const data = JSON.parse(json)
    const times = Array.from({ length: 5 }, () => {
      const from = process.cpuUsage() // others may have the processor meanwhile
      assert.ok(isFinal(json, data))
      return process.cpuUsage(from).user / 1_000
    })
    assert.ok(Math.min(...times) < 100, `${Math.min(...times)} ms`)
  }
})
