// Bundles what the measured pages load: `node build.mjs FOLDER`. Nothing of it is kept.

import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { build } from "esbuild"

const folder = join(dirname(fileURLToPath(import.meta.url)), "page")
const entries = ["hall", "starter", "join_bare", "join_peerjs", "join_ours", "join_first", "join_socketio", "greeter"]

await build({
  entryPoints: entries.map((name) => join(folder, `${name}.js`)),
  outdir: process.argv[2],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  external: ["p2p"], // The page's import map knows where the client is, as it is shipped.
  logLevel: "warning",
})
