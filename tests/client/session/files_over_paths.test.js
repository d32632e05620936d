import assert from "node:assert/strict"
import { test } from "node:test"

import { Loader } from "../../../static/js/files/loader.js"
import { Transfers } from "../../../static/js/files/transfers.js"
import { ServerPath } from "../../../static/js/transport/paths/index.js" // loaded before the clock is a fake one
import { subtle, TestFile } from "../support/file_room.js"
import { RELAY_AFTER_MS, World } from "../support/world.js"

// Neither digests nor reads take real time, so that the fake clock doesn't overtake them.
Object.defineProperty(crypto, "subtle", { value: subtle })

for (const part of [Loader, Transfers, ServerPath]) assert.ok(part)

/**
 * Two pages, and a file from one to the other while something happens to their link.
 * @param {"ann" | "bob"} sender
 * @param {boolean} isReachable whether the browsers find a path to each other
 * @param {(world: World, pages: Record<string, import("../support/world.js").Page>) => Promise<void>} happen
 * @param {(world: World) => void} [begun] called once, when a second block is read
 */
async function send(sender, isReachable, happen, begun) {
  const world = new World()
  world.server.terms = { relay: "fallback" }
  world.network.isReachable = isReachable
  const [ann, bob] = await world.session("ann", "bob")
  await world.pass(RELAY_AFTER_MS)
  const [from, to] = sender === "ann" ? [ann, bob] : [bob, ann]
  const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7 + (index >> 9)) % 256)
  /** @type {any} */
  let received = null
  let hasBegun = false
  to.on.file = (file) => { file.accept().then((blob) => { received = blob }, (error) => { received = error }) }
  const file = new TestFile(bytes)
  file.onRead = (block, start) => {
    if (start > 0) {
      begun?.(world)
      begun = undefined
    }
    return block
  }
  const sending = from.peer.sendFile(file, { name: "x", to: [sender === "ann" ? "bob" : "ann"] })
  let fate = "pending"
  const isUnderWay = () => (isReachable ? world.network.all.some(({ channels }) => channels.some(({ label, sent }) => label === "bulk" && sent.length > 0)) : hasBegun)
  to.on.progress = () => { hasBegun = true }
  sending.done.then(() => { fate = "done" }, (error) => { fate = error.code })
  for (let ms = 0; ms < 1_000 && !isUnderWay(); ms++) await world.pass(1)
  assert.equal(fate, "pending")
  await happen(world, { ann, bob })
  for (let second = 0; second < 120 && fate === "pending"; second++) await world.pass(1_000)
  for (let second = 0; second < 10 && !received; second++) await world.pass(1_000)
  assert.deepEqual([fate, ann.errorCodes, bob.errorCodes, ann.states, bob.states], ["done", [], [], ["negotiating", "connected"], ["negotiating", "connecting", "connected"]])
  assert.deepEqual(new Uint8Array(await received.arrayBuffer()), bytes)
}

/** Loses one batch to a peer. @param {World} world @param {string} peerId */
function lose(world, peerId) {
  let losses = 0
  world.server.loses = (event, { n }, to) => event === "relay" && to === peerId && n > 0 && losses++ === 0
}

for (const sender of /** @type {const} */ (["ann", "bob"])) {
  test(`a file of ${sender} goes over the server, whole`, () => send(sender, false, async () => undefined))
  for (const loser of ["ann", "bob"]) test(`a file of ${sender} goes on when a batch to ${loser} is lost`, () => send(sender, false, async (world) => lose(world, loser)))
  test(`a file of ${sender} goes on when the line is cut, and when it is whole again`, () => send(sender, true, async (world) => {
    await world.pass(6_000)
    Object.assign(world.network, { isCut: false, isReachable: true })
  }, ({ network }) => { Object.assign(network, { isCut: true, isReachable: false }) }))
}
