// Leaves out of Socket.IO's client what this client never uses: every transport but the WebSocket, and binary attachments. Long polling is
// a part of its own, which pages load where they need it.
//
// What stands in for a module is in tools/socketio/, or here where it only passes on. `tests/client/slim_socketio.test.js` holds the
// one against the other, and runs the tests of signaling over what is left.
import { readFileSync } from "node:fs"

const SOCKETIO = /node_modules[\\/]((?:socket|engine)\.io-[\w-]+[\\/].+\.js)$/
const own = (name) => readFileSync(new URL(`socketio/${name}`, import.meta.url), "utf8")

/** What modules become in p2p.js. */
const REPLACED = {
  "socket.io-client/build/esm/index.js": `export { Manager } from "./manager.js"`,
  "socket.io-parser/build/esm/index.js": own("parser.js"),
  "engine.io-client/build/esm/index.js": `
    export { Socket } from "./socket.js"
    export { nextTick } from "./globals.node.js"
    export { installTimerFunctions } from "./util.js"`,
  "engine.io-client/build/esm/transports/index.js": `
    import { WS } from "./websocket.node.js"
    export const transports = { websocket: WS }`,
  "engine.io-client/build/esm/contrib/parseuri.js": own("address.js"),
  "engine.io-parser/build/esm/index.js": own("engine_parser.js"),
}

/** What modules become in the part for long polling. */
const REPLACED_FOR_POLLING = {
  "engine.io-client/build/esm/index.js": `export { Fetch } from "./transports/polling-fetch.js"`,
  "engine.io-parser/build/esm/index.js": own("engine_parser.js") + own("engine_payload.js"),
}

/** What the bodies of methods become in p2p.js. */
const METHODS = {
  "engine.io-client/build/esm/socket.js": {
    _probe: "", // A WebSocket is never upgraded,
    _getWritablePackets: "return this.writeBuffer", // and takes messages of any length.
  },
  "socket.io-client/build/esm/socket.js": {
    _addToQueue: "", // Only with the option `retries`,
    _drainQueue: "", // likewise.
    emitWithAck: "",
    onAny: "",
    prependAny: "",
    offAny: "",
    listenersAny: "",
    onAnyOutgoing: "",
    prependAnyOutgoing: "",
    offAnyOutgoing: "",
    listenersAnyOutgoing: "",
    notifyOutgoingListeners: "",
  },
}

/** The esbuild plugin for p2p.js. */
export const slimSocketIo = slim(REPLACED, METHODS)
/** The one for the part for long polling. */
export const slimPolling = slim(REPLACED_FOR_POLLING, {})

/**
 * An esbuild plugin. The build fails where something that it changes isn't there, as after an update of Socket.IO.
 * @param {Record<string, string>} replaced @param {Record<string, Record<string, string>>} methods
 */
function slim(replaced, methods) {
  return {
    name: "slim-socketio",
    setup(build) {
      const unseen = new Set([...Object.keys(replaced), ...Object.keys(methods)])
      build.onLoad({ filter: SOCKETIO }, ({ path }) => {
        const module = SOCKETIO.exec(path)[1].replaceAll("\\", "/")
        unseen.delete(module)
        if (replaced[module]) return { contents: replaced[module] }
        const { contents, lost } = withMethods(readFileSync(path, "utf8"), methods[module] ?? {})
        return { contents, errors: lost.map((name) => changed(`method ${name} in ${module}`)) }
      })
      build.onEnd(() => {
        if (unseen.size > 0) return { errors: [changed(`${[...unseen].join(", ")}, or nothing imports it any more`)] }
      })
    },
  }
}

/**
 * The same source with other bodies for some methods, which are indented as TypeScript's compiler does.
 * @param {string} source @param {Record<string, string>} bodies
 */
function withMethods(source, bodies) {
  const lost = []
  const contents = Object.entries(bodies).reduce((text, [name, body]) => {
    const method = new RegExp(`^( {4}${name}\\(.*\\) \\{\\n)[^]*?(^ {4}\\}\\n)`, "m")
    if (!method.test(text)) lost.push(name)
    return text.replace(method, `$1${body}$2`)
  }, source)
  return { contents, lost }
}

const changed = (what) => ({ text: `Socket.IO's client has no ${what}. Has it been updated? Bring tools/slim_socketio.mjs up to date with it.` })
