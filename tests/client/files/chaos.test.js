import assert from "node:assert/strict"
import { test } from "node:test"

import fc from "fast-check"

import { ERRORS } from "../../../static/js/base/errors.js"
import { TestFile, noise } from "../support/file_room.js"
import { KIB, open, same } from "../support/file_story.js"

const PEERS = ["ann", "bob", "cay", "dan"]

/** What may happen to a session: to whom, and for how long after it nothing else does. */
const event = fc.record({
  kind: fc.constantFrom("drop", "restore", "host", "pause", "resume", "lose", "twice", "reload", "nothing"),
  peer: fc.constantFrom(...PEERS),
  ms: fc.integer({ min: 0, max: 1_500 }),
})

async function happen(story, sendings, { kind, peer }) {
  const { room } = story
  const party = room.parties.get(peer)
  if (!party) return
  if (kind === "drop" && party.isUp && party !== room.host) room.drop(peer)
  if (kind === "restore" && !party.isUp) room.restore(peer)
  if (kind === "host" && party !== room.host && party.isUp && room.parties.size > 3) for (const other of room.hostDies(peer)) room.restore(other)
  if (kind === "pause" || kind === "resume") for (const file of [...party.offers.slice(0, 1), ...sendings.slice(0, 1)]) file[kind]()
  if (kind === "lose") room.losses = 3
  if (kind === "twice") room.doubles = 5
  if (kind === "reload" && party !== room.host) await room.reload(peer, { onOffer: (file) => Boolean(file.accept()) })
}

test("whatever happens, each file arrives whole and the same, or fails with a reason", async () => {
  await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 14 }), fc.array(fc.integer({ min: 0, max: 900 * KIB }), { minLength: 1, maxLength: 3 }), async (events, sizes) => {
    const story = open(...PEERS)
    const { room } = story
    Object.assign(room, { losses: 0, doubles: 0 })
    room.onChunk = () => (room.losses-- > 0 ? 0 : room.doubles-- > 0 ? 2 : 1)
    const [ann, ...others] = story.parties
    ann.up.rate = 400
    const files = sizes.map((size, number) => noise(size, number + 1))
    const sendings = files.map((bytes, number) => ann.transfers.sendFile(new TestFile(bytes), { to: ["bob", "cay", "dan"], name: String(number) }))
    for (const one of events) {
      await happen(story, sendings, one)
      await room.pass(one.ms)
    }
    for (const party of room.parties.values()) if (!party.isUp) room.restore(party.peerId)
    // What comes from a page that is gone ends without anybody's doing.
    if (room.parties.get("ann") === ann) for (const file of [...sendings, ...[...room.parties.values()].flatMap(({ offers }) => offers)]) file.resume()
    await room.until(() => [...room.parties.values()].every(({ transfers }) => transfers.size === 0), 400_000, 50)
    for (const { offers } of others.filter(({ peerId }) => room.parties.has(peerId))) {
      for (const offer of offers) {
        if (offer.state === "done") assert.ok(await same(await offer.accept(), files[Number(offer.name)]) && offer.verified)
        else assert.ok(offer.error && Object.hasOwn(ERRORS, offer.error.code))
      }
    }
    if (!room.parties.has("ann")) return // it was the host, and is gone
    for (const [number, sending] of sendings.entries()) {
      for (const [peerId, { state }] of sending.peers) {
        const offer = room.parties.get(peerId)?.offers.find(({ name }) => name === String(number))
        if (state === "done") assert.equal(offer?.state ?? "done", "done")
        else assert.ok(sending.failures.has(peerId))
      }
    }
  }), { numRuns: 12 })
})
