// Where the bytes of a file go: memory, the private file system, or a stream of the app's.
import { PrivateStorage } from "./private_storage.js"

/** Files above this size go to the browser's private file system, where there is one that can be written to. */
export const DISK_BYTES = 8 * 1024 * 1024

/**
 * Where a file goes that comes in.
 *
 * @typedef {object} Sink
 * @property {(block: Uint8Array<ArrayBuffer>) => Promise<unknown>} write resolves when there is room for the next one
 * @property {() => Promise<File | null>} close
 * @property {(error: unknown) => Promise<unknown>} abort what has been written is dropped
 *
 * @typedef {{ name: string, type: string, size: number }} Label
 */

/** Chooses where files go. */
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
    this.#storage.tidy().catch(() => undefined) // there is nothing, or nothing that may be looked at
  }

  dispose() {
    return this.#storage.dispose()
  }
}

/** A stream of the app's. */
export class StreamSink {
  #writer

  /** @param {WritableStream} stream */
  constructor(stream) {
    this.#writer = stream.getWriter()
    // Each write tells of its own failure.
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

/** Each block becomes a Blob at once: those the browser keeps outside the page, and on disk when they are many. */
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
