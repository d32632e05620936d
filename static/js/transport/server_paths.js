// The paths over the server that a link has, one after the other.
import { PacketReader } from "./packet_reader.js"
import { Timer } from "../base/clock.js"
import { importAgain, unloadable } from "../base/parts.js"
import { MAX_EARLY_BATCHES } from "../base/limits.js"
import { isFirstPath } from "../wire/link.js"

const FILE = "p2p-paths.js"
/** Milliseconds that a link which the server carried waits for the server to come back. The other peer isn't blamed for the silence meanwhile. */
export const SERVER_PATIENCE_MS = 20_000
/** Milliseconds between two calls at least: the server may refuse each one at once. */
export const CALL_PAUSE_MS = 1_000

/**
 * Opens paths over the server, and closes them. Each path has a name of its own, so that what belongs to an earlier one is ignored. The code of such a path is loaded
 * when it is needed.
 *
 * @typedef {import("./paths/index.js").ServerPath} ServerPath
 * @typedef {import("../base/errors.js").P2pError} P2pError
 * @typedef {import("../wire/link.js").Batch} Batch
 *
 * @typedef {Pick<import("../wire/link.js").LinkSetup, "id" | "isHost" | "relay" | "terms"> & {
 *   delegate: import("./path.js").PathDelegate,
 *   intake: import("./intake.js").Intake,
 *   clock: import("../base/clock.js").Clock,
 *   failed: (error: P2pError) => void,
 *   replaced: (path: ServerPath) => void,
 *   loadPaths?: () => Promise<typeof import("./paths/index.js")>,
 * }} ServerPathsOptions `failed` is called when there can't be such a path now, `replaced` when the other side has begun another one
 */
export class ServerPaths {
  /** Whether this client has called nobody, and no path has carried its link yet: then its host may begin the link over the server. */
  isCallable
  #options
  /** @type {ServerPath | null} */
  #path = null
  #count = 0
  #isLoading = false
  #isOver = false
  #isRefused = false
  /** What has come for a path whose code isn't loaded yet. @type {[name: string, batch: Batch][]} */
  #early = []
  /** When the server was lost that carried the link, on the clock; -Infinity if it wasn't. */
  #lostAt = -Infinity
  #calledAt = -Infinity
  #pause

  /** @param {ServerPathsOptions} options */
  constructor(options) {
    this.#options = options
    this.#pause = new Timer(options.clock)
    this.isCallable = !options.isHost
  }

  /** The present path, open or not. */
  get path() {
    return this.#path
  }

  /** Whether there can be none: the server carries nothing, or nothing more. */
  get isOff() {
    return this.#isRefused || this.#options.terms.relay() === "off"
  }

  /** Whether a silence is the server's fault. */
  get isExcused() {
    return this.#options.clock.now() - this.#lostAt < SERVER_PATIENCE_MS
  }

  /** Opens a path, unless there is one, or can be none; a little later if another one was called just before. A host does so only to begin a link. */
  call() {
    if (this.#isOver || this.isOff || this.#path || this.#isLoading || this.#pause.isRunning) return
    this.isCallable = false
    const now = this.#options.clock.now()
    const wait = this.#calledAt + CALL_PAUSE_MS - now
    if (wait > 0) return this.#pause.start(wait, () => this.call())
    this.#calledAt = now
    const { id, isHost } = this.#options
    const name = `${id}/${isHost ? 0 : ++this.#count}`
    this.#load((ServerPathHere) => this.#make(ServerPathHere, name).call())
  }

  /**
   * @param {string} name
   * @param {Batch} batch
   */
  receive(name, batch) {
    if (this.#path?.name === name) return this.#path.receive(batch)
    if (!this.#mayOpen(name) || this.#early.length >= MAX_EARLY_BATCHES) return
    this.#early.push([name, batch])
    if (!this.#isLoading) this.#load((ServerPathHere) => this.#takeEarly(ServerPathHere))
  }

  /** The link goes by another path. */
  stop() {
    this.settled()
    this.#pause.stop()
    this.#path?.stop()
    this.#path = null
  }

  /**
   * A path has ended.
   * @param {P2pError} error
   * @param {boolean} carried whether it carried the link
   */
  ended(error, carried) {
    this.#path = null
    if (!error.retry) this.#isRefused = true
    if (carried) this.#lostAt = this.#options.clock.now()
  }

  /** A path carries the link. */
  settled() {
    this.#lostAt = -Infinity
    this.isCallable = false
  }

  /** The link is over. */
  end() {
    this.#isOver = true
    this.#pause.stop()
    this.#early = []
  }

  // Private

  /** Whether the other side may begin a path of this name. @param {string} name */
  #mayOpen(name) {
    return this.#options.isHost ? numberOf(name) > this.#count : this.isCallable && isFirstPath(name)
  }

  /** @param {typeof import("./paths/index.js").ServerPath} ServerPathHere */
  #takeEarly(ServerPathHere) {
    for (const [name, batch] of this.#early.splice(0)) {
      if (this.#path?.name !== name && this.#mayOpen(name)) {
        if (this.#path) this.#options.replaced(this.#path)
        this.#path?.stop()
        this.#count = numberOf(name)
        this.#make(ServerPathHere, name)
      }
      if (this.#path?.name === name) this.#path.receive(batch)
    }
  }

  /**
   * @param {typeof import("./paths/index.js").ServerPath} ServerPathHere
   * @param {string} name
   */
  #make(ServerPathHere, name) {
    const { delegate, intake, clock, isHost, relay } = this.#options
    const calls = isHost === isFirstPath(name)
    /** @param {import("./path.js").Path} path @param {import("../wire/link.js").Lane} lane */
    const createReader = (path, lane) => new PacketReader({ lane, intake, received: (frame, packet) => delegate.pathReceived(path, frame, packet, lane) })
    return (this.#path = new ServerPathHere({ name, calls, delegate, clock, createReader, relay: (batch, answered) => relay(name, batch, answered) }))
  }

  /** @param {(ServerPathHere: typeof import("./paths/index.js").ServerPath) => void} loaded called at once where the code is there */
  #load(loaded) {
    const { loadPaths: load = loadPaths } = this.#options
    if (load === loadPaths && code) return loaded(code.ServerPath)
    this.#isLoading = true
    void load().then(({ ServerPath }) => {
      this.#isLoading = false
      if (!this.#isOver) loaded(ServerPath)
    }, (cause) => {
      this.#isLoading = false
      this.#early = []
      if (!this.#isOver) this.#options.failed(unloadable(FILE, "talks over the server", cause))
    })
  }
}

/** The number in the name of a path. @param {string} name */
function numberOf(name) {
  return Number(name.slice(name.lastIndexOf("/") + 1)) || 0
}

/** The code of paths over the server, once it is loaded. @type {typeof import("./paths/index.js") | null} */
let code = null

/** Loads the code of paths over the server. */
export async function loadPaths() {
  return (code ??= await import("./paths/index.js").catch(() => importAgain(FILE)))
}
