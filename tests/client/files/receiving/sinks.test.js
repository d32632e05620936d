import assert from "node:assert/strict"
import { test } from "node:test"

import { AHEAD_BYTES, BATCH_BYTES, BLOCK_BYTES } from "../../../../static/js/files/limits.js"
import { PrivateStorage } from "../../../../static/js/files/receiving/private_storage.js"
import { DISK_BYTES, Sinks } from "../../../../static/js/files/receiving/sinks.js"
import { settle } from "../../support/fake_clock.js"
import { FileRoom, noise } from "../../support/file_room.js"
import { MIB, same } from "../../support/file_story.js"

const LABEL = { name: "cat.png", type: "image/png", size: DISK_BYTES + 1 }

/** A browser's private file system and its locks, as far as they are used. */
class FakeBrowser {
  folders = new Map()
  held = new Set()
  quota = 10 ** 12
  canWrite = true
  writeError = null
  storage = {
    estimate: async () => ({ quota: this.quota, usage: 0 }),
    getDirectory: async () => ({ getDirectoryHandle: async () => this.#parent }),
  }

  locks = {
    request: async (name, ...rest) => {
      const callback = rest.at(-1)
      if (rest.length > 1 && this.held.has(name)) return callback(null)
      this.held.add(name)
      try {
        return await callback({ name })
      } finally {
        this.held.delete(name)
      }
    },
  }

  #parent = {
    keys: () => [...this.folders.keys()].values(),
    removeEntry: async (id) => void this.folders.delete(id),
    getDirectoryHandle: async (id) => {
      const files = new Map()
      this.folders.set(id, files)
      return { getFileHandle: async (name) => this.#file(files, name), removeEntry: async (name) => void files.delete(name) }
    },
  }

  #file(files, name) {
    files.set(name, [])
    return {
      createWritable: async () => {
        if (!this.canWrite) throw new TypeError("createWritable")
        return {
          write: async (block) => {
            if (this.writeError) throw this.writeError
            files.get(name).push(block)
          },
          close: async () => {},
          abort: async () => {},
        }
      },
      getFile: async () => new File(files.get(name), name),
    }
  }
}

test("small files and those of browsers without a file system become Blobs", async () => {
  for (const [folder, size] of [[new PrivateStorage(new FakeBrowser()), DISK_BYTES], [new PrivateStorage({}), DISK_BYTES + 1], [new PrivateStorage(), DISK_BYTES + 1]]) {
    const sinks = new Sinks(folder)
    const sink = await sinks.open({ ...LABEL, size })
    await sink.write(noise(10))
    const file = await sink.close()
    assert.deepEqual([file.name, file.type, file.size], ["cat.png", "image/png", 10])
    await sink.abort()
    await sinks.dispose()
  }
})

test("a large file goes to a folder of the page, which is gone with the page", async () => {
  const browser = new FakeBrowser()
  browser.folders.set("left-behind", new Map())
  const sinks = new Sinks(new PrivateStorage(browser))
  const sink = await sinks.open(LABEL)
  await settle()
  assert.equal(browser.folders.size, 1, "the folder of a page that is gone is removed, this page's isn't")
  await sink.write(noise(10))
  const file = await sink.close()
  assert.deepEqual([file.name, file.type], ["cat.png", "image/png"])
  assert.ok(await same(file, noise(10)))
  await sinks.dispose()
  assert.deepEqual([browser.folders.size, browser.held.size], [1, 1], "the page may still read it")
  const next = new Sinks(new PrivateStorage(browser))
  await next.open(LABEL)
  await settle()
  assert.equal(browser.folders.size, 2, "it is another page's, and that lives")
  await next.dispose()
  assert.deepEqual([browser.folders.size, browser.held.size], [1, 1])
})

test("what comes to nothing leaves nothing", async () => {
  const browser = new FakeBrowser()
  const sinks = new Sinks(new PrivateStorage(browser))
  const sink = await sinks.open(LABEL)
  await sink.write(noise(10))
  await sink.abort()
  assert.equal([...browser.folders.values()][0].size, 0)
  await sinks.dispose()
  assert.deepEqual([browser.folders.size, browser.held.size], [0, 0])
})

test("where there is no room nothing is begun; where it can't be written to memory is used", async () => {
  const browser = new FakeBrowser()
  browser.quota = DISK_BYTES
  await assert.rejects(new Sinks(new PrivateStorage(browser)).open(LABEL), { code: "no_space" })
  browser.quota = 10 ** 12
  browser.canWrite = false
  const sink = await new Sinks(new PrivateStorage(browser)).open(LABEL)
  await sink.write(noise(10))
  assert.ok(await same(await sink.close(), noise(10)))
})

/** A transfer from ann to bob, who takes it as `accept` says. */
async function transfer(size, accept, options) {
  const room = new FileRoom()
  const ann = room.join("ann")
  /** @type {Promise<File | null>[]} */
  const taken = []
  const bob = room.join("bob", { ...options, onOffer: (file) => {
    taken.push(accept(file, room))
    taken[0].catch(() => {})
    return true
  } })
  const bytes = noise(size)
  const sending = ann.transfers.sendFile(bytes, { to: "bob", name: "x.bin" })
  await room.until(() => bob.offers.length > 0)
  return { room, ann, bob, bytes, sending, taken: () => taken[0] }
}

test("goes to disk in batches of blocks", async () => {
  const browser = new FakeBrowser()
  const { room, sending, taken, bytes } = await transfer(DISK_BYTES + 1, (file) => file.accept(), { sinks: new Sinks(new PrivateStorage(browser)) })
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.equal([...browser.folders.values()][0].get("1").length, DISK_BYTES / BATCH_BYTES + 1)
  assert.ok(await same(await taken(), bytes))
})

test("a recipient without space says so, at both ends: before it begins, or in the middle", async () => {
  for (const fault of [(browser) => { browser.quota = 10 }, (browser) => { browser.writeError = new DOMException("full", "QuotaExceededError") }]) {
    const browser = new FakeBrowser()
    fault(browser)
    const { room, sending, taken } = await transfer(2 * DISK_BYTES, (file) => file.accept(), { sinks: new Sinks(new PrivateStorage(browser)) })
    assert.equal((await room.settled(sending.done)).error.code, "no_space")
    await assert.rejects(taken(), { code: "no_space" })
    await settle()
    assert.ok([...browser.folders.values()].every((files) => files.size === 0))
  }
})

test("streams to a stream of the app's, at that stream's pace, with a window in memory at most", async () => {
  const written = []
  let isClosed = false
  const slow = ({ clock }) => new WritableStream({
    write: (block) => new Promise((resolve) => {
      clock.setTimeout(() => {
        written.push(block)
        resolve(undefined)
      }, 100)
    }),
    close: () => { isClosed = true },
  })
  const { room, ann, bob, sending, taken, bytes } = await transfer(8 * MIB + 3, (file, here) => file.accept({ to: slow(here) }))
  let most = 0
  while (sending.state !== "done") {
    await room.pass(50)
    most = Math.max(most, ann.sentBytes - bob.offers[0].transferred)
    assert.notEqual(sending.state, "failed")
  }
  assert.ok(most <= AHEAD_BYTES, `${most} bytes were on their way`)
  assert.ok(room.clock.now() >= 3_000)
  assert.equal(await taken(), null)
  assert.ok(isClosed)
  assert.equal(Buffer.compare(Buffer.concat(written), bytes), 0)
})

test("a stream that fails fails the transfer, at both ends", async () => {
  let aborted
  for (const sink of [
    { write: () => { throw new Error("disk on fire") } },
    { close: () => { throw new Error("disk on fire") } },
    { write: () => { throw new DOMException("full", "QuotaExceededError") } },
    { write: () => new Promise(() => {}), abort: (reason) => { aborted = reason } },
  ]) {
    const { room, sending, taken } = await transfer(3 * MIB, (file) => file.accept({ to: new WritableStream(sink) }))
    const { error } = await room.settled(sending.done)
    const expected = sink.abort ? "stalled" : sink.close || !/full/.test(sink.write) ? "internal" : "no_space"
    assert.equal(error.code, expected)
    await room.pass(100)
    await assert.rejects(taken(), { code: expected })
  }
  assert.equal(aborted, undefined, "a stream is aborted when its write has ended")
})

test("a stream that somebody else writes to isn't taken, and the offer stands", async () => {
  const to = new WritableStream()
  to.getWriter()
  const { room, bob, sending } = await transfer(10, (file) => file.accept({ to }))
  await assert.rejects(bob.offers[0].accept({ to }), { code: "unsupported" })
  for (const to of [{}, undefined, null, "", 0, new WritableStream().getWriter()]) await assert.rejects(bob.offers[0].accept(/** @type {any} */ ({ to })), { name: "P2pError", code: "unsupported" })
  for (const options of [null, "to", 7, [], to, new Map(), { too: to }, { to: new WritableStream(), as: "x" }]) await assert.rejects(bob.offers[0].accept(/** @type {any} */ (options)), { name: "P2pError", code: "bad_request" })
  const file = bob.offers[0].accept()
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.equal((await file).size, 10)
})

test("a sender that heeds no credit fills no memory", async () => {
  const { room, bob } = await transfer(10, (file) => file.accept({ to: new WritableStream({ write: () => new Promise(() => {}) }) }))
  bob.transfers.noted("eve", { kind: "offer", id: "flood", name: "x", type: "", size: 64 * MIB })
  bob.offers[1].accept({ to: new WritableStream({ write: () => new Promise(() => {}) }) }).catch(() => {})
  room.join("eve").transfers.noted = () => {}
  await room.pass(50)
  const chunk = noise(BLOCK_BYTES)
  let taken = 0
  for (let offset = 0; offset < 64 * MIB; offset += BLOCK_BYTES) {
    const { droppedChunks } = bob.transfers.receiving
    bob.transfers.receiving.chunkReceived("eve", { transfer: "flood", offset }, chunk)
    taken += bob.transfers.receiving.droppedChunks === droppedChunks ? BLOCK_BYTES : 0
  }
  assert.equal(taken, AHEAD_BYTES + BLOCK_BYTES)
})
