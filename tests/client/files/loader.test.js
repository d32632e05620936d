import assert from "node:assert/strict"
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath, pathToFileURL } from "node:url"

import { bundleClient } from "../../../tools/bundles.mjs"
import { LOAD_TERM_MS, MAX_LOADING, MAX_LOADING_OF_SENDER } from "../../../static/js/base/limits.js"
import { FakeClock } from "../support/fake_clock.js"
import { fate } from "../support/world.js"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))
/** The client as it is shipped, but for the element, which Node can't have. */
const INDEX = `
  export { ERRORS, P2pError } from "./base/errors.js"
  export { Loader } from "./files/loader.js"
  export { Manager } from "socket.io-client"`

let folder
/** @type {{ name: string, contents: Uint8Array }[]} */
let bundles

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "loader-"))
  await cp(join(ROOT, "static/js"), join(folder, "js"), { recursive: true })
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"))
  await writeFile(join(folder, "package.json"), '{ "type": "module" }')
  await writeFile(join(folder, "js/index.js"), INDEX)
  await writeFile(join(folder, "js/stimulus.js"), 'export { P2pError } from "./index.js"')
  bundles = await bundleClient(join(folder, "js"))
})

after(() => rm(folder, { recursive: true }))

/** Puts a file beside p2p.js. @param {string} dist @param {string} [contents] the file as it is shipped */
async function put(dist, name, contents = shipped(name)) {
  await writeFile(join(dist, name), contents)
}

/** @param {string} name */
const shipped = (name) => /** @type {any} */ (bundles.find((bundle) => bundle.name === name)).contents

/** A page that has loaded p2p.js, and what it tells others. */
async function open() {
  const dist = await mkdtemp(join(folder, "dist-"))
  await put(dist, "p2p.js")
  const { P2pError, Loader } = await import(pathToFileURL(join(dist, "p2p.js")).href)
  const told = /** @type {any[]} */ ([])
  const offers = /** @type {any[]} */ ([])
  const clock = new FakeClock()
  const loader = new Loader({
    clock,
    delegate: { fileOffered: (file) => offers.push(file), fileProgressed: () => undefined },
    carrier: {
      peerId: "ann",
      route: () => undefined,
      post: (peerId, note) => {
        told.push([peerId, note.kind, note.id, note.code])
        return new Promise(() => undefined)
      },
      buffered: () => 0,
      reachable: () => ["bob"],
    },
  })
  return { dist, loader, clock, told, offers, gone: new P2pError("not_joined"), P2pError }
}

const offer = (id) => ({ kind: "offer", id, name: "x", type: "", size: 1 })

/** Waits for what takes real time: files are read on threads that a busy machine keeps waiting. @param {() => any} isSo */
async function until(isSo) {
  while (!isSo()) await new Promise((resolve) => { setTimeout(resolve, 2) })
}

test("a file can't be sent where the code for it can't be loaded, and the error says which; the next one can, when it can be", async () => {
  const { dist, loader, told, P2pError } = await open()
  const failed = loader.send(new Blob(["x"]), { to: ["bob"] })
  failed.pause()
  await assert.rejects(failed.done, (error) => {
    assert.ok(error instanceof P2pError)
    const { code, hint, retry, cause } = /** @type {any} */ (error)
    assert.deepEqual([code, retry], ["unavailable", true])
    assert.match(hint, /p2p-files\.js/)
    assert.match(cause.message, /p2p-files\.js/)
    return true
  })
  await put(dist, "p2p-files.js")
  loader.send(new Blob(["x"]), { to: ["bob"] })
  await until(() => told.length > 0)
  assert.deepEqual(told.map(([peerId, kind]) => [peerId, kind]), [["bob", "offer"]])
})

test("what can't be loaded under its name is loaded under another one", async () => {
  const { dist, loader, told } = await open()
  // As a browser has it that remembers a failure: only what is asked for anew is there.
  await put(dist, "p2p-files.js", 'if (!import.meta.url.includes("?")) throw new Error("remembered"); export { Transfers } from "./files.js"')
  await put(dist, "files.js", shipped("p2p-files.js"))
  loader.send(new Blob(["x"]), { to: ["bob"] })
  await until(() => told.length > 0)
  assert.equal(told[0][1], "offer")
})

test("who asks about a file where the code for it can't be loaded is told so; who says that it is over isn't", async () => {
  const { loader, told, offers } = await open()
  for (const kind of ["offer", "hold", "accept", "fail"]) loader.noted("bob", { ...offer(kind), kind })
  await until(() => told.length === 3)
  assert.deepEqual(told, ["offer", "hold", "accept"].map((id) => ["bob", "fail", id, "unavailable"]))
  assert.deepEqual(offers, [])
})

test("code that never comes is waited for so long, and for so many", async () => {
  const { dist, loader, clock, told, gone } = await open()
  await put(dist, "p2p-files.js", "await new Promise(() => undefined); export const Transfers = null")
  const early = fate(loader.send(new Blob(["x"]), { to: ["bob"] }).done)
  for (let number = 0; number < 2 * MAX_LOADING; number++) loader.noted("mallory", offer(`${number}`))
  assert.equal(told.filter(([, , , code]) => code === "rate_limited").length, 2 * MAX_LOADING - MAX_LOADING_OF_SENDER)
  // What another peer fills, this one's own files don't feel.
  const others = Array.from({ length: MAX_LOADING - 1 }, () => fate(loader.send(new Blob(["x"]), { to: ["bob"] }).done))
  const refused = fate(loader.send(new Blob(["x"]), { to: ["bob"] }).done)
  await until(() => refused.is !== "pending")
  assert.deepEqual([early.is, others.filter(({ is }) => is === "pending").length, refused.is], ["pending", MAX_LOADING - 1, "rate_limited"])
  clock.advance(LOAD_TERM_MS)
  await until(() => early.is !== "pending")
  assert.deepEqual([early.is, told.filter(([, , , code]) => code === "unavailable").length, clock.pending], ["unavailable", MAX_LOADING_OF_SENDER, 0])
  loader.leave(gone)
})

test("who leaves while the code is being loaded sends nothing, and is offered nothing; who comes back does, and is", async () => {
  const { dist, loader, told, offers, gone } = await open()
  globalThis.loading = new Promise((resolve) => { globalThis.load = resolve })
  await put(dist, "p2p-files.js", 'await globalThis.loading; export { Transfers } from "./files.js"')
  await put(dist, "files.js", shipped("p2p-files.js"))
  const early = fate(loader.send(new Blob(["x"]), { to: ["bob"] }).done)
  loader.noted("bob", offer("early"))
  loader.leave(gone)
  await until(() => early.is !== "pending")
  assert.equal(early.is, "not_joined")
  const late = loader.send(new Blob(["x"]), { to: ["bob"] })
  loader.noted("bob", offer("late"))
  globalThis.load()
  await until(() => offers.length > 0 && told.length > 0)
  assert.deepEqual([offers.map(({ id }) => id), told.map(([, kind, id]) => [kind, id])], [["late"], [["offer", late.id]]])
  loader.leave(gone)
  await assert.rejects(late.done, { code: "not_joined" })
})
