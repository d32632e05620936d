// Sinks: where the bytes of an incoming file are written: to memory, to the private file system, or to a stream of the app.
import { PrivateStorage } from "./private_storage.js"

/** Files above this size, in bytes, go to the browser's private file system, if there is one that can be written to. */
export const DISK_BYTES = 8 * 1024 * 1024

/**
 * Where an incoming file is written.
 *
 * @typedef {object} Sink
 * @property {(block: Uint8Array<ArrayBuffer>) => Promise<unknown>} write resolves when there is room for the next block
 * @property {() => Promise<File | null>} close
 * @property {(error: unknown) => Promise<unknown>} abort drops what has been written
 *
 * @typedef {{ name: string, type: string, size: number }} Label
 */

/** Chooses the sink of each file. */
export class Sinks {
  #storage

  /** @param {PrivateStorage} [folder] */
  constructor(folder = new PrivateStorage()) {
    this.#storage = folder
  }

  /**
   * @param {Label} file
   * @param {WritableStream} [to] the app's own stream
   * @returns {Promise<Sink>}
   * @throws {import("../../base/errors.js").P2pError} `no_space`
   */
  async open(file, to) {
    if (to) return new StreamSink(to)
    return (file.size > DISK_BYTES && await this.#storage.open(file)) || new BlobSink(file)
  }

  tidy() {
    this.#storage.tidy().catch(() => undefined) // an error means that there is no folder, or none that may be read
  }

  dispose() {
    return this.#storage.dispose()
  }
}

/** Writes a file to a stream of the app. */
export class StreamSink {
  #writer

  /** @param {WritableStream} stream */
  constructor(stream) {
    this.#writer = stream.getWriter()
    // Ignored here, because each write reports its own failure.
    this.#writer.closed.catch(() => undefined)
  }

  /** @param {Uint8Array<ArrayBuffer>} block */
  async write(block) {
    await this.#writer.ready
    await this.#writer.write(block)
  }

  async close() {
    await this.#writer.close()
    return null
  }

  /** @param {unknown} error */
  abort(error) {
    return this.#writer.abort(error)
  }
}

/** Keeps a file as Blobs, one for each block, because browsers keep Blobs outside the page's memory, and on disk if there are many. */
export class BlobSink {
  /** @type {Blob[]} */
  #parts = []
  #file

  /** @param {Label} file */
  constructor(file) {
    this.#file = file
  }

  /** @param {Uint8Array<ArrayBuffer>} block */
  async write(block) {
    this.#parts.push(new Blob([block]))
  }

  async close() {
    const { name, type } = this.#file
    return new File(this.#parts, name, { type })
  }

  async abort() {
    this.#parts = []
  }
}
