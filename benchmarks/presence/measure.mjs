// `node measure.mjs CHECKOUT CLIENTS count` counts what one session does; `… time ROUNDS MESSAGES` takes its times. It prints JSON.
import { existsSync } from "node:fs"
import { pathToFileURL } from "node:url"

import * as calls from "./calls.mjs"
import * as cpu from "./cpu.mjs"
import { Session } from "./session.mjs"

const [checkout, clients, mode, rounds = "1", messages = "1"] = process.argv.slice(2)
const root = pathToFileURL(`${checkout}/`)
const client = new URL("static/js/", root)
/** Milliseconds between two who join one after the other. */
const GAP_MS = 10

/** @returns {Promise<any>} what the client's tests have of a browser, a network and a server */
function support() {
  const places = ["tests/client/support/world.js", "tests/js/support/world.js"].map((place) => new URL(place, root))
  return import(places.find((place) => existsSync(place)).href)
}

const isAck = (packet) => typeof packet === "string" && packet.startsWith('{"type":"Ack"')
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

/** Lets a client say something, with a look at each acknowledgement's arrival. */
async function acknowledged(session, look) {
  session.watch((packet, arrive) => (isAck(packet) ? look(arrive) : arrive()))
  await session.say()
  await session.rest()
  session.watch((_, arrive) => arrive())
}

async function opened(world) {
  const session = new Session(world)
  await session.open()
  return session
}

// What is counted

async function counts() {
  calls.prepare(client)
  const world = await support()
  const oneByOne = await opened(world)
  oneByOne.begin()
  await oneByOne.join(Number(clients), GAP_MS)
  const session = await opened(world)
  const join = await counted(session, () => session.join(Number(clients)))
  await session.say()
  await session.rest()
  const message = await counted(session, () => session.say())
  const acknowledgements = await counted(session, () => session.rest())
  const acknowledgement = await countsOfAcknowledgement(session)
  const handover = await counted(session, () => session.handOver())
  return { join, join_one_by_one: oneByOne.end(), message, acknowledgements, acknowledgement, handover }
}

async function counted(session, act) {
  session.begin()
  calls.begin()
  await act(session)
  return { ...calls.end(), ...session.end() }
}

/** What the host does at once when an acknowledgement arrives. */
async function countsOfAcknowledgement(session) {
  const all = []
  await acknowledged(session, (arrive) => {
    calls.begin()
    arrive()
    all.push(calls.end())
  })
  return Object.fromEntries(Object.keys(all[0]).map((name) => [name, median(all.map((each) => each[name]))]))
}

// What takes time

async function times() {
  await cpu.prepare()
  const world = await support()
  const samples = { join: [], message: [], acknowledgement: [], handover: [] }
  // The first round lets V8 compile it.
  for (let round = 0; round <= Number(rounds); round += 1) {
    const taken = await timed(await opened(world))
    if (round > 0) for (const name of Object.keys(samples)) samples[name].push(taken[name])
  }
  return samples
}

/** Milliseconds; of a message with its acknowledgements, and of one acknowledgement where it arrives. */
async function timed(session) {
  const join = await taken(() => session.join(Number(clients)))
  const message = (await taken(() => sayAll(session))) / Number(messages)
  const acknowledgement = await timeOfAcknowledgement(session)
  return { join, message, acknowledgement, handover: await taken(() => session.handOver()) }
}

async function taken(act) {
  await cpu.begin()
  await act()
  return cpu.end(client)
}

async function sayAll(session) {
  for (let number = 0; number < Number(messages); number += 1) {
    await session.say()
    await session.rest()
  }
}

async function timeOfAcknowledgement(session) {
  const all = []
  await acknowledged(session, (arrive) => {
    const started = process.hrtime.bigint()
    arrive()
    all.push(Number(process.hrtime.bigint() - started) / 1e6)
  })
  return median(all)
}

console.log(JSON.stringify(await (mode === "count" ? counts() : times())))
