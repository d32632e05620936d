const [QUOTE, BACKSLASH] = [0x22, 0x5c]

/**
 * How many objects, arrays and fields the engine would build for JSON text. It reads the text once, before anything is built.
 * @param {string} json
 * @param {number} most how deep the text may be nested. It is limited because the engine reads any depth, but can't write it again
 * @returns {number} 0 for a short text, which can't hold much; Infinity for one that is nested deeper
 */
export function partsOf(json, most) {
  if (json.length <= 2 * most) return 0 // each level takes two characters
  let [depth, parts] = [0, 0]
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfString(json, at)
    else if (code === 0x5d || code === 0x7d) depth -= 1
    else if (code === 0x3a) parts += 1
    else if (code === 0x5b || code === 0x7b) {
      parts += 1
      if (++depth > most) return Infinity
    }
  }
  return parts
}

/** @param {string} json @param {number} start of the string */
function endOfString(json, start) {
  for (let at = start + 1; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at += 1
  }
  return json.length
}
