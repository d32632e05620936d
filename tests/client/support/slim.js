import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after } from "node:test"
import { fileURLToPath, pathToFileURL } from "node:url"

import { build } from "esbuild"
import { WebSocket } from "ws"

import { slimPolling, slimSocketIo } from "../../../tools/slim_socketio.mjs"

/**
 * Runs a test file once more, over what the build leaves of Socket.IO's client.
 * @param {string} url
 */
export async function runSlim(url) {
  globalThis.WebSocket ??= /** @type {any} */ (WebSocket) // As in a browser; in Node.js since 22.
  const folder = await mkdtemp(join(tmpdir(), "slim-"))
  after(() => rm(folder, { recursive: true }))
  const [part, outfile] = [join(folder, "p2p-polling.mjs"), join(folder, "slim.test.mjs")]
  await bundle(new URL("../../../static/js/signaling/polling/transport.js", import.meta.url).href, part, [slimPolling])
  await bundle(url, outfile, [slimSocketIo, apart(part)])
  await import(pathToFileURL(outfile).href)
}

/**
 * What is loaded as it is: the server of the tests, and the part for long polling, which is a file of its own.
 * @param {string} part
 * @returns {import("esbuild").Plugin}
 */
const apart = (part) => ({
  name: "apart",
  setup: (build) => {
    build.onResolve({ filter: /^ws$/ }, ({ path }) => ({ path: import.meta.resolve(path), external: true }))
    build.onResolve({ filter: /polling\/transport\.js$/ }, ({ kind }) => (kind === "dynamic-import" ? { path: pathToFileURL(part).href, external: true } : undefined))
  },
})

/** @param {string} url @param {string} outfile @param {import("esbuild").Plugin[]} plugins */
const bundle = (url, outfile, plugins) => build({
  entryPoints: [fileURLToPath(url)],
  outfile,
  bundle: true,
  format: "esm",
  external: ["node:*"],
  plugins,
  logLevel: "warning",
})
