import assert from "node:assert/strict"
import { test } from "node:test"

import fc from "fast-check"

import { MAX_NAME_BYTES, cleanName, cleanType } from "../../../static/js/files/names.js"

const bytes = (text) => new TextEncoder().encode(text).length

test("a name keeps what is a name", () => {
  for (const name of ["cat.png", "Ünïcode – 猫.txt", "👩‍👩‍👧.jpg", ".hidden", "a.tar.gz", "no ending"]) assert.equal(cleanName(name), name)
})

test("a name loses paths, and what hides or turns it round", () => {
  const cases = [
    ["/etc/passwd", "passwd"], ["..\\..\\boot.ini", "boot.ini"], ["C:\\x\\y.txt", "y.txt"], ["a/b/", "file"], ["", "file"], [".", "file"], ["..", "file"], ["   ", "file"],
    ["a\u0000b\r\n.txt", "ab.txt"], ["cat\u202Egpj.exe", "catgpj.exe"], ["\u2066x\u2069", "x"], ["\uD800x", "x"], [" x. ", "x"], ["a\u2028b", "ab"],
  ]
  for (const [name, clean] of cases) assert.equal(cleanName(name), clean, JSON.stringify(name))
})

test("a name is cut to what file systems take, its ending is kept, and no character is cut in two", () => {
  assert.equal(cleanName(`${"a".repeat(300)}.png`), `${"a".repeat(251)}.png`)
  assert.equal(cleanName(`${"猫".repeat(300)}.png`), `${"猫".repeat(83)}.png`)
  assert.equal(cleanName(`${"👍".repeat(300)}`), "👍".repeat(63))
  assert.equal(cleanName(`x.${"e".repeat(300)}`).length, 255)
})

test("whatever is given, what comes out is a name, and stays one", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
    const clean = cleanName(name)
    assert.ok(clean.length > 0 && bytes(clean) <= MAX_NAME_BYTES && !/[\\/\p{Cc}\p{Cs}\u202A-\u202E]/u.test(clean) && !/^\.*$/.test(clean))
    assert.equal(cleanName(clean), clean)
  }))
})

test("a name of any length is cleaned at once, whatever it is made of", () => {
  const begun = process.cpuUsage()
  for (const part of [".", " ", "\u2003", "/", "\\", ". ", "\u202E", "\uD800", "👍", "a."]) {
    for (const name of [part.repeat(260_000), `${part.repeat(260_000)}x`, `x${part.repeat(260_000)}x`]) assert.ok(cleanName(name).length > 0)
  }
  // 30 names: a second is a thousand times of what they take, and a thousandth of what a quadratic expression does.
  assert.ok(process.cpuUsage(begun).user < 1_000_000)
})

test("the ending of a name that is much too long is kept", () => {
  assert.equal(cleanName(`${"a".repeat(100_000)}.tar.gz`), `${"a".repeat(252)}.gz`)
  assert.equal(cleanName(`dir/${"👍".repeat(100_000)}.png`), `${"👍".repeat(62)}.png`)
})

test("a type is one or nothing", () => {
  for (const type of ["image/png", "text/plain;charset=utf-8", "text/plain; charset=utf-8", "application/vnd.oasis.opendocument.text"]) assert.equal(cleanType(type), type)
  for (const type of ["", "png", "a/b/c", "text/html\r\nX: y", "text/html, x/y", `a/${"b".repeat(200)}`, "<b>/x"]) assert.equal(cleanType(type), "application/octet-stream")
})
