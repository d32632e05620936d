import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { LateListeners } from "../../../static/js/element/late_listeners.js"
import { reported } from "../support/report_error.js"

/** An element that is told of, and what its listeners heard. */
class Frame extends EventTarget {
  /** What there is to tell of each type. @type {Map<string, any>} */
  present = new Map()
  #late = new LateListeners(this, (type) => this.present.get(type) ?? null)

  /** @override @param {string} type @param {any} listener @param {any} [options] */
  addEventListener(type, listener, options) {
    this.#late.add(type, listener, options)
  }

  /** @override @param {string} type @param {any} listener @param {any} [options] */
  removeEventListener(type, listener, options) {
    this.#late.remove(type, listener, options)
  }

  /** @param {string} type */
  listensTo(type) {
    return this.#late.has(type)
  }

  /** @param {string} type @param {any} detail */
  tell(type, detail) {
    this.present.set(type, detail)
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

/** @type {any[]} */
let heard
/** @type {Frame} */
let frame
const f = (/** @type {any} */ { detail }) => void heard.push(detail)
const turn = () => new Promise((resolve) => setImmediate(resolve))

beforeEach(() => {
  heard = []
  frame = new Frame()
  frame.present.set("x", "now")
})

test("who comes late is told, and then of what happens", async () => {
  frame.addEventListener("x", f)
  assert.deepEqual(heard, [])
  await turn()
  assert.deepEqual(heard, ["now"])
  frame.tell("x", "next")
  assert.deepEqual(heard, ["now", "next"])
})

test("who comes in time isn't told twice, and of nothing where there is nothing", async () => {
  frame.addEventListener("x", f)
  frame.tell("x", "meanwhile")
  frame.addEventListener("y", f)
  await turn()
  assert.deepEqual(heard, ["meanwhile"])
})

test("who is removed before its turn isn't called", async () => {
  frame.addEventListener("x", f)
  frame.removeEventListener("x", f)
  await turn()
  frame.tell("x", 1)
  assert.deepEqual(heard, [])
})

test("who is added twice is called once, whenever the second time is", async () => {
  frame.addEventListener("x", f)
  frame.addEventListener("x", f)
  await turn()
  frame.addEventListener("x", f, { once: true, passive: true }) // the browser looks at none of these either
  await turn()
  frame.tell("x", 1)
  frame.tell("x", 2)
  assert.deepEqual(heard, ["now", 1, 2])
})

test("who is removed and added again is told again", async () => {
  frame.addEventListener("x", f)
  frame.removeEventListener("x", f)
  frame.addEventListener("x", f)
  await turn()
  frame.removeEventListener("x", f)
  frame.addEventListener("x", f)
  await turn()
  frame.tell("x", 1)
  assert.deepEqual(heard, ["now", "now", 1])
})

test("the same function for another type, or capturing, is another listener", async () => {
  frame.present.set("y", "there")
  frame.addEventListener("x", f)
  frame.addEventListener("x", f, true)
  frame.addEventListener("y", f)
  frame.addEventListener("y", f, { capture: false })
  frame.removeEventListener("y", f, true) // that isn't there
  await turn()
  frame.removeEventListener("x", f, { capture: true })
  frame.tell("x", 1)
  frame.removeEventListener("x", f, false)
  frame.tell("x", 2)
  assert.deepEqual(heard, ["now", "now", "there", 1])
})

test("once is once, be it late or in time, and then it may be added anew", async () => {
  frame.addEventListener("x", f, { once: true })
  await turn()
  frame.tell("x", 1)
  assert.deepEqual(heard, ["now"])
  frame.addEventListener("x", f, { once: true })
  frame.tell("x", 2)
  frame.tell("x", 3)
  await turn()
  assert.deepEqual(heard, ["now", 2])
  frame.addEventListener("x", f)
  await turn()
  assert.deepEqual(heard, ["now", 2, 3])
})

test("a signal ends it, before its turn and after, and one that was aborted before lets nothing begin", async () => {
  const [before, early, late] = [AbortSignal.abort(), new AbortController(), new AbortController()]
  frame.addEventListener("x", f, { signal: before })
  frame.addEventListener("x", f, { signal: early.signal })
  early.abort()
  await turn()
  assert.deepEqual(heard, [])
  frame.addEventListener("x", f, { signal: late.signal })
  await turn()
  late.abort()
  frame.tell("x", 1)
  assert.deepEqual(heard, ["now"])
  frame.addEventListener("x", f) // it isn't there any more, so this is a new one
  await turn()
  assert.deepEqual(heard, ["now", 1])
})

test("what is no signal is refused as by the browser, and leaves nothing", async () => {
  assert.throws(() => frame.addEventListener("x", f, { signal: {} }), TypeError)
  frame.addEventListener("x", f)
  await turn()
  assert.deepEqual(heard, ["now"])
})

test("an object that handles events is called as the browser calls it", async () => {
  const handler = { name: "h", handleEvent(/** @type {any} */ { detail }) { heard.push([this.name, detail]) } }
  frame.addEventListener("x", handler)
  frame.addEventListener("x", handler)
  await turn()
  handler.handleEvent = ({ detail }) => void heard.push(["another", detail]) // looked up when it is called
  frame.tell("x", 1)
  frame.removeEventListener("x", handler)
  frame.tell("x", 2)
  assert.deepEqual(heard, [["h", "now"], ["another", 1]])
})

test("a listener is called on its element, and finds it in the event", async () => {
  frame.addEventListener("x", function (/** @type {any} */ event) { heard.push(this === frame && event.target === frame && event.currentTarget === frame && event.type) })
  await turn()
  frame.tell("x", 1)
  assert.deepEqual(heard, ["x", "x"])
})

test("what is told late reaches nobody else", async () => {
  frame.addEventListener("x", f)
  await turn()
  frame.addEventListener("x", ({ detail }) => void heard.push(`g ${detail}`))
  await turn()
  assert.deepEqual(heard, ["now", "g now"])
})

test("a listener that is added while another is told is told as well, and one that is removed isn't", async () => {
  const g = (/** @type {any} */ { detail }) => void heard.push(`g ${detail}`)
  const remover = () => {
    frame.addEventListener("x", g)
    frame.removeEventListener("x", f)
    frame.removeEventListener("x", remover)
  }
  frame.addEventListener("x", remover)
  frame.addEventListener("x", f)
  await turn()
  frame.tell("x", 1)
  assert.deepEqual(heard, ["g now", "g 1"])
})

test("one that throws is reported, and stays", async () => {
  frame.addEventListener("x", () => { throw new Error("mine") }, { once: true })
  frame.addEventListener("x", f)
  await turn()
  assert.equal(reported.pop().message, "mine")
  assert.deepEqual(heard, ["now"])
})

test("one from before the element was defined counts once, too, and can be removed", async () => {
  EventTarget.prototype.addEventListener.call(frame, "x", f)
  frame.addEventListener("x", f)
  await turn()
  heard.length = 0
  frame.tell("x", "once")
  assert.deepEqual(heard, ["once"])
  EventTarget.prototype.addEventListener.call(frame, "y", f, true)
  frame.removeEventListener("y", f)
  frame.tell("y", "still there")
  frame.removeEventListener("y", f, true)
  frame.tell("y", "gone")
  assert.deepEqual(heard, ["once", "still there"])
})

test("it says whether anybody listens", () => {
  assert.equal(frame.listensTo("x"), false)
  frame.addEventListener("x", f)
  assert.deepEqual([frame.listensTo("x"), frame.listensTo("y")], [true, false])
  frame.removeEventListener("x", f)
  assert.equal(frame.listensTo("x"), false)
})

test("as long as nothing has changed, all that come late are given the same object: whoever keeps it as a state, and listens anew for each state, comes to rest", async () => {
  const target = new EventTarget()
  let peers = { ann: "connected" }
  const late = new LateListeners(target, () => ({ ...peers }))
  const tell = async () => {
    late.add("x", (/** @type {any} */ { detail }) => heard.push(detail))
    await turn()
    return heard.at(-1)
  }
  const first = await tell()
  assert.equal(await tell(), first)
  peers = { ann: "disconnected" }
  const next = await tell()
  assert.deepEqual([first, next], [{ ann: "connected" }, { ann: "disconnected" }])
  assert.equal(await tell(), next)
})
