// The CPU that the client's own functions take, by V8's sampling profiler: without what stands for the browser and the server.
import { Session } from "node:inspector/promises"

const INTERVAL_MICROSECONDS = 100
/** What a sample counts for at most: one that is later than this had to wait for a core. */
const LONGEST_MICROSECONDS = 1_000

const session = new Session()

export async function prepare() {
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.setSamplingInterval", { interval: INTERVAL_MICROSECONDS })
}

export const begin = () => session.post("Profiler.start")

/** Returns milliseconds. @param {URL} client the folder of the client's files */
export async function end(client) {
  const { profile } = await session.post("Profiler.stop")
  const own = clientNodes(profile.nodes, client.href)
  return profile.samples.reduce((sum, id, index) => sum + (own.has(id) ? Math.min(profile.timeDeltas[index], LONGEST_MICROSECONDS) : 0), 0) / 1_000
}

/** The client's functions, and those of the engine that they call. */
function clientNodes(nodes, client) {
  const own = new Set()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const visit = (node, isInside) => {
    const { url } = node.callFrame
    const isOwn = url ? url.startsWith(client) : isInside
    if (isOwn) own.add(node.id)
    for (const id of node.children ?? []) visit(byId.get(id), isOwn)
  }
  visit(nodes[0], false)
  return own
}
