const graphemes = new Intl.Segmenter()

/**
 * The name in a peer id: all before its random part, which the server appends (example_app/names.py).
 * @param {string} peerId
 */
export function nameOf(peerId) {
  return peerId.replace(/~[^~]*$/, "")
}

/**
 * A name for a sentence. It may be written from right to left, and must not turn what stands around it.
 * @param {string} peerId
 * @returns {HTMLElement}
 */
export function named(peerId) {
  return isolated(nameOf(peerId))
}

/**
 * Somebody's words within a sentence of ours.
 * @param {string} text
 * @returns {HTMLElement}
 */
export function isolated(text) {
  const element = document.createElement("bdi")
  element.textContent = text
  return element
}

/**
 * What a person's avatar shows: what is read as one character may be several code points.
 * @param {string} peerId
 */
export function initialOf(peerId) {
  const [first] = graphemes.segment(nameOf(peerId))
  return first?.segment.toUpperCase() ?? "?"
}
