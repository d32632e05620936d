// Prints as JSON what a page loads of the client, in bytes after gzip: at first, and only when it is needed.

import { readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"

import { build } from "esbuild"

const root = join(dirname(fileURLToPath(import.meta.url)), "../..")
const ENTRY = "p2p.js"
/** What the shipped client loads with a page's first file. */
const LATER = "p2p-files.js"

/** @param {Uint8Array} bytes */
const zipped = (bytes) => gzipSync(bytes, { level: 9 }).length

/**
 * @param {string[]} external
 * @returns {Promise<Map<string, { bytes: Uint8Array, imports: { path: string, kind: string }[] }>>} files by their names, as the client's own build makes them
 */
async function built(external) {
  const { metafile, outputFiles } = await build({
    entryPoints: { p2p: join(root, "static/js/index.js") },
    outdir: "out",
    write: false,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    metafile: true,
    legalComments: "none",
    external,
  })
  const bytes = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]))
  return new Map(Object.entries(metafile.outputs).map(([path, { imports }]) => [basename(path), {
    bytes: bytes.get(basename(path)),
    imports: imports.filter((each) => !each.external).map(({ path: to, kind }) => ({ path: basename(to), kind })),
  }]))
}

/** The files that are loaded with the entry. */
function firstOf(files) {
  const first = new Set()
  const visit = (name) => {
    if (first.has(name)) return
    first.add(name)
    for (const { path, kind } of files.get(name).imports) if (kind === "import-statement") visit(path)
  }
  visit(ENTRY)
  return first
}

async function weighed(external) {
  const files = await built(external)
  const first = firstOf(files)
  const sum = (names) => names.reduce((total, name) => total + zipped(files.get(name).bytes), 0)
  return { first: sum([...first]), later: sum([...files.keys()].filter((name) => !first.has(name))) }
}

/** @param {string} name */
const shipped = (name) => zipped(readFileSync(join(root, "static/dist", name)))

process.stdout.write(JSON.stringify({
  shipped: { first: shipped(ENTRY), later: shipped(LATER) },
  whole: await weighed([]),
  without_socket_io: await weighed(["socket.io-client"]),
}))
