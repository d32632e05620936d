// Cleans the names and media types of files.
/** The longest name that file systems accept, in bytes. */
export const MAX_NAME_BYTES = 255
/** How many characters of a longer name are read: at its beginning, and at its end. */
const [MAX_BEGINNING, MAX_END] = [1_000, 24]
/** An extension up to this length is kept when a name that is too long is cut. */
const MAX_ENDING_CHARACTERS = 16
/** The longest half of a media type (RFC 6838, section 4.2). */
const MAX_TYPE_CHARACTERS = 127

// Control characters, lone surrogates, line separators, and the bidi controls that let "gpj.exe" read as "exe.jpg".
const HIDDEN = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/gu
const TYPE = /^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w.+-]+)*$/

const utf8 = new TextEncoder()

/**
 * Makes a safe name of the one that the sender gives: no path, and no characters that make it look like another name.
 * @param {string} name
 */
export function cleanName(name) {
  const base = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1)
  const part = base.length > MAX_BEGINNING + MAX_END ? base.slice(0, MAX_BEGINNING) + base.slice(-MAX_END) : base
  return shorten(trim(part.replace(HIDDEN, ""))) || "file"
}

/**
 * Returns a media type as it is if it looks like one, else the general one. Only the sender says it: the file may hold something else.
 * @param {string} type
 */
export function cleanType(type) {
  return type.length <= MAX_TYPE_CHARACTERS && TYPE.test(type) ? type : "application/octet-stream"
}

/** Removes spaces around a name, and dots after it. @param {string} name */
function trim(name) {
  let end = name.length
  // No regular expression, because it would start again at each of many dots.
  while (end > 0 && /[\s.]/.test(name[end - 1])) end -= 1
  return name.slice(0, end).trimStart()
}

/** @param {string} name */
function shorten(name) {
  const dot = name.lastIndexOf(".")
  const ending = dot > 0 && name.length - dot <= MAX_ENDING_CHARACTERS ? name.slice(dot) : ""
  const stem = Array.from(name.slice(0, name.length - ending.length)).slice(0, MAX_NAME_BYTES)
  while (utf8.encode(stem.join("") + ending).length > MAX_NAME_BYTES) stem.pop()
  return stem.join("") + ending
}
