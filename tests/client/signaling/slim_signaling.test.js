// The tests of signaling once more, over what the build leaves of Socket.IO's client.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

import { build } from "esbuild"
import { WebSocket } from "ws"

import { slimSocketIo } from "../../../tools/slim_socketio.mjs"

const theTestsOwn = {
  name: "the-tests-own",
  setup: ({ onResolve }) => onResolve({ filter: /^ws$/ }, ({ path }) => ({ path: import.meta.resolve(path), external: true })),
}

globalThis.WebSocket ??= WebSocket // As in a browser; in Node.js since 22.
const folder = await mkdtemp(join(tmpdir(), "slim-"))
const outfile = join(folder, "signaling.test.mjs")
await build({
  entryPoints: [fileURLToPath(new URL("signaling.test.js", import.meta.url))],
  outfile,
  bundle: true,
  format: "esm",
  external: ["node:*"],
  plugins: [slimSocketIo, theTestsOwn],
  logLevel: "warning",
})
await import(pathToFileURL(outfile).href)
await rm(folder, { recursive: true })
