import assert from "node:assert/strict"
import { test } from "node:test"

import { FROM_HOST, MAX_FRAMES_PER_PACKET, RUBBISH } from "../../../static/js/base/limits.js"
import { Intake } from "../../../static/js/transport/intake.js"
import { MAX_PACKET_CHARACTERS, PacketReader, SEPARATOR } from "../../../static/js/transport/packet_reader.js"
import { ACK, encodeFrame, HEARTBEAT } from "../../../static/js/wire/frames.js"
import { FakeClock } from "../support/fake_clock.js"
import { reported } from "../support/report_error.js"

/** @param {(frame: any, packet: any) => void} [received] */
function reader(received = () => undefined) {
  const side = { frames: [], packets: [], exhausted: [] }
  const intake = new Intake({ rates: FROM_HOST, clock: new FakeClock(), exhausted: ({ code }) => side.exhausted.push(code) })
  side.made = new PacketReader({ lane: "messages", intake, received: (frame, packet) => {
    side.frames.push(frame)
    side.packets.push(packet)
    received(frame, packet)
  } })
  return /** @type {any} */ (side)
}

const beat = (n) => /** @type {string} */ (encodeFrame({ type: HEARTBEAT, n }))

test("the frames of a packet are read one by one, each with its own text", () => {
  const { made, frames, packets } = reader()
  made.read([1, 2, 3].map(beat).join(SEPARATOR))
  assert.deepEqual([frames.map(({ n }) => n), packets], [[1, 2, 3], [1, 2, 3].map(beat)])
})

test("rubbish among frames is counted, and the frames are read", () => {
  const { made, frames } = reader()
  made.read([beat(1), "{", "", "[]", '{"type":"Nonsense"}', beat(2)].join(SEPARATOR))
  made.read(new ArrayBuffer(3))
  made.read({})
  assert.deepEqual([frames.map(({ n }) => n), made.badFrames], [[1, 2], 6])
})

test("no packet holds more frames than any sender gathers", () => {
  const { made, frames } = reader()
  made.read(Array.from({ length: MAX_FRAMES_PER_PACKET + 1 }, () => "{}").join(SEPARATOR))
  assert.deepEqual([frames, made.badFrames], [[], 1])
  const longer = reader()
  longer.made.read(`${beat(1)}${SEPARATOR}${"x".repeat(MAX_PACKET_CHARACTERS + MAX_FRAMES_PER_PACKET)}`)
  assert.deepEqual([longer.frames, longer.made.badFrames], [[], 1])
})

test("too much rubbish ends the connection", () => {
  const { made, exhausted } = reader()
  for (let count = 0; count < RUBBISH.burst; count++) made.read("x")
  assert.deepEqual(exhausted, [])
  made.read("x")
  assert.deepEqual(exhausted, ["bad_request"])
})

test("a reader that is stopped from within a frame reads no more of its packet", () => {
  const side = reader((frame) => { if (frame.n === 2) side.made.stop() })
  side.made.read([1, 2, 3].map(beat).join(SEPARATOR))
  side.made.read(beat(4))
  assert.deepEqual(side.frames.map(({ n }) => n), [1, 2])
})

test("an error while a frame is handled is reported, and the next frames are read", () => {
  const side = reader(({ type }) => { if (type === ACK) throw new Error("handled badly") })
  side.made.read([beat(1), /** @type {string} */ (encodeFrame({ type: ACK, n: 1 })), beat(2)].join(SEPARATOR))
  // An Ack isn't for a client, so it is refused before anything is done with it.
  assert.deepEqual([side.frames.length, reported.length], [2, 0])
  const other = reader(({ n }) => { if (n === 1) throw new Error("handled badly") })
  other.made.read([beat(1), beat(2)].join(SEPARATOR))
  assert.deepEqual([other.frames.length, other.made.badFrames, reported.splice(0).map(({ message }) => message)], [2, 1, ["handled badly"]])
})
