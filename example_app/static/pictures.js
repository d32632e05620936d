/** Pictures up to this size are accepted without asking. */
export const MAX_PICTURE_BYTES = 10_000_000

/** Pictures made of dots; others, such as SVG, are documents, which can hold more than a picture. */
const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"]

/** @param {{ type: string }} file */
export function isPicture({ type }) {
  return TYPES.includes(type)
}

/**
 * What a link may save: as a picture or as bytes. A page that somebody sent must not open as one of this site.
 * @param {Blob} file
 */
export function harmless(file) {
  return new Blob([file], { type: isPicture(file) ? file.type : "application/octet-stream" })
}
