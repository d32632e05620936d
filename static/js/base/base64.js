// Bytes as text, for carriers that take nothing else (RFC 4648, section 4).

/** How many bytes are turned into characters in one call: functions take a limited number of arguments. */
const SLICE = 32_768

/** @param {ArrayBuffer} buffer */
export function toBase64(buffer) {
  const bytes = new Uint8Array(buffer)
  let text = ""
  for (let start = 0; start < bytes.length; start += SLICE) text += String.fromCharCode(...bytes.subarray(start, start + SLICE))
  return btoa(text)
}

/**
 * @param {string} text
 * @returns {ArrayBuffer | null} null if that is no base64
 */
export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer
  } catch {
    return null
  }
}
