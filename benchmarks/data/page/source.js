/** A small part of a large file: a copy of all of it would be most of what a page holds. */
const PART_BYTES = 8 * 1024 * 1024

export const CHUNK_BYTES = 64 * 1024

/** @type {Uint8Array | undefined} */
let part
/** @type {Blob | undefined} */
let blob

/** What is sent, over and over again where it is more; in memory, as random as it is quick to make. */
function bytes() {
  part ??= new Uint8Array(PART_BYTES).map((_, place) => (place * 2_654_435_761) >>> 24)
  return part
}

/** @param {number} size */
export function* chunks(size) {
  const source = bytes()
  for (let start = 0; start < size; start += CHUNK_BYTES) {
    const from = start % PART_BYTES
    yield source.subarray(from, from + Math.min(CHUNK_BYTES, size - start))
  }
}

/** The same as a file. @param {number} size */
export function file(size) {
  blob ??= new Blob([bytes()])
  const whole = Array.from({ length: Math.floor(size / PART_BYTES) }, () => blob)
  return new File([...whole, blob.slice(0, size % PART_BYTES)], "benchmark.bin")
}
