// What a module may import by its folder, types included: from its own, and from those below it.
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { test } from "node:test"

const SOURCES = new URL("../../static/js/", import.meta.url)

/** From the lowest. Those of one line never import each other; an entry stands for itself. */
const LAYERS = [
  ["base"],
  ["wire"],
  ["transport", "signaling", "topology", "messaging", "files"],
  ["session", "check"],
  ["element"],
  ["index.js"],
  ["stimulus"],
  ["stimulus.js"],
]

/** The imports that break the rule still, by the name of what is imported. The table must be exact, so it can only get shorter. @type {Record<string, string[]>} */
const EXCEPTIONS = {
}

const IMPORTS = /(?:\bfrom|\bimport)[\s(]*["'](\.[^"']+)["']/g

const modules = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".js"))

/** @param {string} module */
const importsOf = (module) => [...readFileSync(new URL(module, SOURCES), "utf8").matchAll(IMPORTS)].map(([, path]) => posix.join(posix.dirname(module), path))

/** @param {string} module */
const layerOf = (module) => LAYERS.findIndex((folders) => folders.includes(folderOf(module)))

/** @param {string} module */
const folderOf = (module) => module.split("/")[0]

/** @param {string} module @param {string} imported */
const isAllowed = (module, imported) => folderOf(imported) === folderOf(module) || layerOf(imported) < layerOf(module)

const arrows = modules.flatMap((module) => [...new Set(importsOf(module))].map((imported) => ({ module, imported })))

test("every module stands in a folder that has its place", () => {
  assert.deepEqual(modules.filter((module) => layerOf(module) < 0), [])
})

test("every import names a module", () => {
  assert.ok(arrows.length > modules.length)
  assert.deepEqual(arrows.filter(({ imported }) => !modules.includes(imported)), [])
})

test("a module imports only from its own folder and from those below it", () => {
  const broken = arrows.filter(({ module, imported }) => !isAllowed(module, imported)).map(({ module, imported }) => `${module} -> ${imported}`)
  assert.deepEqual(broken.sort(), Object.values(EXCEPTIONS).flat().sort(), "an import against the rule, or an exception that nobody needs any more")
})
