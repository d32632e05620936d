import assert from "node:assert/strict"
import { test } from "node:test"

import { checksOf } from "../../../static/js/check/checks.js"
import { findingsOf } from "../../../static/js/check/findings.js"
import { reportOf, timeOf, timesOf } from "../../../static/js/check/report.js"
import { adviceOf, verdictOf } from "../../../static/js/check/verdict.js"
import { wordsFor } from "../../../static/js/check/words.js"

const OK = { ok: true, ms: 12 }
const RELAYS = { ok: true, ms: 12, tripMs: 3, reached: true }
const bad = (reason, more = {}) => ({ ok: false, reason, ...more })
const FINE = { socket: OK, direct: OK, relay: OK }
const STUN = "stun:s.example"
const UDP = "turn:t.example"
const TCP = "turn:t.example?transport=tcp"
const TLS = "turns:t.example"

/** What the page says of a site with these URLs, when this has come of the checks. */
function read(urls, results) {
  const checks = checksOf(urls.length > 0 ? [{ urls, username: "1790000000:0123", credential: "c3VwZXIgc2VjcmV0" }] : [])
  const outcomes = new Map(Object.entries(results))
  const findings = findingsOf(checks, outcomes)
  const rows = checks.map((check) => ({ id: check.id, title: check.title, words: wordsFor(check, outcomes.get(check.id), findings), times: timesOf(outcomes.get(check.id)) }))
  const verdict = verdictOf(findings, outcomes)
  const advice = adviceOf(findings, outcomes)
  return { rows: Object.fromEntries(rows.map((row) => [row.id, row.words])), verdict, advice, report: reportOf({ version: "0.1.0", browser: "A browser", at: new Date("2026-03-01T12:34:56Z"), verdict, rows, advice }) }
}

// The verdict

test("directly, where a server tells the public address", () => {
  const { verdict, advice } = read([STUN, UDP, TCP], { ...FINE, "stun-1": OK, "turn-1": RELAYS, "turn-2": RELAYS })
  assert.equal(verdict.level, "direct")
  assert.match(verdict.detail, /over a relay\.$/)
  assert.deepEqual(advice, ["Nothing to do: all that this site offers works from here."])
})

test("a TURN server by UDP tells the address, too, even if nothing comes through it", () => {
  const { verdict, rows } = read([UDP], { ...FINE, "turn-1": bad("relaying", { reached: true }) })
  assert.equal(verdict.level, "direct")
  assert.match(verdict.detail, /over the site's server\.$/)
  assert.equal(rows["turn-1"].state, "poor")
})

test("directly, but not with everybody, where nothing else works", () => {
  const { verdict } = read([STUN], { ...FINE, "stun-1": OK, relay: bad("off") })
  assert.equal(verdict.level, "direct")
  assert.match(verdict.detail, /don't reach you/)
})

test("over a relay, where no UDP gets out", () => {
  const { verdict, rows } = read([STUN, UDP, TCP], { ...FINE, "stun-1": bad("unreached"), "turn-1": bad("unreached", { code: 701 }), "turn-2": RELAYS })
  assert.equal(verdict.level, "relay")
  assert.match(verdict.detail, /lets no UDP through/)
  for (const id of ["stun-1", "turn-1"]) {
    assert.equal(`${rows[id].text} ${rows[id].cure}`, "No answer. Your network lets no UDP through. This site has a TURN server over TCP, so you can take part.")
  }
})

test("a STUN server that is silent alone is the site's trouble, not the network's", () => {
  const { rows, advice } = read([STUN, UDP], { ...FINE, "stun-1": bad("unreached"), "turn-1": RELAYS })
  assert.equal(rows["stun-1"].state, "poor")
  assert.equal(rows["stun-1"].text, "It doesn't answer.")
  assert.match(advice[0], /^STUN server 1: not reached/)
})

test("over the server, where no UDP gets out and there is no other relay", () => {
  const { verdict, rows } = read([STUN], { ...FINE, "stun-1": bad("unreached") })
  assert.equal(verdict.level, "server")
  assert.match(verdict.detail, /lets no UDP through/)
  assert.equal(rows["stun-1"].cure, "You can take part over this site's own server.")
})

test("over the server, where the site has no servers", () => {
  const { verdict, rows, advice } = read([], FINE)
  assert.equal(verdict.level, "server")
  assert.match(verdict.detail, /only people in your own network\.$/)
  assert.equal(rows.turn.text, "This site has no TURN server: people behind strict routers talk over the app's server.")
  assert.deepEqual(advice.map((sentence) => sentence.split(".")[0]), ["There is no TURN server", "There is no STUN server, so only people in one network connect directly"])
})

test("over the server, where the browser has no WebRTC", () => {
  const { verdict, rows } = read([UDP], { ...FINE, direct: bad("unsupported"), "turn-1": bad("unsupported") })
  assert.equal(verdict.level, "server")
  assert.match(verdict.detail, /on this device/)
  assert.equal(rows["turn-1"].text, "This browser has no WebRTC.")
})

test("near people only, where the site has no servers and relays nothing", () => {
  const { verdict, rows, advice } = read([], { ...FINE, relay: bad("off") })
  assert.equal(verdict.level, "near")
  assert.match(rows.turn.text, /can't take part/)
  assert.equal(rows.relay.state, "off")
  assert.match(advice.at(-1), /P2P_RELAY is "off"/)
})

test("not at all, where nothing works", () => {
  const { verdict } = read([UDP], { ...FINE, direct: bad("failed"), "turn-1": bad("unreached"), relay: bad("off") })
  assert.equal(verdict.level, "none")
})

for (const [reason, expected] of [["blocked", /a proxy stands between/], ["silent", /a proxy stands between/], ["away", /doesn't answer/], ["policy", /Content-Security-Policy/]]) {
  test(`not at all, where the WebSocket is ${reason}, whatever else works`, () => {
    const { verdict, rows } = read([STUN, UDP], { socket: bad(reason), direct: OK, "stun-1": OK, "turn-1": RELAYS, relay: bad("unused") })
    assert.equal(verdict.level, "none")
    assert.match(verdict.detail, expected)
    assert.equal(rows.socket.state, "bad")
    assert.match(rows.relay.text, /^Not tried/)
  })
}

test("a site that takes long polling needs no WebSocket", () => {
  const { verdict, rows, advice } = read([STUN], { socket: bad("blocked"), direct: OK, "stun-1": OK, relay: OK })
  assert.equal(verdict.level, "direct")
  assert.equal(rows.socket.state, "poor")
  assert.match(rows.socket.cure, /long polling/)
  assert.match(advice[0], /^The WebSocket isn't let through/)
  assert.ok(!advice.some((sentence) => sentence.includes("P2P_TRANSPORTS")))
  const without = read([STUN], { socket: bad("blocked"), direct: OK, "stun-1": OK, relay: bad("silent") })
  assert.equal(without.verdict.level, "none")
  assert.match(without.advice[1], /allow long polling by P2P_TRANSPORTS/)
})

test("not now, where the server refuses the page", () => {
  const { verdict, advice } = read([STUN], { ...FINE, "stun-1": OK, relay: bad("refused", { code: "unavailable" }) })
  assert.equal(verdict.level, "none")
  assert.match(advice[0], /unavailable/)
})

// The rows

test("what TURN servers refuse is told apart", () => {
  const texts = [["refused", 401], ["full", 486], ["failed", "SyntaxError"], ["nothing", undefined], ["unreached", 701]].map(([reason, code]) => {
    const { rows } = read([TCP], { ...FINE, "turn-1": bad(reason, { code }) })
    assert.equal(rows["turn-1"].state, "bad")
    assert.ok(rows["turn-1"].cure)
    return rows["turn-1"].text
  })
  assert.match(texts[0], /refuses this site's credentials \(error 401\)/)
  assert.equal(new Set(texts).size, texts.length)
})

test("a certificate is thought of only where there is one", () => {
  const text = (url) => read([url], { ...FINE, "turn-1": bad("unreached") }).rows["turn-1"].text
  assert.equal(text(TLS), "It isn't reached: your network doesn't let it through, its certificate isn't one that browsers trust, or it is down.")
  assert.equal(text(TCP), "It isn't reached: your network doesn't let it through, or it is down.")
})

test("a refusal shows that UDP gets out", () => {
  const { rows } = read([STUN, UDP], { ...FINE, "stun-1": bad("unreached"), "turn-1": bad("refused", { code: 401 }) })
  assert.equal(rows["stun-1"].text, "It doesn't answer.")
})

test("a check runs until something has come of it", () => {
  const { rows } = read([STUN], {})
  assert.deepEqual([rows.socket.state, rows["stun-1"].state, rows.turn.state], ["running", "running", "off"])
})

// The report

test("the report says it all, and holds no address and no credential", () => {
  const { report } = read([STUN, UDP], { ...FINE, "stun-1": OK, "turn-1": RELAYS })
  assert.equal(report.split("\n")[0], "Why doesn't it connect? Flask-P2P-Streams 0.1.0, 2026-03-01 12:34 UTC")
  assert.match(report, /^Browser: A browser$/m)
  assert.match(report, /^You can take part directly\. /m)
  assert.match(report, /^\[works\] TURN server 1, by UDP \(12 ms, 3 ms of them there and back\): It relays/m)
  assert.match(report, /^- TURN is named for UDP only/m)
  for (const secret of ["t.example", "s.example", "1790000000", "c3VwZXIgc2VjcmV0"]) assert.ok(!report.includes(secret), secret)
})

test("times are whole milliseconds, and never none", () => {
  assert.deepEqual([timeOf({ ok: true, ms: 0.2 }), timeOf({ ok: true, ms: 99.6 }), timeOf(bad("away")), timeOf(undefined)], ["1 ms", "100 ms", "", ""])
})
