// Builds static/dist/ from static/js/: what a page loads, its types, and the licences of what is bundled.
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { bundleClient, checkThatTheyFit } from "./bundles.mjs"

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."))
const DONE = "static/dist"
const OUT = `static/.dist-${process.pid}` // Takes its name only when it is whole; two that build at once don't share it.

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
mkdirSync(OUT)

const bundles = await bundleClient()
for (const { name, contents } of bundles) writeFileSync(join(OUT, name), contents)
await checkThatTheyFit(OUT, bundles)

const packages = [...new Set(bundles.flatMap(({ inputs }) => inputs).map(packageOf).filter((folder) => folder !== undefined))].sort()
writeFileSync(join(OUT, "THIRD_PARTY_LICENSES.txt"), packages.map(notice).join(`\n${"-".repeat(78)}\n\n`))

execFileSync(
  process.execPath,
  ["node_modules/typescript/bin/tsc", "--noCheck", "--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", join(OUT, "types")],
  { stdio: "inherit" },
)

rmSync(DONE, { recursive: true, force: true })
renameSync(OUT, DONE)
