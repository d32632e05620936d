import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_CANDIDATE_CHARACTERS } from "../../../static/js/base/limits.js"
import { readCandidates } from "../../../static/js/wire/sdp.js"

const line = (/** @type {string} */ address, rest = "") => `candidate:1 1 udp 2130706431 ${address} 9 typ host${rest}`
const PLACE = { sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" }

test("candidates are taken with what browsers find: addresses, and the names that they make", () => {
  const texts = ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%25eth0", "0B0F5b6c-1d2e-4f3a-8b4c-5d6e7f8a9b0c.local"].map((address) => line(address))
  for (const candidate of [...texts, "", line("192.0.2.1", " raddr 0.0.0.0 rport 0 ufrag x")]) {
    assert.deepEqual(readCandidates([{ candidate, ...PLACE, more: 1 }]), [{ candidate, ...PLACE }])
    assert.deepEqual(readCandidates([{ candidate, sdpMid: null, usernameFragment: null }]), [{ candidate, sdpMid: null, usernameFragment: null }])
  }
})

test("a candidate that would make this page look up a name isn't taken, however it is written", () => {
  for (const address of ["example.org", "localhost", "printer.local", "192.0.2.1.example.org", "1a", "a", "0b0f5b6c-1d2e-4f3a-8b4c-5d6e7f8a9b0c.local.example.org", "xn--bcher-kva.example"]) {
    for (const text of [line(address), line(address).replaceAll(" ", "  "), line(address).replace(" udp ", " udp  "), line(address).replaceAll(" ", "\t"), ` ${line(address)}`, `${line(address)}\r\n`, `a=${line(address)}`]) {
      assert.deepEqual(readCandidates([{ candidate: text }]), [], text)
    }
  }
})

test("what is no candidate isn't taken, and those beside it are", () => {
  const good = { candidate: line("192.0.2.1"), ...PLACE }
  const bad = [
    null, 7, "x", [], {}, { candidate: null }, { candidate: 7 }, { candidate: { toString: 1 } }, { candidate: "é" }, { ...good, sdpMid: 7 }, { ...good, sdpMid: "x".repeat(257) }, { ...good, sdpMLineIndex: -1 },
    { ...good, sdpMLineIndex: "0" }, { ...good, usernameFragment: {} }, { candidate: line("192.0.2.1", ` x ${"y".repeat(MAX_CANDIDATE_CHARACTERS)}`) }, { candidate: "x ".repeat(100_000) },
  ]
  assert.deepEqual(readCandidates([...bad, good, ...bad]), [good])
})
