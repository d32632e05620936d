import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { partsOf } from "../../../static/js/base/depth.js"
import { Signaling } from "../../../static/js/signaling/signaling.js"
import { ODD, twisted, write } from "../support/hostile.js"
import { reported } from "../support/report_error.js"
import { SocketIoServer } from "../support/socketio_server.js"
import { World } from "../support/world.js"

const SIGNAL = { from: '"ann"', epoch: "1", negotiation: '"1-1"' }
const ERROR = { code: '"forbidden"', message: '"m"', hint: '"h"', retry: "false", retry_after_ms: "100" }

/** What the server tells, field by field. @type {[event: string, fields: Record<string, any>][]} */
const NOTICES = [
  ["session_ready", { peer_id: '"bob"', host_peer_id: '"ann"', epoch: "1", ice_servers: "[]", seat: '"s"', can_send: "true", ends_in_ms: "100000" }],
  ["session_ready", { peer_id: '"cleo"', host_peer_id: '"bob"', epoch: "1", ice_servers: "[]", seat: '"s"', can_send: "true", ends_in_ms: "100000" }],
  ["session_ready", { peer_id: '"cleo"', host_peer_id: '"bob"', epoch: "1", ice_servers: "[]", relay: '"first"', link: '"1-1"', ice_expires_in_ms: "1000" }],
  ["sdp_offer", { ...SIGNAL, link: '"1-1"', restart: "true", description: { type: '"offer"', sdp: '"v=0\\no=end-1"' } }],
  ["sdp_answer", { ...SIGNAL, description: { type: '"answer"', sdp: '"v=0\\no=end-1"' } }],
  ["ice_candidate", { ...SIGNAL, candidates: '[{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host"}]' }],
  ["relay", { ...SIGNAL, negotiation: '"1-1/1"', n: "1", ack: "0", lane: '"bulk"', packets: '["{}"]', part: "true" }],
  ["host_changed", { host_peer_id: '"cleo"', epoch: "2", reason: '"elected"' }],
  ["peer_left", { peer_id: '"cleo"', epoch: "1" }],
  ["peer_expelled", { peer_id: '"cleo"', error: ERROR }],
  ["host_probe", { epoch: "1" }],
  ["session_error", ERROR],
]

/** @type {SocketIoServer} */
let server
before(async () => { server = await SocketIoServer.start() })
after(() => server.stop())

/** A page that joins over a real socket, with no time of its own. */
async function open() {
  const world = new World()
  /** @type {() => void} */
  let heard = () => undefined
  const page = world.page("bob", {
    createSignaling: (delegate) => {
      const left = delegate.signalingPeerLeft.bind(delegate)
      delegate.signalingPeerLeft = (peerId) => {
        if (peerId === "sentinel") heard()
        else left(peerId)
      }
      return new Signaling({ url: server.url, path: "/socket.io", namespace: "/p2p", token: () => "the token", delegate })
    },
  })
  const count = server.connections.length
  page.peer.start()
  await server.until(() => server.connections.length > count && server.last.auth)
  const connection = server.last
  return {
    world,
    page,
    /** Says it all, and waits until the page has heard it, or has left. @param {string[]} packets */
    async say(packets) {
      const done = new Promise((resolve) => { heard = () => resolve(undefined) })
      for (const packet of packets) connection.socket.send(packet)
      connection.emit("peer_left", { peer_id: "sentinel", epoch: 1 })
      await Promise.race([done, server.until(() => !connection.isOpen || connection.hasDisconnected)])
      await world.pass(100)
    },
  }
}

for (const [role, ready] of /** @type {[string, Record<string, any> | null][]} */ ([["before it has a role", null], ["as a client", NOTICES[0][1]], ["as a host", { ...NOTICES[0][1], host_peer_id: '"bob"' }]])) {
  for (const [event, fields] of NOTICES) {
    test(`${role}, a page bears any ${event} {${Object.keys(fields).join()}} of the server`, async () => {
      const payloads = [...[...twisted(fields)].map(write), ...ODD, undefined]
      let page = await open()
      for (const payload of payloads) {
        const args = [JSON.stringify(event), ...(payload === undefined ? [] : [payload])].join(",")
        await page.say([...(ready ? [`42/p2p,["session_ready",${write(ready)}]`] : []), `42/p2p,[${args}]`, `42/p2p,7[${args}]`])
        for (const error of page.page.errors) assert.equal(error.name, "P2pError")
        if (["new", "failed", "closed"].includes(page.page.peer.state)) page = await open()
      }
      page.page.peer.abort()
      await page.world.pass(1_000)
    })
  }
}

for (const [role, ready, from] of /** @type {[string, string, string][]} */ ([
  ["a client", `42/p2p,["session_ready",${write({ ...NOTICES[0][1], relay: '"first"' })}]`, "ann"],
  ["a host", `42/p2p,["session_ready",${write({ ...NOTICES[0][1], host_peer_id: '"bob"', relay: '"first"' })}]`, "cleo"],
])) {
  test(`${role} bears any batch of the other end of a link`, async () => {
    let page = await open()
    const begin = [ready, role === "a client" ? `42/p2p,["sdp_offer",${write({ ...SIGNAL, description: { type: '"offer"', sdp: '"v=0\\no=end-1"' } })}]` : `42/p2p,["session_ready",${write({ ...NOTICES[1][1], peer_id: '"cleo"', host_peer_id: '"bob"', relay: '"first"' })}]`]
    let number = 0
    const fields = { from: JSON.stringify(from), epoch: "1", negotiation: '"1-1/1"', n: "1", ack: "0", lane: '"messages"', packets: '["{\\"type\\":\\"Heartbeat\\"}"]', part: "false" }
    for (const twist of twisted(fields)) {
      // Each is the next one, on a path that is there; a host takes a path of any later name.
      const next = role === "a host" ? { negotiation: `"1-1/${number + 1}"` } : {}
      const batch = { ...next, ...twist, ...(twist.n === fields.n && { n: "1" }), ...(role === "a host" && twist.negotiation === fields.negotiation && next) }
      number += 1
      await page.say([...begin, `42/p2p,["relay",${write(batch)}]`])
      for (const error of page.page.errors) assert.equal(error.name, "P2pError")
      if (["new", "failed", "closed"].includes(page.page.peer.state)) page = await open()
    }
    assert.deepEqual(reported, [])
    page.page.peer.abort()
    await page.world.pass(1_000)
  })
}

test("a page bears any answer of the server", async () => {
  const page = await open()
  for (const odd of ODD.filter((json) => partsOf(json, 1_000) < Infinity)) { // which this server couldn't write
    server.onEvent = () => JSON.parse(odd)
    await page.say([`42/p2p,["session_ready",${write({ ...NOTICES[0][1], host_peer_id: '"bob"' })}]`, `42/p2p,["session_ready",${write({ ...NOTICES[1][1], peer_id: '"dave"' })}]`])
    await page.world.pass(35_000)
    for (const error of page.page.errors) assert.equal(error.name, "P2pError")
  }
  page.page.peer.abort()
  await page.world.pass(1_000)
})
