const [QUOTE, BACKSLASH] = [0x22, 0x5c]

/**
 * Whether JSON text is nested deeper than so: the engine reads any depth, and then can't write it again. It looks at the text once, before anything is built.
 * @param {string} json
 * @param {number} most
 */
export function isDeeper(json, most) {
  if (json.length <= 2 * most) return false // each level takes two characters
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfString(json, at)
    else if ((code === 0x5b || code === 0x7b) && ++depth > most) return true
    else if (code === 0x5d || code === 0x7d) depth -= 1
  }
  return false
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
