import { World } from "./world.js"

/** @param {number} levels */
const nested = (levels) => `${"[".repeat(levels)}${"]".repeat(levels)}`

/** What a field is not meant to be, each as JSON text, which can say what no object of this page could. */
export const ODD = Object.freeze([
  "null", "true", "false", "0", "-1", "0.5", "7", "1e300", "1e999", "9007199254740993", "-9007199254740991",
  '""', '"x"', '"7"', '"__proto__"', '"constructor"', '"\\ud800"', '"\\u0000"', '"connected"', `"${"x".repeat(257)}"`, `"${".".repeat(250_000)}x"`, `"${"\\n".repeat(100_000)}"`,
  "[]", "[null]", "[[]]", "[7]", '["x"]', '[["x","y",1]]', '[["x","y",1,"z"]]', '[["x",{"toString":1},1]]', `[${"1,".repeat(100_000)}1]`, `[${'"a",'.repeat(300)}"a"]`, nested(10_000), nested(400),
  "{}", '{"toString":1,"valueOf":1}', '{"__proto__":{"toString":1}}', '{"constructor":{"prototype":1},"hasOwnProperty":1}', '{"length":3,"0":"x"}', '{"code":{"toString":1}}',
  '{"code":"__proto__","message":{"a":1}}', '{"ann":"connected"}', '{"kind":"Blob"}', '{"kind":{"toString":1,"valueOf":1}}', '{"toJSON":1}',
  `{${Array.from({ length: 10_000 }, (_, index) => `"p${index}":"connected"`).join(",")}}`, `{"a":${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}`,
])

const CONTENT = { topic: '"t"', data: '{"a":[1,"b"]}' }
const ERROR = { code: '"no_handler"', message: '"m"', hint: '"h"', retry: "true" }
const ROUTE = { to: '"bob"', senderId: '"cleo"' }
const PEERS = { to: '["ann","bob"]', senderId: '"cleo"' }
const LETTER = { ...ROUTE, inc: '"i"', id: "1", after: "0" }

/**
 * One frame of each kind that this client knows, field by field; a field that is an object is one of fields.
 * @type {[lane: string, type: string, fields: Record<string, any>][]}
 */
export const FRAMES = [
  ["messages", "Data", { senderId: '"cleo"', inc: '"i"', id: "1", n: "1", epoch: "1", ...CONTENT }],
  ["messages", "Data", { senderId: '"cleo"', inc: '"i"', id: "2", binary: { kind: '"File"', mime: '"text/plain"', name: '"a.txt"' } }],
  ["messages", "Gap", { senderId: '"cleo"', inc: '"i"', from: "1", to: "2" }],
  ["messages", "Sync", { inc: '"i"', fresh: "true", history: "3", seen: '[["cleo","i",1]]', n: "1", more: "true" }],
  ["messages", "Ack", { n: "1" }],
  ["messages", "Stable", { n: "1" }],
  ["messages", "Pace", { ms: "50" }],
  ["messages", "Succeed", { tried: '["zoe"]', hung: "[1]" }],
  ["messages", "Data.Connection.State", { senderId: '"ann"', data: { ann: '"connected"', zoe: '"failed"' }, full: "false", readers: '["zoe"]', epoch: "1" }],
  ["messages", "Refused", { id: "1", error: ERROR }],
  ["messages", "Heartbeat", { n: "1", at: "5", echo: "6", held: "7", ask: "true" }],
  ["messages", "Resume", { n: "0", id: "1" }],
  ["messages", "Signal", { negotiation: '"1-1.2"', restart: "true", description: { type: '"offer"', sdp: '"v=0\\no=end-1"' } }],
  ["messages", "Signal", { negotiation: '"1-1"', candidates: '[{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host"}]' }],
  ["messages", "Direct", { ...LETTER, ...CONTENT }],
  ["messages", "Direct", { ...LETTER, ...CONTENT, ask: "1" }],
  ["messages", "Direct", { ...LETTER, answer: "1", error: ERROR }],
  ["messages", "Direct", { ...LETTER, note: { kind: '"offer"', id: '"f1"', name: '"a.txt"', type: '"text/plain"', size: "3" } }],
  ["messages", "Direct", { ...LETTER, note: { kind: '"accept"', id: '"f1"', wait: "true" } }],
  ["messages", "Direct", { ...LETTER, note: { kind: '"end"', id: '"f1"', digest: `"${"0".repeat(64)}"` } }],
  ["messages", "Direct", { ...LETTER, note: { kind: '"fail"', id: '"f1"', code: '"declined"', reason: '"no"' } }],
  ["messages", "Received", { ...ROUTE, inc: '"i"', id: "1" }],
  ["fast", "Fast", { ...PEERS, inc: '"i"', id: "1", ...CONTENT }],
  ["bulk", "Chunk", { ...PEERS, transfer: '"f1"', offset: "0" }],
  ["bulk", "Credit", { ...ROUTE, transfer: '"f1"', offset: "1", resume: "true" }],
  ["messages", "Goodbye", { error: ERROR }],
]

/** The fields as JSON text. @param {Record<string, any>} fields @returns {string} */
export function write(fields) {
  return `{${Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}:${typeof value === "string" ? value : write(value)}`).join(",")}}`
}

/**
 * The same with each of its fields in turn, and those within, as each odd value, missing, or beside one that nobody knows.
 * @param {Record<string, any>} fields
 * @returns {Generator<Record<string, any>>}
 */
export function* twisted(fields) {
  for (const [name, value] of Object.entries(fields)) {
    for (const odd of ODD) yield { ...fields, [name]: odd }
    const { [name]: _, ...rest } = fields
    yield rest
    if (typeof value !== "string") for (const inner of twisted(value)) yield { ...fields, [name]: inner }
  }
  for (const odd of ODD) yield { ...fields, unknown: odd }
}

/**
 * A packet with bytes.
 * @param {string} head
 * @param {Uint8Array} [bytes]
 * @param {number} [length] that it says the head has
 */
export function binaryPacket(head, bytes = Uint8Array.of(1, 2, 3), length) {
  const text = new TextEncoder().encode(head)
  const packet = new Uint8Array(4 + text.length + bytes.length)
  new DataView(packet.buffer).setUint32(0, length ?? text.length)
  packet.set(text, 4)
  packet.set(bytes, 4 + text.length)
  return packet.buffer
}

/** A session of the host ann and three clients, and one that says what it likes: mallory to her host, or ann to bob. */
export class HostileWorld {
  world = new World()
  /** @type {import("./world.js").Page[]} */
  pages = []
  /** Those who neither attack nor are attacked, and the host where that is another one: the first talks, the others hear it. @type {import("./world.js").Page[]} */
  bystanders = []
  /** @type {any} */
  #near

  /** @param {"client" | "host"} attacker */
  static async open(attacker) {
    const hostile = new HostileWorld()
    const { world } = hostile
    hostile.pages = await world.session("ann", "bob", "cleo", "mallory")
    const [ann, bob, cleo, mallory] = hostile.pages
    hostile.bystanders = attacker === "client" ? [bob, cleo, ann] : [cleo, mallory]
    for (const { topics } of hostile.pages) {
      topics.on("t", () => undefined)
      topics.respond("t", (data) => data)
    }
    await world.pass(100)
    // The host's end, and then the client's, of each connection in order.
    const [ofHost] = world.network.all
    hostile.#near = attacker === "client" ? world.network.all.at(-1) : ofHost
    return hostile
  }

  /** Whether what is said is still heard. */
  get isOpen() {
    return this.#channel("messages").readyState === "open"
  }

  /** @param {string} lane */
  #channel(lane) {
    return this.#near.channels.find(({ label }) => label === lane)
  }

  /**
   * Hands a packet to the other side, as its browser would.
   * @param {string} lane
   * @param {string | ArrayBuffer} packet
   * @returns {number} milliseconds of this process's time that it took
   */
  say(lane, packet) {
    const { twin } = this.#channel(lane)
    const begun = process.cpuUsage()
    twin.onmessage?.({ data: packet })
    const { user, system } = process.cpuUsage(begun)
    return (user + system) / 1_000
  }
}
