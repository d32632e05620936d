import assert from "node:assert/strict"
import { test } from "node:test"

import { checksOf, transportOf } from "../../../static/js/check/checks.js"
import { MAX_SERVERS } from "../../../static/js/check/limits.js"

const titles = (servers) => checksOf(servers).map(({ title }) => title)

test("a site without ICE servers has a row that says so of each kind", () => {
  const checks = checksOf([])
  assert.deepEqual(checks.map(({ id }) => id), ["socket", "direct", "stun", "turn", "relay"])
  assert.deepEqual(checks.filter(({ server }) => server), [])
})

test("each URL is a check of its own, with the credentials of its server", () => {
  const checks = checksOf([
    { urls: "stun:s.example" },
    { urls: ["turn:t.example:3478", "turns:t.example:443?transport=tcp"], username: "u", credential: "c" },
  ])
  assert.deepEqual(checks.map(({ title }) => title), [
    "This site's server, by WebSocket", "Direct connections of this browser", "STUN server 1",
    "TURN server 1, by UDP", "TURN server 2, by TLS", "Messages over this site's server",
  ])
  assert.deepEqual(checks[4].server, { urls: "turns:t.example:443?transport=tcp", username: "u", credential: "c" })
  assert.equal(checks[4].place, "t.example:443")
})

test("STUN comes before TURN, in whatever order the site names them", () => {
  assert.deepEqual(titles([{ urls: ["turn:t.example", "stun:s.example"] }]).slice(2, 4), ["STUN server 1", "TURN server 1, by UDP"])
})

test("how a server is reached stands in its URL", () => {
  const urls = ["turn:t.example", "turn:[::1]:3478?transport=udp", "turn:t.example?transport=tcp", "turns:t.example", "turns:t.example?transport=tcp", "turns:t.example?transport=udp", "stun:s.example", "stuns:s.example"]
  assert.deepEqual(urls.map(transportOf), ["udp", "udp", "tcp", "tls", "tls", "dtls", "udp", "tls"])
})

test("no more than so many are tried", () => {
  const urls = Array.from({ length: 50 }, (_, index) => `stun:s${index}.example`)
  assert.equal(checksOf([{ urls }]).filter(({ server }) => server).length, MAX_SERVERS)
})
