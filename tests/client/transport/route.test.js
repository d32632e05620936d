import assert from "node:assert/strict"
import { test } from "node:test"

import { routeOf, selectedPair, watchRoute } from "../../../static/js/transport/route.js"
import { FAIR_MS, POOR_MS, qualityOf, statsOf } from "../../../static/js/transport/stats.js"

const pair = (more = {}) => ({ type: "candidate-pair", localCandidateId: "l", remoteCandidateId: "r", ...more })
const candidates = (local, remote) => ({ l: { type: "local-candidate", candidateType: local }, r: { type: "remote-candidate", candidateType: remote } })
/** As Chromium tells it: the transport names the pair, and others that were tried stand beside it. */
const ofChromium = (local, remote, more) => new Map(Object.entries({
  other: { ...pair(), localCandidateId: "?", state: "in-progress" }, T01: { type: "transport", selectedCandidatePairId: "P" }, P: pair(more), ...candidates(local, remote),
}))
/** As Firefox tells it: no transport, and the pair is marked. */
const ofFirefox = (local, remote, more) => new Map(Object.entries({ other: pair({ selected: false }), P: pair({ selected: true, ...more }), ...candidates(local, remote) }))

const connection = (report, signalingState = "stable") => /** @type {any} */ ({ signalingState, getStats: async () => report })

for (const [browser, of] of /** @type {const} */ ([["Chromium", ofChromium], ["Firefox", ofFirefox]])) {
  test(`${browser}: a connection is direct, unless one of the two candidates is relayed`, async () => {
    for (const [local, remote, route] of [["host", "host", "direct"], ["srflx", "prflx", "direct"], ["relay", "host", "turn"], ["srflx", "relay", "turn"], ["relay", "relay", "turn"]]) {
      assert.equal(await routeOf(connection(of(local, remote))), route)
    }
  })

  test(`${browser}: the figures are those of the selected pair`, async () => {
    const more = { requestsSent: 10, responsesReceived: 8, currentRoundTripTime: 0.02, bytesSent: 100, bytesReceived: 200, availableOutgoingBitrate: 1e6 }
    const stats = await statsOf({ route: "direct", rttMs: 50 }, connection(of("host", "host", more)))
    assert.deepEqual({ ...stats, lossRate: Math.round(stats.lossRate * 100) }, { path: "direct", rttMs: 20, sentBytes: 100, receivedBytes: 200, lossRate: 20, availableBitrate: 1e6 })
  })

  test(`${browser}: what isn't told is unknown, and the link's own measurement of the time stays`, async () => {
    assert.deepEqual(await statsOf({ route: "turn", rttMs: 50 }, connection(of("relay", "host"))), { path: "turn", rttMs: 50, sentBytes: 0, receivedBytes: 0, lossRate: null, availableBitrate: null })
  })
}

test("more answers than requests are no negative loss", async () => {
  const { lossRate } = await statsOf({ route: "direct", rttMs: null }, connection(ofFirefox("host", "host", { requestsSent: 1, responsesReceived: 3 })))
  assert.equal(lossRate, 0)
})

test("nothing is known of a connection that is closed, isn't made yet, or whose browser tells nothing", async () => {
  assert.equal(await routeOf(connection(ofChromium("host", "host"), "closed")), null)
  for (const report of [new Map(), new Map([["T", { type: "transport" }], ["P", pair()]]), new Map([["T", { type: "transport", selectedCandidatePairId: "gone" }]])]) {
    assert.equal(await routeOf(connection(report)), null)
  }
  assert.equal(await routeOf(/** @type {any} */ ({ signalingState: "stable", getStats: () => Promise.reject(new Error("closed meanwhile")) })), null)
  assert.equal(selectedPair(new Map()), undefined)
})

test("a path without statistics of its own counts its bytes, and a link without a path has none", async () => {
  assert.deepEqual(await statsOf({ route: "server", rttMs: 7 }, { sentBytes: 3, receivedBytes: 4 }), { path: "server", rttMs: 7, sentBytes: 3, receivedBytes: 4, lossRate: null, availableBitrate: null })
  assert.deepEqual(await statsOf({ route: null, rttMs: null }, null), { path: null, rttMs: null, sentBytes: 0, receivedBytes: 0, lossRate: null, availableBitrate: null })
})

test("another pair calls back, where the browser tells of it", () => {
  const ice = { onselectedcandidatepairchange: null }
  let changes = 0
  watchRoute(/** @type {any} */ ({ sctp: { transport: { iceTransport: ice } } }), () => { changes += 1 })
  ice.onselectedcandidatepairchange()
  assert.equal(changes, 1)
  for (const sctp of [null, undefined, {}, { transport: {} }]) watchRoute(/** @type {any} */ ({ sctp }), () => undefined)
})

test("a link is good, fair or poor by its time, and poor where nothing is heard; it is better again only well below", () => {
  const after = (quality, rttMs, isHeard = true) => qualityOf({ isHeard, rttMs, quality })
  assert.deepEqual([0, FAIR_MS - 1, FAIR_MS, POOR_MS - 1, POOR_MS].map((ms) => after("good", ms)), ["good", "good", "fair", "fair", "poor"])
  assert.deepEqual([after("fair", 0.8 * FAIR_MS), after("fair", 0.8 * FAIR_MS - 1)], ["fair", "good"])
  assert.deepEqual([after("poor", 0.8 * POOR_MS), after("poor", 0.8 * POOR_MS - 1), after("poor", 0)], ["poor", "fair", "good"])
  assert.deepEqual([after("good", 0, false), after("good", null)], ["poor", "good"])
})
