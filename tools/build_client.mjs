// Builds static/dist/ from static/js/: what a page loads, its types, and the licences of what is bundled.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { build } from "esbuild"

import { slimSocketIo } from "./slim_socketio.mjs"

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."))
const DONE = "static/dist"
const OUT = `static/.dist-${process.pid}` // Takes its name only when it is whole; two that build at once don't share it.

// The Stimulus entry shares the page's one copy of the element and the API.
const shareIndex = {
  name: "share-index",
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path: "./p2p.js", external: true })),
}

/** @param {string} entry @param {string} name @param {object} [more] */
const bundle = async (entry, name, more = {}) => {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: join(OUT, name),
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    metafile: true,
    legalComments: "none", // Every licence is in THIRD_PARTY_LICENSES.txt, in full.
    logLevel: "warning",
    ...more,
  })
  return Object.keys(metafile.inputs)
}

/** @param {string} path the file of an npm package */
const packageOf = (path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]

/** @param {string} folder the root of an npm package */
const notice = (folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const file = readdirSync(folder).find((candidate) => /^licen[cs]e/i.test(candidate))
  if (!file) throw new Error(`${name} ships no licence file; the client must not be built without it.`)
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`
}

if (!existsSync("static/js/index.js")) throw new Error("static/js/index.js is missing: there is no client to build.")
process.on("exit", () => rmSync(OUT, { recursive: true, force: true }))

const inputs = [
  await bundle("static/js/index.js", "p2p.js", { plugins: [slimSocketIo] }),
  await bundle("static/js/stimulus.js", "p2p-stimulus.js", { plugins: [shareIndex], external: ["@hotwired/stimulus"] }),
  await bundle("@hotwired/stimulus", "stimulus.js"),
].flat()

const packages = [...new Set(inputs.map(packageOf).filter((folder) => folder !== undefined))].sort()
writeFileSync(join(OUT, "THIRD_PARTY_LICENSES.txt"), packages.map(notice).join(`\n${"-".repeat(78)}\n\n`))

execFileSync(
  process.execPath,
  ["node_modules/typescript/bin/tsc", "--noCheck", "--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", join(OUT, "types")],
  { stdio: "inherit" },
)

rmSync(DONE, { recursive: true, force: true })
renameSync(OUT, DONE)
