import assert from "node:assert/strict"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, test } from "node:test"
import { fileURLToPath, pathToFileURL } from "node:url"

import { bundleClient, checkThatTheyFit } from "../../tools/bundles.mjs"

const SOURCES = {
  "index.js": `
    export { P2pError } from "./errors.js"
    export { Manager } from "socket.io-client"
    export const load = () => import("./files/transfers.js")`,
  "errors.js": `
    export class P2pError extends Error {}
    export const text = "held by the client"`,
  "stimulus.js": `
    export * from "./index.js"
    export { Controller } from "@hotwired/stimulus"`,
  "files/transfers.js": `
    import { P2pError } from "../errors.js"
    import { sum } from "./digest.js"
    export const fail = () => new P2pError(String(sum(1, 2)))`,
  "check/index.js": `
    import { Manager } from "socket.io-client"
    import { text } from "../errors.js"
    document.title = text + Manager.name`,
  "check/check.css": "p { color: red }",
  "files/digest.js": `
    export const sum = (one, other) => one + other`,
}
const NODE_MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url))

let folder

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundles-"))
  await symlink(NODE_MODULES, join(folder, "node_modules"))
  await writeFile(join(folder, "package.json"), '{ "type": "module" }')
  for (const [name, text] of Object.entries(SOURCES)) await write(join("js", name), text)
})

afterEach(() => rm(folder, { recursive: true }))

async function write(name, contents) {
  await mkdir(dirname(join(folder, name)), { recursive: true })
  await writeFile(join(folder, name), contents)
}

async function bundled() {
  const bundles = await bundleClient(join(folder, "js"))
  for (const { name, contents } of bundles) await write(join("dist", name), contents)
  return Object.fromEntries(bundles.map((bundle) => [bundle.name, new TextDecoder().decode(bundle.contents)]))
}

const fit = (bundles) => checkThatTheyFit(join(folder, "dist"), Object.keys(bundles).map((name) => ({ name })))

test("what is imported dynamically is a file of its own, called by its folder", async () => {
  const bundles = await bundled()
  assert.deepEqual(Object.keys(bundles), ["p2p.js", "p2p-files.js", "p2p-stimulus.js", "stimulus.js", "p2p-check.js", "p2p-check.css"])
  assert.match(bundles["p2p.js"], /import\("\.\/p2p-files\.js"\)/)
  await fit(bundles)
})

test("it takes from the client what that holds, and brings the rest along", async () => {
  const { "p2p-files.js": part } = await bundled()
  assert.match(part, /from"\.\/p2p\.js"/)
  assert.doesNotMatch(part, /extends Error/)
  const { P2pError, load } = await import(pathToFileURL(join(folder, "dist/p2p.js")).href)
  const error = (await load()).fail()
  assert.ok(error instanceof P2pError)
  assert.equal(error.message, "3")
})

test("the check page's script stands alone, so that p2p.js needn't share anything with it", async () => {
  const { "p2p-check.js": script, "p2p-check.css": style } = await bundled()
  assert.doesNotMatch(script, /from"|import\(/)
  assert.match(script, /held by the client/)
  assert.match(style, /^p\{color:red\}/)
})

test("a client without such parts has no such files", async () => {
  await write("js/index.js", SOURCES["index.js"].replace(/export const load.*/, ""))
  assert.deepEqual(Object.keys(await bundled()), ["p2p.js", "p2p-stimulus.js", "stimulus.js", "p2p-check.js", "p2p-check.css"])
})

test("what the client holds and doesn't export can't be shared", async () => {
  await write("js/index.js", `${SOURCES["index.js"]}; import { text } from "./errors.js"; export const length = text.length`)
  await write("js/files/transfers.js", 'import { text } from "../errors.js"; export const shown = text')
  await assert.rejects(fit(await bundled()), (error) => {
    assert.match(error.message, /must be exported by static\/js\/index\.js/)
    assert.match(error.cause.message, /No matching export in ".*p2p\.js" for import "text"/)
    return true
  })
})

test("two parts can't have one name", async () => {
  await write("js/index.js", `${SOURCES["index.js"]}; export const other = () => import("./files/digest.js")`)
  await assert.rejects(bundled(), /transfers\.js and .*digest\.js would both be p2p-files\.js/)
})
