import assert from "node:assert/strict"
import { test } from "node:test"

import { Walls } from "../support/walls.js"

/**
 * A session whose server notes how often each host is told that a peer wants a link, and takes some time on the way.
 * @param {Record<string, any>} options of the pages
 */
async function session(options = {}) {
  const world = new Walls()
  const asked = /** @type {string[]} */ ([])
  world.server.loses = (event, { peer_id, host_peer_id, epoch }, peerId) => {
    if (event === "session_ready" && peerId === host_peer_id && peer_id !== peerId) asked.push(`${peer_id} of ${peerId} in epoch ${epoch}`)
    return false
  }
  world.server.latency = () => 20
  const pages = []
  for (const peerId of ["ann", "bob", "cem", "dan"]) {
    const page = world.page(peerId, options)
    pages.push(page)
    page.peer.start()
    await world.pass(500)
  }
  asked.length = 0
  return { world, asked, pages }
}

/** A page is gone without a word. */
function crash({ network, server }, page, peerId) {
  page.signaling.isAwake = false
  network.carry = (channel, arrive) => { if (![channel.end.owner, channel.twin?.end.owner].includes(peerId)) queueMicrotask(arrive) }
  server.dropSocket(peerId)
  server.release(page.signaling)
}

for (const keepSignaling of [false, true]) {
  test(`whose host crashes joins the next one once${keepSignaling ? ", also by a socket that it has kept" : ", though it has asked the server for its link's sake"}`, async () => {
    // However the client's timers fall, of which some are the heartbeat's, and some the server's.
    for (let after = 0; after < 1_000; after += 40) {
      const { world, asked, pages: [ann, ...others] } = await session({ keepSignaling })
      await world.pass(after)
      crash(world, ann, "ann")
      await world.pass(10_000)
      const [host, ...twice] = others.filter(({ peer }) => peer.iamHost)
      assert.deepEqual(twice, [])
      for (const page of others) assert.deepEqual([page.lastState, page.errorCodes, page.peer.hostPeerId], ["connected", [], host.peer.hostPeerId])
      assert.deepEqual(asked.filter((each, index) => asked.indexOf(each) < index), [], `a crash ${after} ms later`)
    }
  })
}
