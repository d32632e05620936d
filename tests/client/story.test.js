import assert from "node:assert/strict"
import { test } from "node:test"

import fc from "fast-check"

import { IDLE_TIMEOUTS_MS, PEERS, Story } from "./support/story.js"

/**
 * How many stories are told, and how long they are: `STORIES=50000 STORY_STEPS=40 STORY_SEED=$RANDOM node --test tests/client/story.test.js`. The suite always
 * tells the same ones. A story that ends badly is told shorter and shorter; STORY_SEED and STORY_PATH, as the failure names them, tell the shortest one again.
 */
const { STORIES = "2000", STORY_STEPS = "20", STORY_SEED = "1", STORY_PATH } = process.env

const who = fc.integer({ min: 0, max: PEERS.length - 1 })
const act = (name, rest = {}) => fc.record({ act: fc.constant(name), ...rest })
const pause = fc.constantFrom(0, 1, 10, 60, 300, 1_000, 2_500, 6_000)

const step = fc.oneof(
  { weight: 10, arbitrary: act("join", { who }) },
  { weight: 14, arbitrary: act("say", { who, count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 8, arbitrary: act("whisper", { who, whom: who, count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: act("wave", { who }) },
  { weight: 16, arbitrary: act("pass", { ms: pause }) },
  { weight: 2, arbitrary: act("close", { who }) },
  { weight: 2, arbitrary: act("abort", { who }) },
  { weight: 3, arbitrary: act("crash", { who }) },
  { weight: 3, arbitrary: act("reload", { who }) },
  { weight: 1, arbitrary: act("open", { who }) },
  { weight: 2, arbitrary: act("reconnect", { who }) },
  { weight: 2, arbitrary: act("handOver", { who, whom: who }) },
  { weight: 1, arbitrary: act("answer", { who, count: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 2, arbitrary: act("greet", { who, count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: act("leaveWithin", { who, how: fc.constantFrom("close", "abort", "reconnect") }) },
  { weight: 1, arbitrary: act("reply", { who, count: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 2, arbitrary: act("freeze", { who }) },
  { weight: 2, arbitrary: act("thaw", { who }) },
  { weight: 4, arbitrary: act("cut", { who, whom: who }) },
  { weight: 3, arbitrary: act("heal", { who, whom: who }) },
  { weight: 3, arbitrary: act("blink", { who, whom: who, ms: pause }) },
  { weight: 2, arbitrary: act("hide", { who, whom: who }) },
  { weight: 2, arbitrary: act("find", { who, whom: who }) },
  { weight: 2, arbitrary: act("move", { who }) },
  { weight: 1, arbitrary: act("fill", { ms: pause }) },
  { weight: 1, arbitrary: act("miss", { who, count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: act("drop", { who, ms: pause }) },
  { weight: 1, arbitrary: act("lose", { who, count: fc.integer({ min: 1, max: 3 }), ms: pause }) },
  { weight: 1, arbitrary: act("stop") },
  { weight: 1, arbitrary: act("restart") },
  { weight: 1, arbitrary: act("forget") },
)

const settings = fc.record({
  latencies: fc.array(fc.constantFrom(0, 0, 5, 40, 200), { minLength: PEERS.length, maxLength: PEERS.length }),
  keepSignaling: fc.boolean(),
  history: fc.constantFrom(0, 0, 3),
  relay: fc.constantFrom(/** @type {const} */ ("off"), "fallback", "first"),
  idleTimeoutMs: fc.constantFrom(...IDLE_TIMEOUTS_MS),
})

/** A session of some, before anything happens. */
const opening = fc.integer({ min: 0, max: PEERS.length }).map((count) => PEERS.slice(0, count).flatMap((_, index) => [{ act: "join", who: index }, { act: "pass", ms: 250 }]))

test("whatever happens, nothing is shown twice or in another order, nothing is lost that somebody has, and all meet again", async () => {
  const property = fc.asyncProperty(settings, opening, fc.array(step, { maxLength: Number(STORY_STEPS), size: "max" }), async (given, first, then) => {
    const story = new Story(given)
    const broken = await story.tell([...first, ...then])
    assert.deepEqual(broken, [], story.tale.join("\n"))
  })
  await fc.assert(property, { numRuns: Number(STORIES), seed: Number(STORY_SEED), ...(STORY_PATH && { path: STORY_PATH }) })
})

/** What a link bears. */
const moment = fc.constantFrom(0, 1, 10, 60, 300, 1_000)
const hardship = fc.oneof(
  act("blink", { who, whom: who, ms: fc.constantFrom(0, 60, 1_000, 6_000, 20_000, 60_000) }),
  act("hide", { who, whom: who }),
  act("find", { who, whom: who }),
  act("move", { who }),
  act("fill", { ms: moment }),
  act("miss", { who, count: fc.integer({ min: 1, max: 3 }) }),
  act("drop", { who, ms: moment }),
  act("lose", { who, count: fc.integer({ min: 1, max: 3 }), ms: moment }),
)
const talk = fc.array(fc.oneof(act("say", { who, count: fc.integer({ min: 1, max: 3 }) }), act("wave", { who }), act("whisper", { who, whom: who, count: fc.constant(1) }), act("pass", { ms: moment })), { minLength: 3, maxLength: 10 })
const trial = fc.tuple(talk, hardship, talk).map(([before, what, then]) => [...before, what, ...then, { act: "pass", ms: 20_000 }])

test("where the server may carry what peers say, a link outlives whatever happens to its paths, and nothing is lost", async () => {
  const given = settings.map((each) => ({ ...each, idleTimeoutMs: IDLE_TIMEOUTS_MS[1], relay: each.relay === "off" ? "fallback" : each.relay }))
  const hidden = fc.uniqueArray(fc.integer({ min: 1, max: PEERS.length - 1 }))
  const property = fc.asyncProperty(given, fc.integer({ min: 2, max: PEERS.length }), hidden, fc.array(trial, { minLength: 1, maxLength: 6 }), async (setting, count, apart, trials) => {
    const story = new Story(setting)
    // A host that some don't reach would move the session to somebody else, and all links with it.
    for (const peerId of PEERS.slice(1)) story.server.followers.add(peerId)
    await story.begun([...apart.map((whom) => ({ act: "hide", who: 0, whom })), ...session(count), { act: "pass", ms: 5_000 }, ...trials.flat()])
    const lives = story.stays.map(({ page: { peerId, states, errorCodes, gaps } }) => `${peerId}: ${[...states, ...errorCodes, ...gaps.map(({ senderId }) => `misses ${senderId}`)].join()}`)
    const broken = await story.tell([])
    for (const life of lives) if (!/^\w+: (negotiating,)?(connecting,)?connected$/.test(life)) broken.push(life)
    for (const { name, texts } of story.stays) for (const { sent } of story.stays) for (const { text } of sent) if (!texts.has(text)) broken.push(`${name} wasn't shown ${text}`)
    assert.deepEqual(broken, [], story.tale.join("\n"))
  })
  await fc.assert(property, { numRuns: Math.ceil(Number(STORIES) / 10), seed: Number(STORY_SEED) })
})

/** A session of some, before anything happens. @param {number} count */
const session = (count) => Array.from({ length: count }, (_, who) => [{ act: "join", who }, { act: "pass", ms: 250 }]).flat()

for (const [name, given, steps] of /** @type {[string, any, any[]][]} */ ([
  ["who is named as the host while it waits may speak from within that news", { latencies: [0, 40], keepSignaling: true }, [...session(2), { act: "greet", who: 1 }, { act: "reload", who: 0 }, { act: "crash", who: 0 }]],
  ["who has just gone is no stranger to the next host", {}, [...session(2), { act: "abort", who: 0 }, { act: "pass", ms: 2_500 }, { act: "whisper", who: 1, whom: 0 }]],
  ["a host that becomes the host again before others have told it what it missed still knows who was there", { latencies: [0, 0, 40] }, [...session(4),
    { act: "cut", who: 0, whom: 1 }, { act: "say", who: 3 }, { act: "pass", ms: 60 }, { act: "crash", who: 0 }, { act: "crash", who: 3 }, { act: "pass", ms: 6_000 }, { act: "reconnect", who: 1 }]],
  ["who has lost a host that the server has forgotten follows an earlier one that has its seat again", {}, [...session(3),
    { act: "freeze", who: 0 }, { act: "pass", ms: 6_000 }, { act: "crash", who: 1 }, { act: "forget" }]],
  ["who was cut off from its host before it was shown its own message is shown it under a host that came after it", { latencies: [200], relay: "fallback" }, [{ act: "hide", who: 0, whom: 4 }, ...session(2),
    { act: "pass", ms: 1_000 }, { act: "join", who: 2 }, { act: "pass", ms: 2_000 }, { act: "say", who: 2 }, { act: "pass", ms: 10 }, { act: "cut", who: 0, whom: 2 }, { act: "open", who: 4 }, { act: "pass", ms: 5_900 }, { act: "close", who: 0 }]],
  ["a server that refuses each batch at once doesn't keep a page busy for ever", { latencies: [40, 5, 0, 0, 200], relay: "first" }, [{ act: "join", who: 0 }, { act: "pass", ms: 250 },
    { act: "forget" }, { act: "join", who: 2 }, { act: "join", who: 4 }, { act: "cut", who: 2, whom: 0 }, { act: "join", who: 0 }, { act: "pass", ms: 2_500 }]],
  ["a host that begins a link anew over the server doesn't make its client join again and again", { latencies: [5, 40, 0, 200, 0], keepSignaling: true, relay: "first" }, [{ act: "join", who: 0 }, { act: "pass", ms: 250 },
    { act: "reload", who: 4 }, { act: "join", who: 1 }, { act: "join", who: 2 }, { act: "forget" }, { act: "join", who: 3 }]],
  ["a second page that goes again at once ends the first one, and nobody waits for it", { latencies: [5] }, [...session(4), { act: "open", who: 3 }, { act: "abort", who: 3 }]],
])) {
  test(`a story that once ended badly: ${name}`, async () => {
    assert.deepEqual(await new Story(given).tell(steps), [])
  })
}
