import { createHash } from "node:crypto"

import { P2pError } from "../../../static/js/base/errors.js"
import { BLOCK_BYTES } from "../../../static/js/files/limits.js"
import { Transfers } from "../../../static/js/files/transfers.js"
import { asBlob } from "../../../static/js/base/kinds.js"
import { FakeClock, settle } from "./fake_clock.js"

/** Under how many waiting bytes a channel says that it has room, and for how long notes to somebody who is gone are kept. */
const LOW_BYTES = 128 * 1024
const GONE_MS = 15_000

/** Digests as the browser makes them, without its threads: so that a test's clock never overtakes them. */
export const subtle = /** @type {any} */ ({
  digest: async (_, bytes) => {
    const view = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes)
    return new Uint8Array(createHash("sha256").update(view).digest()).buffer
  },
})

/** A file in memory that counts what is read of it, and may change or go away. */
export class TestFile extends File {
  reads = 0
  /** @type {(bytes: Uint8Array, start: number) => Uint8Array | Promise<Uint8Array>} */
  onRead = (bytes) => bytes

  /** @param {Uint8Array} bytes @param {string} [name] @param {object} [options] */
  constructor(bytes, name = "test.bin", options = {}) {
    super([bytes], name, options)
    this.bytes = bytes
  }

  /** @override */
  slice(start = 0, end = this.size) {
    const bytes = this.bytes.slice(start, end)
    return /** @type {any} */ ({
      size: bytes.length,
      arrayBuffer: async () => (await this.onRead(bytes, start)).buffer,
      stream: () => this.#stream(start, end),
    })
  }

  /** A block at a time, when it is asked for. @param {number} start @param {number} end */
  #stream(start, end) {
    let position = start
    return new ReadableStream({
      pull: async (controller) => {
        this.reads += 1
        const bytes = this.bytes.slice(position, Math.min(position + BLOCK_BYTES, end))
        controller.enqueue(await this.onRead(bytes, position))
        position += bytes.length
        if (position >= end) controller.close()
      },
    }, { highWaterMark: 0 })
  }
}

/**
 * Bytes that are the same in every run, and nowhere alike.
 * @param {number} length
 * @param {number} [seed]
 */
export function noise(length, seed = 1) {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = seed
  for (let index = 0; index < words.length; index++) words[index] = state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return new Uint8Array(words.buffer, 0, length)
}

/** One direction of a line: so many bytes per millisecond, so late. */
class Pipe {
  buffered = 0
  #freeAt = 0
  #generation = 0

  constructor(clock, { rate = Infinity, latency = 5, drained = () => {} } = {}) {
    Object.assign(this, { clock, rate, latency, drained })
  }

  send(length, deliver) {
    const generation = this.#generation
    this.buffered += length
    this.#freeAt = Math.max(this.clock.now(), this.#freeAt) + length / this.rate
    const after = this.#freeAt - this.clock.now()
    this.clock.setTimeout(() => generation === this.#generation && this.#sent(length), after)
    this.clock.setTimeout(() => generation === this.#generation && deliver(), after + this.latency)
  }

  cut() {
    this.#generation += 1
    this.buffered = 0
    this.#freeAt = 0
  }

  #sent(length) {
    const wasHigh = this.buffered > LOW_BYTES
    this.buffered -= length
    if (wasHigh && this.buffered <= LOW_BYTES) this.drained()
  }
}

/** They are given what an app gives, as the client gives it to them. */
class AppTransfers extends Transfers {
  /** @override @param {any} data @param {any} [options] */
  sendFile(data, options) {
    return super.sendFile(asBlob(data), { id: crypto.randomUUID().replaceAll("-", ""), ...options })
  }
}

/** A page in the room: its transfers, and what its app has seen. */
export class Party {
  /** @type {import("../../../static/js/files/receiving/incoming_file.js").IncomingFile[]} */
  offers = []
  /** @type {import("../../../static/js/files/progress.js").Progress[]} */
  progress = []
  isUp = true
  sentBytes = 0

  constructor(room, peerId, { rate, latency, onOffer = () => true, ...options } = {}) {
    this.room = room
    this.peerId = peerId
    this.onOffer = onOffer
    this.up = new Pipe(room.clock, { rate, latency, drained: () => this.transfers.sending.pump() })
    this.down = new Pipe(room.clock, { rate, latency, drained: () => room.host.transfers.sending.pump() })
    room.parties.set(peerId, this)
    this.transfers = new AppTransfers({
      clock: room.clock,
      subtle,
      carrier: {
        peerId,
        post: (to, note) => room.post(this, to, note),
        route: ({ type, to, ...frame }) => {
          if (type === "Chunk") room.sendChunk(this, to, frame, frame.bytes)
          else room.route(this, [to], 100, (party) => party.transfers.creditReceived(peerId, { ...frame }))
        },
        buffered: (to) => (this.isHost ? Math.max(0, ...to.map((id) => room.parties.get(id)?.down.buffered ?? 0)) : this.up.buffered),
        reachable: () => (this.isUp ? [...room.parties.values()].filter((party) => party !== this && party.isUp).map((party) => party.peerId) : []),
      },
      delegate: {
        fileOffered: (file) => {
          this.offers.push(file)
          return this.onOffer(file)
        },
        fileProgressed: (progress) => void this.progress.push(progress),
      },
      ...options,
    })
  }

  get isHost() {
    return this.room.host === this
  }
}

/** A session in memory: a host that passes on, lines that break, and a clock that a test moves. */
export class FileRoom {
  clock = new FakeClock()
  /** @type {Map<string, Party>} */
  parties = new Map()
  /** @type {Party} */
  host
  /** Called for each chunk on its way to somebody; false loses it, a number brings it as often. @type {(to: string, offset: number, length: number) => boolean | number} */
  onChunk = () => true
  #queues = new Map()

  constructor(hostId = "host") {
    this.host = new Party(this, hostId)
  }

  join(peerId, options) {
    return new Party(this, peerId, options)
  }

  /** Lets time pass, in steps, until something is so. */
  async until(isSo, limit = 120_000, step = 5) {
    const end = this.clock.now() + limit
    await settle()
    while (!isSo()) {
      if (this.clock.now() >= end) throw new Error(`Not so after ${limit} ms.`)
      this.clock.advance(step)
      await settle()
    }
  }

  async pass(ms) {
    const end = this.clock.now() + ms
    await this.until(() => this.clock.now() >= end, ms + 100)
  }

  /** Lets time pass until a promise is settled. */
  async settled(promise, limit) {
    let outcome
    promise.then((value) => { outcome = { value } }, (error) => { outcome = { error } })
    await this.until(() => outcome, limit)
    return outcome
  }

  /** The connection of a party breaks: what is on its way is lost. */
  drop(...peerIds) {
    for (const peerId of peerIds) {
      const party = this.parties.get(peerId)
      Object.assign(party, { isUp: false, downSince: this.clock.now() })
      party.up.cut()
      party.down.cut()
      this.clock.setTimeout(() => !party.isUp && this.clock.now() - party.downSince >= GONE_MS && this.#rejectTo(peerId), GONE_MS)
    }
    this.#tellAll()
  }

  /** It has a line again. */
  restore(peerId) {
    const party = this.parties.get(peerId)
    party.isUp = true
    party.transfers.reconnected()
    this.#tellAll()
    for (const queue of this.#queues.values()) this.#flush(queue)
  }

  /** Its page goes and another one comes, which knows of nothing. Others than the host only. */
  async reload(peerId, options) {
    this.close(peerId)
    await this.pass(500)
    const party = Object.assign(new Party(this, peerId, options), { isUp: false })
    this.restore(peerId)
    return party
  }

  /** Its page goes for good. */
  close(peerId) {
    const old = this.parties.get(peerId)
    this.drop(peerId)
    old.transfers.leave(new P2pError("not_joined"))
    for (const [key, { from }] of this.#queues) if (from === old) this.#queues.delete(key)
  }

  /** The host is gone; what it was passing on is lost, and another one takes its place. */
  hostDies(nextId) {
    const old = this.host
    const others = [...this.parties.keys()].filter((peerId) => peerId !== old.peerId)
    this.drop(old.peerId, ...others)
    this.parties.delete(old.peerId)
    this.host = this.parties.get(nextId)
    this.restore(nextId)
    return others.filter((peerId) => peerId !== nextId)
  }

  post(from, to, note) {
    if (!this.parties.has(to)) return Promise.reject(new P2pError("no_such_peer"))
    const key = JSON.stringify([from.peerId, to])
    const queue = this.#queues.get(key) ?? { from, to, notes: [], isBusy: false }
    this.#queues.set(key, queue)
    return new Promise((resolve, reject) => {
      queue.notes.push({ note: JSON.parse(JSON.stringify(note)), resolve, reject })
      this.#flush(queue)
    })
  }

  sendChunk(from, to, header, bytes) {
    if (!from.isUp) throw new P2pError("not_joined")
    from.sentBytes += bytes.length * (from.isHost ? to.length : 1)
    const copy = bytes.slice()
    this.route(from, to, bytes.length, (party) => {
      const times = Number(this.onChunk(party.peerId, header.offset, copy.length))
      for (let count = 0; count < times; count++) party.transfers.receiving.chunkReceived(from.peerId, { ...header }, copy.slice())
    })
  }

  route(from, to, length, deliver) {
    if (!from.isUp) return
    const pass = () => {
      for (const peerId of to) {
        const party = this.parties.get(peerId)
        if (party === this.host) deliver(party)
        else if (party?.isUp) party.down.send(length, () => deliver(party))
      }
    }
    if (from === this.host) pass()
    else from.up.send(length, pass)
  }

  // Private

  #tellAll() {
    for (const party of this.parties.values()) party.transfers.peersChanged()
  }

  #rejectTo(peerId) {
    for (const queue of this.#queues.values()) {
      if (queue.to === peerId) for (const { reject } of queue.notes.splice(0)) reject(new P2pError("no_such_peer"))
    }
  }

  #flush(queue) {
    const { from, to, notes } = queue
    const party = this.parties.get(to)
    if (queue.isBusy || notes.length === 0 || !from.isUp || !party?.isUp) return
    queue.isBusy = true
    const batch = [...notes]
    this.clock.setTimeout(() => {
      queue.isBusy = false
      for (const entry of batch) if (from.isUp && party.isUp && notes[0] === entry) {
        notes.shift()
        party.transfers.noted(from.peerId, entry.note)
        entry.resolve()
      }
      this.#flush(queue)
    }, 10)
  }
}
