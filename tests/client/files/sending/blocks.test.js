import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"

import { Blocks } from "../../../../static/js/files/sending/blocks.js"
import { Digest, hexadecimal } from "../../../../static/js/files/digest.js"
import { AHEAD_BLOCKS, BLOCK_BYTES, CHUNK_BYTES } from "../../../../static/js/files/limits.js"
import { Rate } from "../../../../static/js/files/rate.js"
import { settle } from "../../support/fake_clock.js"
import { TestFile, noise, subtle } from "../../support/file_room.js"

const sha256 = (bytes) => createHash("sha256").update(bytes).digest()

function read(file) {
  const heard = []
  return { heard, blocks: new Blocks(file, new Digest(subtle), { blockRead: () => heard.push("read"), blockFailed: ({ code }) => heard.push(code) }) }
}

test("a file's digest is SHA-256 over those of its blocks", async () => {
  const bytes = noise(BLOCK_BYTES * 2 + 5)
  const digest = new Digest(globalThis.crypto.subtle)
  const blocks = [0, 1, 2].map((index) => bytes.slice(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES))
  await Promise.all([2, 0, 1].map((index) => digest.add(index, blocks[index])))
  assert.equal(await digest.whole(), hexadecimal(sha256(Buffer.concat(blocks.map(sha256)))))
  assert.equal(await new Digest(crypto.subtle).whole(), hexadecimal(sha256("")))
  assert.equal(await new Digest(undefined).whole(), undefined)
})

test("a block that was another one before is noticed", async () => {
  const digest = new Digest(subtle)
  await digest.add(3, noise(9))
  await digest.add(3, noise(9))
  await assert.rejects(digest.add(3, noise(9, 2)), { code: "file_changed" })
})

test("reads a block and the next ones, once each, and gives chunks of them without a copy", async () => {
  const bytes = noise(BLOCK_BYTES * 5 + 100)
  const file = new TestFile(bytes)
  const { blocks, heard } = read(file)
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    if (!blocks.chunk(offset)) await settle()
    const chunk = blocks.chunk(offset)
    assert.deepEqual(chunk, bytes.subarray(offset, offset + CHUNK_BYTES))
    assert.equal(chunk.buffer.byteLength <= BLOCK_BYTES, true)
    await settle()
    assert.ok(file.reads <= Math.floor(offset / BLOCK_BYTES) + 1 + AHEAD_BLOCKS)
  }
  assert.equal(file.reads, 6)
  assert.deepEqual(new Set(heard), new Set(["read"]))
})

test("goes back to a block by reading it again", async () => {
  const bytes = noise(BLOCK_BYTES * 4)
  const file = new TestFile(bytes)
  const { blocks } = read(file)
  for (const offset of [0, 3 * BLOCK_BYTES, 0]) {
    while (!blocks.chunk(offset)) await settle()
    assert.deepEqual(blocks.chunk(offset), bytes.subarray(offset, offset + CHUNK_BYTES))
  }
})

test("a file that can't be read, or that has become shorter, has changed", async () => {
  for (const onRead of [() => { throw new DOMException("gone", "NotFoundError") }, () => new Uint8Array(3)]) {
    const file = new TestFile(noise(BLOCK_BYTES))
    file.onRead = onRead
    const { blocks, heard } = read(file)
    assert.equal(blocks.chunk(0), null)
    await settle()
    assert.equal(blocks.chunk(0), null)
    await settle()
    assert.deepEqual(heard, ["file_changed"])
  }
})

test("a rate is that of the last two seconds", () => {
  const rate = new Rate()
  assert.equal(rate.at(0), 0)
  for (let now = 0; now <= 5_000; now += 7) rate.add(now, now * 10)
  assert.ok(Math.abs(rate.at(5_000) - 10_000) < 100)
  for (let now = 5_001; now <= 8_000; now += 50) rate.add(now, 50_000 + (now - 5_000) * 100)
  assert.ok(Math.abs(rate.at(8_000) - 100_000) < 5_000)
  assert.equal(rate.at(11_000), 0)
})
