// Stores incoming files in the browser's private file system.
import { P2pError } from "../../base/errors.js"
import { BATCH_BYTES } from "../limits.js"

/** The name of the folder in the origin's private file system, and how the names of the locks on the pages' folders in it begin. */
const PARENT = "p2p-files"
const LOCK = `${PARENT}:`

/**
 * A page's folder in the browser's private file system. The page holds a lock as long as it lives, so that other pages can tell which folders are left over, and
 * remove them.
 * https://developer.mozilla.org/docs/Web/API/File_System_API/Origin_private_file_system
 */
export class PrivateStorage {
  #storage
  #locks
  /** @type {Promise<FileSystemDirectoryHandle> | null} */
  #opened = null
  #release = () => {}
  #remove = async () => {}
  #files = 0
  /** How many files the page may still read. */
  #kept = 0

  /** @param {Partial<Pick<Navigator, "storage" | "locks">>} [browser] */
  constructor({ storage, locks } = globalThis.navigator ?? {}) {
    this.#storage = storage
    this.#locks = locks
  }

  /**
   * @param {import("./sinks.js").Label} file
   * @returns {Promise<import("./sinks.js").Sink | null>} null if the browser can't do it
   * @throws {P2pError} `no_space`
   */
  async open(file) {
    if (!this.#storage?.getDirectory || !this.#locks) return null
    const { quota = Infinity, usage = 0 } = await this.#storage.estimate().catch(() => /** @type {StorageEstimate} */ ({}))
    if (file.size > quota - usage) throw new P2pError("no_space")
    try {
      this.#opened ??= this.#make()
      return await this.#sink(await this.#opened, file)
    } catch {
      // Private windows and older Safari have the folder, but refuse to write to it. The file is kept in memory then.
      return null
    }
  }

  /** Removes the folders of pages that are gone. */
  async tidy() {
    if (!this.#storage?.getDirectory || !this.#locks) return
    const root = await this.#storage.getDirectory()
    await this.#sweep(await root.getDirectoryHandle(PARENT))
  }

  /** Removes the folder, unless the page still uses files in it. Those are removed after the page has gone. */
  async dispose() {
    await this.#opened?.catch(() => undefined)
    if (this.#kept > 0) return
    await this.#remove().catch(() => undefined)
    this.#release()
    this.#opened = null
  }

  // Private

  async #make() {
    const root = await /** @type {StorageManager} */ (this.#storage).getDirectory()
    const parent = await root.getDirectoryHandle(PARENT, { create: true })
    const id = crypto.randomUUID()
    await this.#hold(LOCK + id)
    void this.#sweep(parent).catch(() => undefined)
    this.#remove = () => parent.removeEntry(id, { recursive: true })
    return parent.getDirectoryHandle(id, { create: true })
  }

  /** Takes the lock before the folder is made, so that no other page ever finds the folder unlocked. @param {string} name */
  #hold(name) {
    return new Promise((resolve, reject) => {
      /** @type {LockManager} */ (this.#locks).request(name, () => new Promise((release) => {
        this.#release = () => release(undefined)
        resolve(undefined)
      })).catch(reject)
    })
  }

  /** @param {any} parent */
  async #sweep(parent) {
    for await (const name of parent.keys()) {
      await this.#locks?.request(LOCK + name, { ifAvailable: true }, (lock) => lock && parent.removeEntry(name, { recursive: true }))
    }
  }

  /**
   * @param {FileSystemDirectoryHandle} folder
   * @param {import("./sinks.js").Label} file
   * @returns {Promise<import("./sinks.js").Sink>}
   */
  async #sink(folder, { name, type, size }) {
    const entry = String(++this.#files)
    const handle = await folder.getFileHandle(entry, { create: true })
    const writable = await handle.createWritable()
    const batch = new Batch(writable, size)
    return {
      write: (block) => batch.add(block),
      close: async () => {
        await batch.flush()
        await writable.close()
        this.#kept += 1
        return new File([await handle.getFile()], name, { type })
      },
      abort: async () => {
        await writable.abort().catch(() => undefined) // the file may be closed already
        await folder.removeEntry(entry)
      },
    }
  }
}

/** Gathers blocks, because many small writes take twice as long as a few large ones. */
class Batch {
  #writable
  #left
  /** @type {Uint8Array<ArrayBuffer> | null} */
  #bytes = null
  #filled = 0

  /**
   * @param {FileSystemWritableFileStream} writable
   * @param {number} size the size of the file
   */
  constructor(writable, size) {
    this.#writable = writable
    this.#left = size
  }

  /** @param {Uint8Array<ArrayBuffer>} block */
  async add(block) {
    this.#bytes ??= new Uint8Array(Math.min(BATCH_BYTES, this.#left))
    this.#bytes.set(block, this.#filled)
    this.#filled += block.length
    this.#left -= block.length
    if (this.#filled === this.#bytes.length) await this.flush()
  }

  /** Writes the blocks that are gathered. */
  async flush() {
    const bytes = this.#bytes?.subarray(0, this.#filled)
    this.#bytes = null
    this.#filled = 0
    if (bytes) await this.#writable.write(bytes)
  }
}
