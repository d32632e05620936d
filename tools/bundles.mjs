// The client as browsers load it: one file, and beside it the parts that it loads only where they are used.
import { basename, dirname, join, resolve } from "node:path"

import { build } from "esbuild"

import { slimPolling, slimSocketIo } from "./slim_socketio.mjs"

const RELATIVE = /^\.\.?\//
const POLLING = "p2p-polling.js" // Takes nothing from the client: it is a transport, made for Socket.IO's client.
const STIMULUS = ["@hotwired/stimulus"] // Comes from the page's import map or bundler.

/**
 * Bundles the whole client, in memory: the files that go into static/dist/.
 * @param {string} [source]
 */
export async function bundleClient(source = "static/js") {
  const parts = new Map()
  const client = await bundle(join(source, "index.js"), "p2p.js", { plugins: [slimSocketIo, leaveOut(parts)] })
  const sharing = { plugins: [share(client)], external: STIMULUS }
  return [
    client,
    ...(await Promise.all([...parts].map(([name, entry]) => bundle(entry, name, name === POLLING ? { plugins: [slimPolling] } : sharing)))),
    await bundle(join(source, "stimulus.js"), "p2p-stimulus.js", sharing),
    await bundle("@hotwired/stimulus", "stimulus.js"),
    // A page of its own, which shares nothing with p2p.js, so that it doesn't weigh on it. What that loads late, it does, too.
    await bundle(join(source, "check/index.js"), "p2p-check.js", { plugins: [slimSocketIo, leaveOut(new Map())] }),
    await bundle(join(source, "check/check.css"), "p2p-check.css"),
  ]
}

/** Bundles p2p.js without what it has from npm: what of its weight is the client's own. */
export const bundleOwn = () => bundle("static/js/index.js", "p2p.js", { plugins: [leaveOut(new Map())], packages: "external" })

/**
 * Bundles them once more, as a user's bundler would: fails where one imports a name that the other doesn't export.
 * @param {string} folder where they have been written
 * @param {{ name: string }[]} bundles
 */
export async function checkThatTheyFit(folder, bundles) {
  const files = bundles.map(({ name }) => join(folder, name))
  try {
    await build({ entryPoints: files, bundle: true, format: "esm", outdir: folder, write: false, external: STIMULUS, logLevel: "silent" })
  } catch (error) {
    throw new Error("What a part of the client shares with the rest of it must be exported by static/js/index.js.", { cause: error })
  }
}

/**
 * Bundles one file, in memory.
 * @param {string} entry @param {string} name @param {import("esbuild").BuildOptions} [more]
 */
export async function bundle(entry, name, more = {}) {
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    outfile: name,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    metafile: true,
    write: false,
    legalComments: "none", // Every licence is in THIRD_PARTY_LICENSES.txt, in full.
    logLevel: "warning",
    ...more,
  })
  return { name, contents: outputFiles[0].contents, inputs: Object.keys(metafile.inputs) }
}

/**
 * What is imported dynamically becomes a file of its own, called by its folder: `import("./files/transfers.js")` loads p2p-files.js.
 * @param {Map<string, string>} parts is filled: the name of each such file, and its entry
 */
const leaveOut = (parts) => ({
  name: "leave-out",
  setup: ({ onResolve }) => onResolve({ filter: RELATIVE }, ({ kind, path, resolveDir }) => {
    if (kind !== "dynamic-import") return undefined
    const entry = resolve(resolveDir, path)
    const name = `p2p-${basename(dirname(entry))}.js`
    if (parts.has(name) && parts.get(name) !== entry) {
      return { errors: [{ text: `${parts.get(name)} and ${entry} would both be ${name}; import one of them only.` }] }
    }
    parts.set(name, entry)
    return { path: `./${name}`, external: true }
  }),
})

/**
 * What the client holds already is taken from there, so that a page has one copy of it. Its entry, static/js/index.js, must export that.
 * @param {{ name: string, inputs: string[] }} client
 */
const share = ({ name, inputs }) => {
  const held = new Set(inputs.map((input) => resolve(input)))
  return {
    name: "share",
    setup: ({ onResolve }) => onResolve({ filter: RELATIVE }, ({ kind, path, resolveDir }) => {
      if (kind === "entry-point" || !held.has(resolve(resolveDir, path))) return undefined
      return { path: `./${name}`, external: true }
    }),
  }
}
