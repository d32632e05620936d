/**
 * The name in a peer id: all before its random part, which the server appends (example_app/names.py).
 * @param {string} peerId
 */
export function nameOf(peerId) {
  return peerId.replace(/~[^~]*$/, "")
}

/**
 * What a person's avatar shows.
 * @param {string} peerId
 */
export function initialOf(peerId) {
  const [initial = "?"] = nameOf(peerId)
  return initial.toUpperCase()
}

/**
 * A person's colour, the same in every browser: a hue from 0 to 359.
 * @param {string} peerId
 */
export function hueOf(peerId) {
  let hash = 0
  for (const character of peerId) hash = (hash * 31 + character.codePointAt(0)) % 360
  return hash
}
