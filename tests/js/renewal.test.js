import assert from "node:assert/strict"
import { test } from "node:test"

import { Renewal, RENEWAL_RETRY_MLS } from "../../static/js/renewal.js"
import { FakeClock, pass } from "./support/fake_clock.js"

/** @param {(request: any) => any} answer returns what the server says, or throws where it can't be reached */
function make(answer, options = {}) {
  const clock = new FakeClock()
  const requests = []
  const fetch = async (url, { method, headers, body }) => {
    requests.push({ url, method, headers, ...JSON.parse(body) })
    return { json: async () => answer(requests.at(-1)) }
  }
  const renewal = new Renewal({ token: "first", tokenExpiresInMls: 100_000, tokenUrl: "/p2p/token", clock, fetch, ...options })
  renewal.start()
  return { clock, requests, renewal }
}

test("renews before the token expires, again and again", async () => {
  const { clock, requests, renewal } = make(({ token }) => ({ ok: true, token: `${token}+`, expires_in_ms: 40_000 }))
  await pass(clock, 74_000)
  assert.equal(requests.length, 0)
  await pass(clock, 2_000)
  assert.deepEqual(requests, [{ url: "/p2p/token", method: "POST", headers: { "Content-Type": "application/json" }, token: "first" }])
  assert.equal(renewal.token, "first+")
  await pass(clock, 31_000)
  assert.equal(renewal.token, "first++")
})

test("a server that can't be reached is asked again; a refusal for good is final", async () => {
  let answer = () => { throw new Error("no network") }
  const { clock, requests, renewal } = make(() => answer())
  await pass(clock, 75_000 + RENEWAL_RETRY_MLS)
  assert.equal(requests.length, 2)
  answer = () => ({ ok: false, error: { code: "unavailable", retry: true } })
  await pass(clock, RENEWAL_RETRY_MLS)
  answer = () => ({ ok: false, error: { code: "forbidden", retry: false } })
  await pass(clock, 10 * RENEWAL_RETRY_MLS)
  assert.deepEqual([requests.length, renewal.token, clock.pending], [4, "first", 0])
})

test("without a time or a place nothing is renewed, nor after the end", async () => {
  for (const options of [{ tokenExpiresInMls: 0 }, { tokenUrl: "" }]) assert.equal(make(() => assert.fail(), options).clock.pending, 0)
  const { clock, renewal } = make(() => assert.fail("asked after the end"))
  renewal.stop()
  await pass(clock, 200_000)
})

test("a token that lasts longer than a browser's timer waits its time", async () => {
  const { clock, requests } = make(() => ({ ok: true, token: "t", expires_in_ms: 1e12 }), { tokenExpiresInMls: 2 ** 33 })
  await pass(clock, 1_000)
  assert.equal(requests.length, 0)
})
