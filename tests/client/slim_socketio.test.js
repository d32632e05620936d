import assert from "node:assert/strict"
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, test } from "node:test"
import { fileURLToPath } from "node:url"

import { parse } from "engine.io-client"
import * as engineParser from "engine.io-parser"
import { build } from "esbuild"
import fc from "fast-check"
import * as parser from "socket.io-parser"

import { slimSocketIo } from "../../tools/slim_socketio.mjs"
import { parse as slimParse } from "../../tools/socketio/address.js"
import * as slimEngineParser from "../../tools/socketio/engine_parser.js"
import * as slimParser from "../../tools/socketio/parser.js"

const NODE_MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url))

const namespaces = fc.constantFrom("/", "/p2p", "/a/b")
const events = fc.tuple(fc.oneof(fc.string(), fc.constantFrom("connect", "disconnect", "connect_error")), fc.jsonValue()).map((data) => [...data])
const packets = fc.oneof(
  fc.record({ type: fc.constant(0), nsp: namespaces, data: fc.option(fc.dictionary(fc.string(), fc.jsonValue()), { nil: undefined }) }),
  fc.record({ type: fc.constant(1), nsp: namespaces }),
  fc.record({ type: fc.constantFrom(2, 3), nsp: namespaces, id: fc.option(fc.nat(), { nil: undefined }), data: events }),
  fc.record({ type: fc.constant(4), nsp: namespaces, data: fc.record({ message: fc.string(), data: fc.jsonValue() }) }),
)
/** What begins like a packet of text and isn't one; binary ones (5 and 6) are what is left out. */
const texts = fc.tuple(
  fc.constantFrom("0", "1", "2", "3", "4", "7", "9", "x"),
  fc.constantFrom("", ",", "/", "/p2p", "/p2p,", "/p2p,12", "7", "07", "-1"),
  fc.oneof(fc.json(), fc.constantFrom("", "[", "[]", "[1]", "[null]", '["connect"]', '["hello"]', "{}", '"no"', "null", "NaN", '["a",1e999]')),
).map((parts) => parts.join(""))

/** What stands in for engine.io-parser in the part for long polling. */
async function slimPayloads() {
  const parts = await Promise.all(["engine_parser.js", "engine_payload.js"].map((name) => readFile(new URL(`../../tools/socketio/${name}`, import.meta.url), "utf8")))
  return import(`data:text/javascript,${encodeURIComponent(parts.join(""))}`)
}

/** What a decoder makes of a packet, or that it refuses it. */
function decoded({ Decoder }, text) {
  const decoder = new Decoder()
  const packets = []
  decoder.on("decoded", ({ type, nsp, id, data }) => packets.push({ type, nsp, id, data }))
  try {
    decoder.add(text)
  } catch {
    return "refused"
  }
  return packets
}

describe("what stands in for a module does the same", () => {
  test("packets of Socket.IO", () => {
    fc.assert(fc.property(packets, (packet) => {
      const encoded = new parser.Encoder().encode({ ...packet })
      assert.deepEqual(new slimParser.Encoder().encode({ ...packet }), encoded)
      assert.deepEqual(decoded(slimParser, encoded[0]), decoded(parser, encoded[0]))
    }))
  })

  test("texts that are no packets", () => {
    fc.assert(fc.property(texts, (text) => assert.deepEqual(decoded(slimParser, text), decoded(parser, text))), { numRuns: 1_000 })
  })

  test("binary data is refused", () => {
    for (const data of [undefined, new ArrayBuffer(4), '51-["a",{"_placeholder":true,"num":0}]', "61-[]"]) assert.equal(decoded(slimParser, data), "refused")
    assert.equal(slimEngineParser.decodePacket(new ArrayBuffer(4)).type, "error")
    assert.equal(slimEngineParser.decodePacket("bAQID").type, "error")
  })

  test("packets of Engine.IO", () => {
    const encoded = ({ encodePacket }, packet) => {
      let text
      encodePacket(packet, true, (made) => { text = made })
      return text
    }
    const same = ({ type, data }, { decodePacket }, text) => assert.deepEqual(((packet) => [packet.type, packet.data])(decodePacket(text)), [type, data])
    for (const type of ["open", "close", "ping", "pong", "message", "upgrade", "noop"]) {
      for (const data of [undefined, "", "0/p2p,", "é\n"]) {
        const text = encoded(engineParser, { type, data })
        assert.equal(encoded(slimEngineParser, { type, data }), text)
        same(engineParser.decodePacket(text), slimEngineParser, text)
      }
    }
    for (const text of ["", "7", "x", "-1", " "]) same(engineParser.decodePacket(text), slimEngineParser, text)
  })

  test("payloads of long polling", async () => {
    const payloads = await slimPayloads()
    const packet = fc.record({ type: fc.constantFrom("open", "close", "ping", "pong", "message", "noop"), data: fc.option(fc.json().filter((text) => text !== ""), { nil: undefined }) })
    const joined = ({ encodePayload }, all) => new Promise((resolve) => encodePayload(structuredClone(all), resolve))
    const read = ({ decodePayload }, text) => decodePayload(text, "arraybuffer").map(({ type, data }) => [type, data])
    await fc.assert(fc.asyncProperty(fc.array(packet, { minLength: 1 }), async (all) => {
      const text = await joined(engineParser, all)
      assert.equal(await joined(payloads, all), text)
      assert.deepEqual(read(payloads, text), read(engineParser, text))
    }))
    for (const text of ["", "7", "4a\x1e", "\x1e4a", "4a\x1ex\x1e4b", "2\x1e4\x1e1"]) assert.deepEqual(read(payloads, text), read(engineParser, text), JSON.stringify(text))
  })

  test("origins", () => {
    for (const origin of ["http://localhost", "https://chat.example.org:8443", "http://127.0.0.1:5000", "http://[::1]:5000", "https://[fe80::1]", "null"]) {
      const { protocol, host, port } = parse(origin)
      assert.deepEqual(slimParse(origin), { protocol, host, port }, origin)
    }
  })
})

describe("an update of Socket.IO that moves what is changed fails the build", () => {
  let folder

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slim-"))
    for (const name of ["socket.io-client", "socket.io-parser", "engine.io-client", "engine.io-parser", "@socket.io"]) {
      await cp(join(NODE_MODULES, name), join(folder, "node_modules", name), { recursive: true })
    }
    await writeFile(join(folder, "entry.js"), `export { Manager } from "socket.io-client"`)
  })

  afterEach(() => rm(folder, { recursive: true }))

  const engine = (file) => join(folder, "node_modules/engine.io-client/build/esm", file)
  const edit = async (file, from, to) => {
    const text = await readFile(file, "utf8")
    assert.ok(text.includes(from))
    await writeFile(file, text.replaceAll(from, to))
  }
  const built = () => build({ entryPoints: [join(folder, "entry.js")], bundle: true, format: "esm", write: false, plugins: [slimSocketIo], logLevel: "silent" })

  test("as it is, it builds, and holds no other transport", async () => {
    const [{ text }] = (await built()).outputFiles
    assert.match(text, /new WebSocketCtor/)
    assert.doesNotMatch(text, /XMLHttpRequest|WebTransport\(|FileReader|probe error/)
  })

  test("a method by another name", async () => {
    await edit(engine("socket.js"), "_probe(", "_attempt(")
    await assert.rejects(built, /no method _probe in engine\.io-client\/build\/esm\/socket\.js\. Has it been updated\?.*tools\/slim_socketio\.mjs/)
  })

  test("a module in another place", async () => {
    await rename(engine("transports/index.js"), engine("transports/all.js"))
    await edit(engine("socket.js"), "./transports/index.js", "./transports/all.js")
    await assert.rejects(built, /no engine\.io-client\/build\/esm\/transports\/index\.js, or nothing imports it/)
  })

  test("a module that is asked for more", async () => {
    await edit(engine("transport.js"), "import { decodePacket }", "import { decodePacket, decodeFrame }")
    await assert.rejects(built, /No matching export .* for import "decodeFrame"/)
  })
})
