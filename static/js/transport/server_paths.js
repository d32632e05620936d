// The paths over the server that a link has, one after the other.
import { P2pError } from "../base/errors.js"
import { PacketReader } from "./packet_reader.js"
import { Timer } from "../base/clock.js"
import { importAgain } from "../base/parts.js"
import { MAX_EARLY_BATCHES } from "../base/limits.js"

/** Milliseconds that a link which the server carried waits for the server to come back. The other peer isn't blamed for the silence meanwhile. */
export const SERVER_PATIENCE_MS = 20_000
/** Milliseconds between two calls at least: the server may refuse each one at once. */
export const CALL_PAUSE_MS = 1_000

/**
 * Opens paths over the server, and closes them. Each path has a name of its own, so that what belongs to an earlier one is ignored. The code of such a path is loaded
 * when it is needed.
 *
 * @typedef {import("./paths/index.js").ServerPath} ServerPath
 * @typedef {import("../wire/link.js").Batch} Batch
 *
 * @typedef {Pick<import("../wire/link.js").LinkSetup, "id" | "isHost" | "relay" | "terms"> & {
 *   delegate: import("./path.js").PathDelegate,
 *   intake: import("./intake.js").Intake,
 *   clock: import("../base/clock.js").Clock,
 *   failed: (error: P2pError) => void,
 *   replaced: (path: ServerPath) => void,
 *   loadServerPath?: () => Promise<typeof import("./paths/index.js").ServerPath>,
 * }} ServerPathsOptions `failed` is called when there can't be such a path now, `replaced` when the other side has begun another one
 */
export class ServerPaths {
  /** Whether this side has ever called the other one over the server. */
  wereUsed = false
  /** Whether the server refuses them. */
  isRefused = false
  #options
  /** @type {ServerPath | null} */
  #path = null
  #count = 0
  #isLoading = false
  #isOver = false
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
  }

  /** The present path, open or not. */
  get path() {
    return this.#path
  }

  /** Whether a silence is the server's fault. */
  get isExcused() {
    return this.#options.clock.now() - this.#lostAt < SERVER_PATIENCE_MS
  }

  /** Opens a path, unless there is one; a little later if another one was called just before. Only a client calls this. */
  call() {
    if (this.#isOver || this.isRefused || this.#path || this.#isLoading || this.#pause.isRunning) return
    this.wereUsed = true
    const now = this.#options.clock.now()
    const wait = this.#calledAt + CALL_PAUSE_MS - now
    if (wait > 0) return this.#pause.start(wait, () => this.call())
    this.#calledAt = now
    this.#load((ServerPathHere) => this.#make(ServerPathHere, `${this.#options.id}/${++this.#count}`).call())
  }

  /**
   * @param {string} name
   * @param {Batch} batch
   */
  receive(name, batch) {
    if (this.#path?.name === name) return this.#path.receive(batch)
    if (!this.#options.isHost || numberOf(name) <= this.#count || this.#early.length >= MAX_EARLY_BATCHES) return
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
    if (!error.retry) this.isRefused = true
    if (carried) this.#lostAt = this.#options.clock.now()
  }

  /** A path carries the link. */
  settled() {
    this.#lostAt = -Infinity
  }

  /** The link is over. */
  end() {
    this.#isOver = true
    this.#pause.stop()
    this.#early = []
  }

  // Private

  /** @param {typeof import("./paths/index.js").ServerPath} ServerPathHere */
  #takeEarly(ServerPathHere) {
    for (const [name, batch] of this.#early.splice(0)) {
      if (this.#path?.name !== name && numberOf(name) > this.#count) {
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
    /** @param {import("./path.js").Path} path @param {import("../wire/link.js").Lane} lane */
    const createReader = (path, lane) => new PacketReader({ lane, intake, received: (frame, packet) => delegate.pathReceived(path, frame, packet, lane) })
    return (this.#path = new ServerPathHere({ name, calls: !isHost, delegate, clock, createReader, relay: (batch, answered) => relay(name, batch, answered) }))
  }

  /** @param {(ServerPathHere: typeof import("./paths/index.js").ServerPath) => void} loaded */
  #load(loaded) {
    this.#isLoading = true
    const load = this.#options.loadServerPath ?? loadServerPath
    void load().then((ServerPathHere) => {
      this.#isLoading = false
      if (!this.#isOver) loaded(ServerPathHere)
    }, (cause) => {
      this.#isLoading = false
      this.#early = []
      if (!this.#isOver) this.#options.failed(new P2pError("unavailable", { message: "The part of the client that talks over the server can't be loaded.", hint: "Check that p2p-paths.js lies beside p2p.js, and that the server can be reached.", cause }))
    })
  }
}

/** The number in the name of a path. @param {string} name */
function numberOf(name) {
  return Number(name.slice(name.lastIndexOf("/") + 1)) || 0
}

/** The id of the link that a path over the server belongs to. @param {string} name the path's */
export function linkOf(name) {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")))
}

async function loadServerPath() {
  const { ServerPath } = await loadPaths()
  return ServerPath
}

/** @returns {Promise<typeof import("./paths/index.js")>} */
function loadPaths() {
  return import("./paths/index.js").catch(() => importAgain("p2p-paths.js"))
}
