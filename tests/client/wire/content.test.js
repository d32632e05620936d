import assert from "node:assert/strict"
import { test } from "node:test"

import fc from "fast-check"

import { Content, hasContent, MAX_FRAME_BYTES, MAX_LABEL_CHARACTERS, pack, readContent, sizeOf, STAMP_BYTES, unpack } from "../../../static/js/wire/content.js"
import { MAX_DEPTH } from "../../../static/js/base/limits.js"
import { DATA, decodeFrame, DIRECT, encodeFrame } from "../../../static/js/wire/frames.js"

const MOST = MAX_FRAME_BYTES - STAMP_BYTES
const ARRAYS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array]

/**
 * What arrives of a content that goes from a client to its host, and from there to another client.
 * @param {Content} content
 */
function carried(content) {
  const atHost = /** @type {any} */ (decodeFrame(content.packet({ type: DATA, id: 7 })))
  return /** @type {any} */ (decodeFrame(Content.from(atHost).packet({ type: DATA, senderId: "ann", inc: "x", id: 7, n: 1 })))
}

/** @param {any} data @param {string} [topic] */
async function roundTrip(data, topic) {
  return readContent(carried(data instanceof Blob ? await Content.ofBlob(data, topic) : Content.of(data, topic)))
}

/** @param {any} value @param {any} other */
async function assertSame(value, other) {
  assert.equal(Object.getPrototypeOf(value ?? 0), Object.getPrototypeOf(other ?? 0))
  if (value instanceof Blob) {
    assert.deepEqual([value.type, value.size, /** @type {any} */ (value).name], [other.type, other.size, other.name])
    assert.deepEqual(await value.arrayBuffer(), await other.arrayBuffer())
  } else if (value instanceof DataView) {
    assert.deepEqual(bytesOf(value), bytesOf(other))
  } else {
    assert.deepEqual(value, other)
  }
}

/** @param {ArrayBufferView} view */
function bytesOf(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

// Every kind arrives as what it was

for (const [name, data] of /** @type {[string, any][]} */ ([
  ["a text", "text"], ["an empty text", ""], ["a text of all planes", "ü💬\u2028\u0000\ud800\"\\"], ["null", null], ["a number", -1.5e300], ["false", false],
  ["an array", [1, [null, "x"]]], ["an object", { deep: ["ü", { "}": '"' }], constructor: 1 }], ["a key that is called bytes", { bytes: [1], binary: { kind: "Blob" } }],
  ["a Blob", new Blob(["ü", Uint8Array.of(0, 255)], { type: "image/png" })], ["an empty Blob", new Blob()],
  ["a File", new File(["text"], "Größe 💬.txt", { type: "text/plain;charset=utf-8" })], ["a File without a name or a type", new File([], "")],
  ["an ArrayBuffer", Uint8Array.of(1, 2, 3).buffer], ["an empty ArrayBuffer", new ArrayBuffer(0)],
  ["a DataView", new DataView(Uint8Array.of(1, 2, 3).buffer)],
  ...ARRAYS.map((Kind) => [`a ${Kind.name}`, new Kind(Uint8Array.from({ length: 16 }, (_, index) => index * 17).buffer)]),
  ...ARRAYS.map((Kind) => [`an empty ${Kind.name}`, new Kind(0)]),
])) {
  test(`arrives as what it was: ${name}`, async () => {
    for (const topic of [undefined, "t", "ü".repeat(MAX_LABEL_CHARACTERS)]) {
      const got = await roundTrip(data, topic)
      assert.equal(got.topic, topic)
      await assertSame(got.data, data)
    }
  })
}

test("of a view its part of the buffer goes, and no more", async () => {
  const { buffer } = Uint8Array.from({ length: 32 }, (_, index) => index)
  for (const view of [new Uint8Array(buffer, 3, 5), new Float64Array(buffer, 8, 2), new DataView(buffer, 31), new Uint16Array(buffer).subarray(1, 4)]) {
    const { data } = await roundTrip(view)
    await assertSame(data, view)
    assert.deepEqual([data.byteOffset, data.buffer.byteLength], [0, view.byteLength])
  }
})

test("what Node's or another library's subclass of an array is arrives as the array", async () => {
  const { data } = await roundTrip(Buffer.from("text"))
  assert.equal(Object.getPrototypeOf(data), Uint8Array.prototype)
  assert.deepEqual(data, Uint8Array.from(Buffer.from("text")))
})

test("any value goes round, on any topic", async () => {
  const view = fc.tuple(fc.constantFrom(DataView, ...ARRAYS), fc.uint8Array({ minLength: 96, maxLength: 96 }), fc.nat(4), fc.nat(4))
    .map(([Kind, bytes, skipped, length]) => new Kind(bytes.slice().buffer, skipped * 8, Kind === DataView ? length * 3 : length))
  const bytes = fc.uint8Array({ maxLength: 40 })
  const file = fc.tuple(bytes, fc.string({ unit: "grapheme", maxLength: 30 }), fc.constantFrom("", "image/png", "text/plain"))
  // Of -0 JSON makes 0.
  const json = fc.jsonValue().map((any) => JSON.parse(JSON.stringify(any)))
  const value = fc.oneof(json, fc.string({ unit: "grapheme" }), view, bytes.map((array) => array.slice().buffer), file.map(([array, name, type]) => new File([array.slice()], name, { type })), file.map(([array, , type]) => new Blob([array.slice()], { type })))
  const topic = fc.option(fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }), { nil: undefined })
  await fc.assert(fc.asyncProperty(value, topic, async (data, name) => {
    const got = await roundTrip(data, name)
    assert.equal(got.topic, name)
    await assertSame(got.data, data)
  }), { numRuns: 300 })
})

test("a content is what the data was when it was taken in, and what it gives is its reader's own", () => {
  const list = { list: [1] }
  const array = Uint8Array.of(1, 2, 3)
  const contents = [Content.of(list), Content.of(array), Content.of(array.buffer)]
  list.list.push(2)
  array[0] = 9
  for (let time = 0; time < 2; time++) {
    const [json, view, buffer] = contents.map((content) => content.read().data)
    assert.deepEqual([json, view, buffer], [{ list: [1] }, Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3).buffer])
    json.list.push("mine")
    view[0] = 7
    new Uint8Array(buffer)[0] = 7
  }
})

test("what is read from a frame is not the packet's memory, however the bytes lie in it", () => {
  for (let pad = 0; pad < 8; pad++) {
    const packet = /** @type {ArrayBuffer} */ (Content.of(Float64Array.of(1.5, -2)).packet({ type: DATA, id: 1, inc: "x".repeat(pad + 1) }))
    const { data } = readContent(/** @type {any} */ (decodeFrame(packet)))
    new Uint8Array(packet).fill(0)
    assert.deepEqual(data, Float64Array.of(1.5, -2))
  }
})

test("its fields make a frame, and its packet is that frame", () => {
  for (const content of [Content.of("text", "t"), Content.of({ a: 1 }), Content.of(Uint8Array.of(1, 2), "t")]) {
    const frame = { type: /** @type {const} */ (DATA), id: 7, ...content.fields }
    assert.deepEqual(decodeFrame(encodeFrame(frame)), frame)
    assert.deepEqual(content.packet({ type: DATA, id: 7 }), encodeFrame(frame))
  }
})

test("its size is that of what it holds", () => {
  const sizes = [Content.of(""), Content.of("x".repeat(1_000)), Content.of(new ArrayBuffer(1_000))].map(({ size }) => size)
  assert.ok(sizes[0] > 0 && sizes[0] < 50)
  assert.ok(sizes.slice(1).every((size) => size >= 1_000 && size < 1_050))
  const packet = Content.of(new ArrayBuffer(1_000)).packet({ type: DATA, id: 1 })
  assert.deepEqual([sizeOf(packet), sizeOf("ü")], [packet.byteLength, 1])
})

// What can't be sent

test("what JSON would make something else of is refused with its place", () => {
  assert.throws(() => Content.of({ user: { avatar: new Blob(["x"]) } }), { name: "P2pError", code: "unsupported", message: "data.user.avatar can't be sent (Blob)." })
})

test("memory that is gone is refused, and so is a buffer that others write to", () => {
  const buffer = new ArrayBuffer(8)
  const views = [buffer, new Uint8Array(buffer), new DataView(buffer), new Float64Array(buffer)]
  structuredClone(buffer, { transfer: [buffer] })
  for (const data of views) assert.throws(() => Content.of(data), ({ code, hint, cause }) => code === "unsupported" && /before it is transferred/.test(hint) && cause instanceof TypeError)
  assert.throws(() => Content.of(new SharedArrayBuffer(8)), { code: "unsupported", message: "data can't be sent (SharedArrayBuffer)." })
  assert.throws(() => Content.of({ shared: new SharedArrayBuffer(8) }), { code: "unsupported", message: "data.shared can't be sent (SharedArrayBuffer)." })
})

test("a view of shared memory, or of a buffer whose size may change, arrives as what it shows", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(4), 1, 2)
  shared.set([7, 9])
  const buffer = new ArrayBuffer(4, { maxByteLength: 8 })
  const whole = new Uint8Array(buffer)
  whole.set([1, 2, 3, 4])
  for (const [data, bytes] of [[shared, [7, 9]], [whole, [1, 2, 3, 4]], [buffer, [1, 2, 3, 4]], [new DataView(buffer, 1), [2, 3, 4]]]) {
    const got = (await roundTrip(data)).data
    assert.deepEqual([...(got instanceof ArrayBuffer ? new Uint8Array(got) : bytesOf(got))], bytes)
    assert.ok((got.buffer ?? got) instanceof ArrayBuffer)
  }
  const [cut, cutView] = [new Uint8Array(buffer, 3, 1), new DataView(buffer, 3, 1)]
  buffer.resize(2)
  for (const gone of [cut, cutView]) assert.throws(() => Content.of(gone), { code: "unsupported", hint: /made smaller/ })
  assert.deepEqual((await roundTrip(whole)).data, Uint8Array.of(1, 2))
})

test("a kind that not all browsers have is refused", () => {
  const odd = new Uint8Array(2)
  const { get } = /** @type {any} */ (Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag))
  assert.equal(get.call(odd), "Uint8Array")
  Object.defineProperty(odd, Symbol.toStringTag, { value: "Float16Array" }) // what it says of itself doesn't count
  assert.deepEqual(Content.of(odd).fields.binary, { kind: "Uint8Array" })
  if ("Float16Array" in globalThis) assert.throws(() => Content.of(new globalThis.Float16Array(1)), { code: "unsupported", message: /Float16Array/ })
})

test("what may be nested as deep as that is taken by the other side, and what is deeper by neither", () => {
  const nested = (levels) => `${"[".repeat(levels)}${"]".repeat(levels)}`
  assert.ok(decodeFrame(Content.of(JSON.parse(nested(MAX_DEPTH))).packet({ type: "Data", id: 1 })))
  for (const levels of [MAX_DEPTH + 1, 3_000, 10_000, 100_000]) {
    assert.throws(() => Content.of(JSON.parse(nested(levels))), { code: "unsupported", message: /nested deeper than 500 levels/, hint: "Send it as a list, or as text." })
    assert.equal(decodeFrame(`{"type":"Data","id":1,"data":${nested(levels)}}`), null)
  }
  assert.ok(Content.of("[".repeat(2 * MAX_DEPTH)))
})

test("bytes that are too many are refused before they are copied", () => {
  const large = new Uint8Array(2 ** 30) // of zeros, which take no memory until they are read
  const before = process.memoryUsage().arrayBuffers
  assert.throws(() => Content.of(large), { code: "too_large" })
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 29)
})

test("a Blob that can't be read any more has changed", async () => {
  const cause = new DOMException("gone", "NotReadableError")
  const blob = Object.assign(new Blob(["x"]), { arrayBuffer: () => Promise.reject(cause) })
  await assert.rejects(Content.ofBlob(blob), { code: "file_changed", cause })
})

test("a MIME type and a name are cut where they are too long", async () => {
  const { binary } = (await Content.ofBlob(new File(["x"], "n".repeat(1_000), { type: "t".repeat(1_000) }))).fields
  assert.deepEqual([binary?.name?.length, binary?.mime?.length], [MAX_LABEL_CHARACTERS, MAX_LABEL_CHARACTERS])
})

// How much

test("a message may be as large as leaves room for the host's stamp, in bytes", () => {
  const text = (characters) => Content.of("x".repeat(characters - '"data":""'.length))
  assert.equal(text(MOST).size, MOST)
  assert.throws(() => text(MOST + 1), { code: "too_large", message: /261121 bytes; .+ 261120/, hint: /sendFile/ })
  assert.throws(() => Content.of("ü".repeat(MOST / 2)), { code: "too_large" })
  assert.throws(() => Content.of("\u0000".repeat(MOST / 6)), { code: "too_large" })
  const bytes = (count) => Content.of(new ArrayBuffer(count - '"binary":{"kind":"ArrayBuffer"}'.length))
  assert.equal(bytes(MOST).size, MOST)
  assert.throws(() => bytes(MOST + 1), { code: "too_large" })
  assert.throws(() => Content.of(new ArrayBuffer(100 * MOST)), { code: "too_large" })
})

test("the topic counts", () => {
  const data = "x".repeat(MOST - '"data":""'.length)
  assert.ok(Content.of(data))
  assert.throws(() => Content.of(data, "t"), { code: "too_large" })
  const buffer = new ArrayBuffer(MOST - '"binary":{"kind":"ArrayBuffer"}'.length)
  assert.throws(() => Content.of(buffer, "t"), { code: "too_large" })
})

test("a Blob that is too large isn't read", async () => {
  const blob = Object.assign(new Blob([new Uint8Array(MOST + 1)]), { arrayBuffer: () => assert.fail("it was read") })
  await assert.rejects(Content.ofBlob(blob), { code: "too_large" })
  await assert.rejects(Content.ofBlob(new Blob([new Uint8Array(MOST - 10)])), { code: "too_large" })
})

test("where there are bytes, names count in bytes as well", async () => {
  const name = "名".repeat(MAX_LABEL_CHARACTERS)
  const head = new TextEncoder().encode(JSON.stringify({ topic: name, binary: { kind: "File", mime: "", name } })).length - "{}".length
  const file = (size) => new File([new Uint8Array(size)], name)
  assert.ok(await Content.ofBlob(file(MOST - head), name))
  await assert.rejects(Content.ofBlob(file(MOST - head + 1), name), { code: "too_large" })
})

test("the stamp of the longest and most hostile id fits into what is left for it", async () => {
  const number = Number.MAX_SAFE_INTEGER
  const senderId = "\u0001".repeat(128)
  const name = "x".repeat(MAX_LABEL_CHARACTERS)
  const file = new File([new Uint8Array(MOST - `"topic":"${name}","binary":{"kind":"File","mime":"","name":"${name}"}`.length)], name)
  for (const content of [Content.of("x".repeat(MOST - 9)), await Content.ofBlob(file, name)]) {
    const frame = /** @type {any} */ (decodeFrame(content.packet({ type: DATA, id: number })))
    assert.ok(Content.from(frame).packet({ type: DATA, senderId, inc: "zzzzzzz", id: number, n: number }))
    for (const goal of [{ to: senderId }, { senderId }]) assert.ok(encodeFrame({ type: DIRECT, ...goal, inc: "zzzzzzz", id: number, after: number - 1, ask: number, ...content.fields }))
  }
})

// Packets that aren't

/** @param {string} text @param {number[]} [bytes] @param {number} [length] */
function forge(text, bytes = [1, 2, 3, 4], length = new TextEncoder().encode(text).length) {
  const packet = Uint8Array.from([0, 0, 0, 0, ...new TextEncoder().encode(text), ...bytes])
  new DataView(packet.buffer).setUint32(0, length)
  return packet.buffer
}

const file = (binary, rest = "") => `{"type":"Data","id":1,"binary":${binary}${rest}}`

test("what is forged below is right where nothing is wrong", () => {
  assert.deepEqual(decodeFrame(forge(file('{"kind":"Uint16Array"}'))), { type: DATA, id: 1, binary: { kind: "Uint16Array" }, bytes: Uint8Array.of(1, 2, 3, 4) })
})

for (const [name, packet] of /** @type {[string, any][]} */ ([
  ["nothing", new ArrayBuffer(0)], ["three bytes", new ArrayBuffer(3)], ["an empty text", new ArrayBuffer(4)], ["a length beyond its end", forge(file('{"kind":"Blob"}'), [], 1_000)],
  ["the largest length", forge(file('{"kind":"Blob"}'), [], 0xffffffff)], ["a text cut short", forge(file('{"kind":"Blob"}'), [1], 10)], ["a text that isn't UTF-8", forge("", [255, 254, 0], 3)],
  ["a number", forge("7")], ["null", forge("null")], ["a text", forge('"bytes"')], ["a list", forge("[]")],
  ["bytes without a kind", forge('{"type":"Data","id":1}')], ["bytes beside JSON", forge('{"type":"Data","id":1,"data":1}')], ["bytes and JSON", forge(file('{"kind":"Blob"}', ',"data":1'))],
  ...["{}", "null", "7", '"Blob"', '{"kind":""}', '{"kind":7}', '{"kind":null}', '{"kind":["Blob"]}', '{"kind":"Array"}', '{"kind":"Object"}', '{"kind":"constructor"}', '{"kind":"__proto__"}', '{"kind":"toString"}',
    '{"kind":"SharedArrayBuffer"}', '{"kind":"uint8array"}', '{"kind":"Blob","mime":7}', '{"kind":"File","name":{}}', `{"kind":"File","name":"${"x".repeat(MAX_LABEL_CHARACTERS + 1)}"}`,
  ].map((binary) => [`bytes of the kind ${binary.slice(0, 40)}`, forge(file(binary))]),
  ...[{ Kind: Int16Array, length: 3 }, { Kind: Uint32Array, length: 2 }, { Kind: Float64Array, length: 4 }, { Kind: BigInt64Array, length: 12 }].map(({ Kind: { name: kind }, length }) => [`${length} bytes of a ${kind}`, forge(file(`{"kind":"${kind}"}`), Array.from({ length }, () => 0))]),
  ["bytes in JSON", '{"type":"Data","id":1,"binary":{"kind":"Blob"},"bytes":[1]}'], ["an array for bytes in JSON", '{"type":"Data","id":1,"data":1,"bytes":{"length":4}}'],
  ["a kind without bytes", file('{"kind":"Blob"}')], ["a view of a packet", new Uint8Array(forge(file('{"kind":"Blob"}')))], ["a Blob", new Blob(["{}"])],
])) {
  test(`is no frame: ${name}`, () => assert.equal(decodeFrame(packet), null))
}

test("what a packet's text says its bytes are is not believed", () => {
  assert.deepEqual(/** @type {any} */ (decodeFrame(forge(file('{"kind":"Blob"}', ',"bytes":"forged"')))).bytes, Uint8Array.of(1, 2, 3, 4))
})

test("whatever comes, a packet is a frame that can be read, or none", () => {
  const whole = /** @type {ArrayBuffer[]} */ ([Content.of(Float32Array.of(1, 2), "t").packet({ type: DATA, id: 1 }), Content.of(new ArrayBuffer(5)).packet({ type: DIRECT, to: "bob", inc: "x", id: 2, after: 1 })])
  const damage = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 })
  const damaged = fc.tuple(fc.constantFrom(...whole), damage, fc.nat(200)).map(([packet, changes, cut]) => {
    const bytes = new Uint8Array(packet.slice(0, packet.byteLength - (cut % 20)))
    for (const [place, byte] of changes) bytes[place % bytes.length] = byte
    return bytes.buffer
  })
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.slice().buffer), damaged), (packet) => {
    const frame = /** @type {any} */ (decodeFrame(packet))
    if (frame && hasContent(frame)) readContent(frame)
  }), { numRuns: 2_000 })
})

test("a packet is at most as large as a channel takes, in bytes", () => {
  assert.equal(pack("x".repeat(MAX_FRAME_BYTES)).length, MAX_FRAME_BYTES)
  assert.throws(() => pack("x".repeat(MAX_FRAME_BYTES + 1)), { code: "too_large" })
  assert.throws(() => pack("ü".repeat(MAX_FRAME_BYTES / 2 + 1)), { code: "too_large" })
  assert.equal(sizeOf(pack("{}", new Uint8Array(MAX_FRAME_BYTES - 6))), MAX_FRAME_BYTES)
  assert.throws(() => pack("{}", new Uint8Array(MAX_FRAME_BYTES - 5)), { code: "too_large" })
})

test("no bytes are bytes too", () => {
  assert.deepEqual(unpack(pack("{}", new Uint8Array())), { text: "{}", bytes: new Uint8Array() })
  assert.deepEqual(unpack(pack("{}")), { text: "{}" })
})
