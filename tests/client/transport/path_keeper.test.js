import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { encodeFrame, HEARTBEAT, SYNC } from "../../../static/js/wire/frames.js"
import { ServerPath } from "../../../static/js/transport/paths/index.js"
import { PathKeeper } from "../../../static/js/transport/path_keeper.js"
import { FakeClock, pass } from "../support/fake_clock.js"

const hello = { type: SYNC, inc: "x", seen: [] }

/** The paths of a host's link, and a direct path that a test opens by hand. @param {"off" | "fallback" | "first"} relay */
async function host(relay) {
  const clock = new FakeClock()
  const side = { clock, carried: 0, routes: [], received: [], direct: { route: "direct", isOpen: true, buffered: 0, sent: [], send: (packet) => side.direct.sent.push(packet), beat: () => undefined, close: () => undefined } }
  const link = {
    state: "negotiating",
    isHeard: true,
    pathsCarry: () => {
      side.carried += 1
      link.state = "connected"
    },
    pathsRouted: () => side.routes.push(keeper.route),
    pathsHeard: () => undefined,
    pathsBeaten: () => undefined,
    pathsReceived: (frame) => side.received.push(frame.type),
  }
  const keeper = new PathKeeper(/** @type {any} */ ({
    id: "1-1",
    isHost: true,
    clock,
    link,
    terms: { relay: () => relay, iceServers: () => [] },
    intake: { takes: () => true, admits: () => true, builds: () => true, refuse: () => undefined },
    signal: () => undefined,
    relay: (_name, _batch, answered) => answered(null),
    loadPaths: () => Promise.resolve({ ServerPath }),
    // The browser's own offer isn't needed: what opens, a test says.
    RTCPeerConnection: class {
      createDataChannel = () => ({ close: () => undefined })
      setLocalDescription = () => new Promise(() => undefined)
      close = () => undefined
    },
  }))
  keeper.begin()
  await pass(clock, 0)
  return /** @type {any} */ ({ ...side, side, keeper, link, release: () => keeper.release((path) => path.close()) })
}

test("a host that doesn't call over the server takes the first path that opens", async () => {
  for (const relay of /** @type {const} */ (["off", "fallback"])) {
    const { keeper, direct, side, release } = await host(relay)
    keeper.pathOpened(direct)
    assert.deepEqual([keeper.primary, side.carried], [direct, 1])
    release()
  }
})

test("a host that has called over the server waits for what its client says, which has perhaps taken that path: nothing of it may be lost", async () => {
  const { keeper, direct, side, release } = await host("first")
  keeper.pathOpened(direct)
  keeper.pathReceived(direct, { type: HEARTBEAT }, encodeFrame({ type: HEARTBEAT }), "messages")
  assert.deepEqual([keeper.primary, side.carried], [null, 0])
  keeper.receiveBatch("1-1/0", { n: 1, ack: 0, packets: [encodeFrame(hello)] })
  assert.deepEqual([keeper.primary.route, side.carried, side.received], ["server", 1, [SYNC]])
  release()
})

test("and takes the direct path if the client speaks over that one", async () => {
  const { keeper, direct, side, release } = await host("first")
  keeper.pathOpened(direct)
  keeper.pathReceived(direct, hello, encodeFrame(hello), "messages")
  assert.deepEqual([keeper.primary, side.carried, side.received], [direct, 1, [SYNC]])
  keeper.receiveBatch("1-1/0", { n: 1, ack: 0, packets: [encodeFrame(hello)] })
  assert.deepEqual([keeper.primary, side.received], [direct, [SYNC]])
  release()
})

test("the link is told that its path is gone, so that nobody takes it for one that has gone this way all the time", async () => {
  const { keeper, side, release } = await host("first")
  keeper.receiveBatch("1-1/0", { n: 1, ack: 0, packets: [encodeFrame(hello)] })
  const { primary } = keeper
  assert.deepEqual([primary.route, side.routes], ["server", []])
  keeper.pathEnded(primary, new P2pError("signaling_lost"))
  assert.deepEqual([keeper.primary, side.routes], [null, [null]])
  release()
})
