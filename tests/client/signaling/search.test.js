import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"

import { LOOK_DELAYS_MS, Search } from "../../../static/js/signaling/search.js"
import { FakeClock, settle } from "../support/fake_clock.js"

const [FIRST_MS] = LOOK_DELAYS_MS
const LAST_MS = /** @type {number} */ (LOOK_DELAYS_MS.at(-1))
const HOUR_MS = 3_600_000

let clock
let search
/** When it was looked. @type {number[]} */
let looks
let isThere
let found

beforeEach(() => {
  clock = new FakeClock()
  looks = []
  isThere = false
  found = 0
  search = new Search({
    look: async () => {
      looks.push(clock.now())
      return isThere
    },
    clock,
  })
})

afterEach(() => delete globalThis.document)

/** A page that may be hidden. */
function showPage() {
  globalThis.document = /** @type {any} */ (Object.assign(new EventTarget(), { hidden: false }))
  return (hidden) => {
    Object.assign(document, { hidden })
    document.dispatchEvent(new Event("visibilitychange"))
  }
}

async function pass(ms) {
  for (let passed = 0; passed < ms; passed += 1_000) {
    clock.advance(1_000)
    await settle()
  }
}

const start = () => search.start(() => { found += 1 })

test("looks for a server soon at first, and gently in the end, each page at other moments", async () => {
  start()
  await pass(HOUR_MS)
  const pauses = looks.map((at, index) => at - (looks[index - 1] ?? 0))
  assert.ok(pauses[0] <= 1.5 * FIRST_MS + 1_000, `${pauses[0]}`)
  const last = pauses.slice(LOOK_DELAYS_MS.length)
  assert.ok(last.every((ms) => ms >= LAST_MS / 2 && ms <= 1.5 * LAST_MS + 1_000), `${last.join()}`)
  assert.ok(new Set(last).size > 5, `${last.join()}`)
  assert.ok(looks.length < (1.5 * HOUR_MS) / LAST_MS, `${looks.length}`)
  assert.equal(found, 0)
})

test("tells once that it is there, and looks no more", async () => {
  start()
  await pass(HOUR_MS)
  isThere = true
  await pass(2 * LAST_MS)
  const { length } = looks
  await pass(HOUR_MS)
  assert.deepEqual([found, looks.length, clock.pending], [1, length, 0])
})

test("a search that is stopped finds nothing, even in the middle of a look", async () => {
  start()
  search.stop()
  await pass(LAST_MS)
  assert.equal(looks.length, 0)
  isThere = true
  start()
  while (looks.length === 0) clock.advance(1_000)
  search.stop()
  await settle()
  assert.deepEqual([found, clock.pending], [0, 0])
})

test("one that is begun anew goes on as rarely as before, until a join has succeeded", async () => {
  start()
  await pass(HOUR_MS)
  const next = async () => {
    const before = looks.length
    start()
    const since = clock.now()
    while (looks.length === before) await pass(1_000)
    return looks[before] - since
  }
  assert.ok((await next()) >= LAST_MS / 2)
  search.succeed()
  assert.ok((await next()) <= 1.5 * FIRST_MS + 1_000)
})

test("a hidden page doesn't look, and does so when it is shown", async () => {
  const hide = showPage()
  hide(true)
  start()
  await pass(HOUR_MS)
  assert.deepEqual([looks.length, clock.pending], [0, 0])
  isThere = true
  hide(false)
  await settle()
  assert.deepEqual([looks.length, found], [1, 1])
})

test("nor does one that was stopped meanwhile", async () => {
  const hide = showPage()
  hide(true)
  start()
  await pass(HOUR_MS)
  search.stop()
  hide(false)
  await settle()
  assert.deepEqual([looks.length, clock.pending], [0, 0])
})
