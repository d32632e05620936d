// Cleans the names and media types of files.
/** The most that file systems take. */
export const MAX_NAME_BYTES = 255
/** What is looked at of a name that is longer, in characters: its beginning, and its end. */
const [MAX_BEGINNING, MAX_END] = [1_000, 24]
/** An ending up to this length outlives the cut of a name that is too long. */
const MAX_ENDING_CHARACTERS = 16
/** RFC 6838, section 4.2, for each half. */
const MAX_TYPE_CHARACTERS = 127

// Control characters, lone surrogates, line separators, and the bidi controls that let "gpj.exe" read as "exe.jpg".
const HIDDEN = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/gu
const TYPE = /^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w.+-]+)*$/

const utf8 = new TextEncoder()

/**
 * A file's name that is a name and nothing else: neither a path nor anything that shows as something else.
 * @param {string} name
 */
export function cleanName(name) {
  const base = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1)
  const part = base.length > MAX_BEGINNING + MAX_END ? base.slice(0, MAX_BEGINNING) + base.slice(-MAX_END) : base
  return shorten(trim(part.replace(HIDDEN, ""))) || "file"
}

/**
 * A media type, or the one for anything where it doesn't look like one. It is what the sender says: nothing holds the file to it.
 * @param {string} type
 */
export function cleanType(type) {
  return type.length <= MAX_TYPE_CHARACTERS && TYPE.test(type) ? type : "application/octet-stream"
}

/** Without spaces around it, and dots after it. @param {string} name */
function trim(name) {
  let end = name.length
  // A regular expression would begin anew at each dot of many.
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
