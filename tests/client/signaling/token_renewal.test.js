import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_RENEWAL_CHARACTERS, RENEWAL_PAUSE_MS, RENEWAL_TIMEOUT_MS } from "../../../static/js/base/limits.js"
import { TokenRenewal, RENEWAL_LOOK_MS, RENEWAL_RETRY_MS } from "../../../static/js/signaling/token_renewal.js"
import { FakeClock, pass } from "../support/fake_clock.js"

const URL = "https://example.org/p2p/token"
const EXPIRES_MS = 1_000_000
const RENEWED_MS = 0.75 * EXPIRES_MS

/** @param {(request: any) => any} answer returns what the server says, as a value or a body, or throws where it can't be reached */
function make(answer, options = {}) {
  const clock = new FakeClock()
  const requests = []
  const failures = []
  const failed = (error) => failures.push(error)
  const fetch = async (url, { body, ...how }) => {
    requests.push({ url, ...how, ...JSON.parse(body) })
    const said = answer(requests.at(-1))
    return said instanceof Response ? said : new Response(said instanceof ReadableStream || typeof said === "string" ? said : JSON.stringify(said))
  }
  const renewal = new TokenRenewal({ token: "first", tokenExpiresInMs: EXPIRES_MS, tokenUrl: URL, clock, fetch, failed, ...options })
  renewal.start()
  return { clock, requests, renewal, failures }
}

test("renews before the token expires, again and again", async () => {
  const { clock, requests, renewal } = make(({ token }) => ({ ok: true, token: `${token}+`, expires_in_ms: 40_000 }))
  await pass(clock, RENEWED_MS - 1_000)
  assert.equal(requests.length, 0)
  await pass(clock, 2_000)
  const [{ signal, ...request }] = requests
  assert.deepEqual(request, {
    url: URL, method: "POST", mode: "same-origin", credentials: "same-origin", redirect: "manual", referrerPolicy: "same-origin", cache: "no-store",
    headers: { "Content-Type": "application/json" }, token: "first",
  })
  assert.ok(signal instanceof AbortSignal)
  assert.equal(renewal.token, "first+")
  await pass(clock, 31_000)
  assert.equal(renewal.token, "first++")
})

test("a server that can't be reached is asked again; a refusal for good is final", async () => {
  let answer = () => { throw new Error("no network") }
  const { clock, requests, renewal } = make(() => answer())
  await pass(clock, RENEWED_MS + RENEWAL_RETRY_MS)
  assert.equal(requests.length, 2)
  answer = () => ({ ok: false, error: { code: "unavailable", retry: true } })
  await pass(clock, RENEWAL_RETRY_MS)
  answer = () => ({ ok: false, error: { code: "forbidden", retry: false } })
  await pass(clock, 10 * RENEWAL_RETRY_MS)
  assert.deepEqual([requests.length, renewal.token, clock.pending], [4, "first", 0])
})

test("however short a token lasts, there is time to ask again where an attempt fails or isn't answered", async () => {
  for (const expiresInMs of [20_000, 40_000, 120_000]) {
    let asked = 0
    const fetch = (_url, { signal }) => {
      if (++asked === 1) return Promise.resolve(new Response("<h1>502 Bad Gateway</h1>"))
      return new Promise((resolve, reject) => {
        if (asked === 3) resolve(new Response(JSON.stringify({ ok: true, token: "second", expires_in_ms: 1_000_000 })))
        signal.addEventListener("abort", () => reject(signal.reason))
      })
    }
    const { clock, renewal } = make(null, { tokenExpiresInMs: expiresInMs, fetch })
    await pass(clock, expiresInMs - 1)
    assert.deepEqual([asked, renewal.token], [3, "second"], `${expiresInMs}`)
    renewal.stop()
  }
})

test("a token that has expired is asked about without hurry", async () => {
  const { clock, requests, renewal } = make(() => { throw new Error("no network") }, { tokenExpiresInMs: 8_000 })
  await pass(clock, 8_000 + RENEWAL_RETRY_MS)
  const before = requests.length
  assert.ok(before <= 4, `${before} requests`)
  await pass(clock, 10 * RENEWAL_RETRY_MS)
  assert.equal(requests.length, before + 10)
  renewal.stop()
})

test("without a time or a place nothing is renewed, nor after the end", async () => {
  for (const options of [{ tokenExpiresInMs: 0 }, { tokenUrl: "" }]) assert.equal(make(() => assert.fail(), options).clock.pending, 0)
  const { clock, renewal } = make(() => assert.fail("asked after the end"))
  renewal.stop()
  await pass(clock, 2 * EXPIRES_MS)
})

test("a token that lasts longer than a browser's timer waits its time", async () => {
  const { clock, requests } = make(() => ({ ok: true, token: "t", expires_in_ms: 1e12 }), { tokenExpiresInMs: 2 ** 33 })
  await pass(clock, 1_000)
  assert.equal(requests.length, 0)
})

test("an answer of another shape changes nothing, and is asked for again later", async () => {
  const good = { ok: true, token: "t", expires_in_ms: 40_000 }
  const bad = [
    "", "null", "7", "[]", "{}", "no JSON", "<html>", { token: "t", expires_in_ms: 1 },
    ...[undefined, null, 7, "", {}, ["t"], "x".repeat(4_097)].map((token) => ({ ...good, token })),
    ...[undefined, null, "40000", 0, -1, 0.5, {}, [40_000], true].map((expires_in_ms) => ({ ...good, expires_in_ms })),
  ]
  for (const answer of bad) {
    const { clock, requests, renewal } = make(() => answer)
    await pass(clock, RENEWED_MS + 2 * RENEWAL_RETRY_MS)
    assert.deepEqual([requests.length, renewal.token], [3, "first"], JSON.stringify(answer))
    renewal.stop()
  }
})

test("however short a token is said to last, there is a pause", async () => {
  const { clock, requests, renewal } = make(() => ({ ok: true, token: "t", expires_in_ms: 1 }), { tokenExpiresInMs: 1 })
  await pass(clock, 10 * RENEWAL_PAUSE_MS)
  assert.equal(requests.length, 10)
  renewal.stop()
})

test("an answer without an end isn't read to it", async () => {
  let read = 0
  const endless = () => new ReadableStream({ pull(stream) {
    read++
    stream.enqueue(new TextEncoder().encode(" ".repeat(1_024)))
  } })
  const { clock, requests, renewal } = make(endless)
  await pass(clock, RENEWED_MS + RENEWAL_RETRY_MS)
  assert.equal(requests.length, 2)
  assert.ok(read < 4 * (MAX_RENEWAL_CHARACTERS / 1_024), `${read} KiB were read`)
  renewal.stop()
})

test("nor is one waited for for ever", async () => {
  let count = 0
  const fetch = (_url, { signal }) => new Promise((_, reject) => {
    count++
    signal.addEventListener("abort", () => reject(signal.reason))
  })
  const { clock, renewal } = make(null, { fetch })
  await pass(clock, RENEWED_MS + RENEWAL_TIMEOUT_MS + RENEWAL_RETRY_MS)
  assert.equal(count, 2)
  renewal.stop()
  assert.equal(clock.pending, 0)
})

test("an answer that comes after the end begins nothing anew", async () => {
  const { clock, renewal } = make(() => {
    renewal.stop()
    return { ok: true, token: "t", expires_in_ms: 40_000 }
  })
  await pass(clock, RENEWED_MS)
  assert.deepEqual([clock.pending, renewal.token], [0, "first"])
})

test("another token is taken over, and renewed in its own time", async () => {
  const told = []
  const renewed = ({ token, expiresInMs }) => told.push([token, expiresInMs])
  const { clock, requests, renewal } = make(({ token }) => ({ ok: true, token: `${token}+`, expires_in_ms: 500_000 }), { renewed })
  await pass(clock, RENEWED_MS - 1_000)
  assert.equal(renewal.take({ token: "other", tokenExpiresInMs: EXPIRES_MS, tokenUrl: `${URL}2` }), true)
  await pass(clock, RENEWED_MS - 1_000)
  assert.deepEqual([requests.length, renewal.token], [0, "other"])
  await pass(clock, 2_000)
  assert.deepEqual(requests.map(({ url, token }) => [url, token]), [[`${URL}2`, "other"]])
  assert.deepEqual([renewal.token, told], ["other+", [["other+", 500_000]]])
})

test("the same token again changes nothing", async () => {
  const { clock, requests, renewal } = make(() => ({ ok: true, token: "second", expires_in_ms: EXPIRES_MS }))
  await pass(clock, RENEWED_MS - 1_000)
  assert.equal(renewal.take({ token: "first", tokenExpiresInMs: EXPIRES_MS, tokenUrl: URL }), false)
  await pass(clock, 2_000)
  assert.equal(requests.length, 1)
})

test("an answer about a token that another has replaced is passed over", async () => {
  const answers = []
  const fetch = () => new Promise((resolve) => { answers.push((token) => resolve(new Response(JSON.stringify({ ok: true, token, expires_in_ms: EXPIRES_MS })))) })
  const { clock, renewal } = make(null, { fetch })
  await pass(clock, RENEWED_MS + 1)
  renewal.take({ token: "newer", tokenExpiresInMs: EXPIRES_MS, tokenUrl: URL })
  answers[0]("older")
  await pass(clock, RENEWED_MS - 1)
  assert.deepEqual([renewal.token, answers.length], ["newer", 1])
  await pass(clock, 2)
  assert.equal(answers.length, 2)
})

// What the app is told

const codes = (failures) => failures.map(({ code, retry }) => `${code} ${retry}`)

test("that the server refuses for good is told at once, with what it says", async () => {
  for (const code of ["token_expired", "forbidden", "unauthorized", "session_expired", "bad_request"]) {
    const { clock, failures } = make(() => ({ ok: false, error: { code, message: "Not you.", hint: "Go away.", retry: false } }))
    await pass(clock, 3 * EXPIRES_MS)
    assert.deepEqual(failures.map(({ code, message, hint, retry }) => [code, message, hint, retry]), [[code, "Not you.", "Go away.", false]])
  }
})

/** What others than the server's own view answer in its place. */
const STRANGE = {
  "a CSRF protection": () => new Response("<h1>The CSRF token is missing.</h1>", { status: 400 }),
  "one that speaks JSON": () => new Response(JSON.stringify({ error: "csrf" }), { status: 400 }),
  "one that takes our words": () => new Response(JSON.stringify({ ok: false, error: { code: "csrf", retry: false } }), { status: 403 }),
  "a login": () => Object.defineProperties(new Response(null), { type: { value: "opaqueredirect" }, status: { value: 0 } }),
  "no such address": () => new Response("Not Found", { status: 404 }),
  "no such method": () => new Response("", { status: 405 }),
}

for (const [who, answer] of Object.entries(STRANGE)) {
  test(`that something else refuses (${who}) is told once, with where to look, and tried again all the same`, async () => {
    let present = answer
    const { clock, failures, requests, renewal } = make(() => present())
    await pass(clock, RENEWED_MS)
    assert.deepEqual(codes(failures), ["unauthorized true"])
    assert.match(failures[0].hint, /CSRF/)
    await pass(clock, 3 * RENEWAL_RETRY_MS)
    assert.deepEqual([failures.length, requests.length], [1, 4])
    present = () => new Response(JSON.stringify({ ok: true, token: "second", expires_in_ms: EXPIRES_MS }))
    await pass(clock, RENEWAL_RETRY_MS)
    assert.equal(renewal.token, "second")
    present = answer
    await pass(clock, EXPIRES_MS - 1)
    assert.deepEqual(codes(failures), ["unauthorized true", "unauthorized true"])
    renewal.stop()
  })
}

test("that it doesn't work for the moment is told only when the token is over", async () => {
  for (const answer of [
    () => { throw new TypeError("Failed to fetch") },
    () => new Response("Bad Gateway", { status: 502 }),
    () => new Response("Too Many Requests", { status: 429 }),
    () => ({ ok: false, error: { code: "unavailable", retry: true } }),
  ]) {
    const { clock, failures, renewal } = make(answer)
    await pass(clock, EXPIRES_MS - 1)
    assert.deepEqual(failures, [])
    await pass(clock, 2 * RENEWAL_RETRY_MS)
    assert.deepEqual(codes(failures), ["token_expired false"])
    assert.match(failures[0].message, /renewed/)
    await pass(clock, EXPIRES_MS)
    assert.equal(failures.length, 1)
    renewal.stop()
  }
})

test("nothing is told after the end", async () => {
  const { clock, failures, renewal } = make(() => {
    renewal.stop()
    return { ok: false, error: { code: "forbidden", retry: false } }
  })
  await pass(clock, RENEWED_MS)
  assert.deepEqual(failures, [])
})

// A machine that sleeps

test("a machine that slept renews soon after it wakes, though the page's own clock stood still", async () => {
  const { clock, requests, renewal } = make(() => ({ ok: true, token: "second", expires_in_ms: EXPIRES_MS }))
  clock.sleep(0.9 * EXPIRES_MS)
  await pass(clock, RENEWAL_LOOK_MS)
  assert.deepEqual([requests.length, renewal.token], [1, "second"])
  await pass(clock, RENEWED_MS - 1)
  assert.equal(requests.length, 1)
  renewal.stop()
})

test("a clock that is set wrong makes a page renew early, and tells nobody that its token is over", async () => {
  const { clock, requests, failures, renewal } = make(() => { throw new TypeError("Failed to fetch") })
  clock.sleep(10 * EXPIRES_MS)
  await pass(clock, 0.9 * EXPIRES_MS)
  assert.ok(requests.length > 1 && requests.length <= EXPIRES_MS / RENEWAL_RETRY_MS)
  clock.sleep(-20 * EXPIRES_MS)
  await pass(clock, 2 * RENEWAL_RETRY_MS)
  assert.deepEqual(failures, [])
  renewal.stop()
})
