import assert from "node:assert/strict"
import { test } from "node:test"

import { FrameEvents } from "../../../static/js/element/frame_events.js"

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** What a late listener of an element in this state is told, one list for each type. @param {Record<string, any>} properties @param {string[]} types */
async function toldLate(properties, ...types) {
  const frame = Object.assign(new EventTarget(), { state: "connected", hostPeerId: "ann", epoch: 7, peers: new Map(), path: null, ...properties })
  const events = new FrameEvents(/** @type {any} */ (frame), /** @type {any} */ ({ update() {} }))
  /** @type {any[][]} */
  const told = types.map(() => [])
  types.forEach((type, index) => events.listeners.add(type, (/** @type {any} */ { detail }) => void told[index].push(detail)))
  await turn()
  return told
}

test("who listens late is told the present path", async () => {
  for (const path of ["direct", "turn", "server"]) {
    assert.deepEqual(await toldLate({ path }, "p2p:path", "p2p:path"), [[{ peerId: "ann", path }], [{ peerId: "ann", path }]])
  }
})

test("where no path is known, there is nothing to tell: at a host, and before there is one", async () => {
  const peers = new Map([["ann", "connected"]])
  assert.deepEqual(await toldLate({ peers }, "p2p:path", "p2p:peers", "p2p:host-changed"), [[], [{ ann: "connected" }], [{ hostPeerId: "ann", epoch: 7 }]])
  assert.deepEqual(await toldLate({ state: "negotiating", hostPeerId: null }, "p2p:path", "p2p:negotiating"), [[], [{}]])
})

test("a change of the quality isn't told again", async () => {
  assert.deepEqual(await toldLate({ path: "server" }, "p2p:quality"), [[]])
})
