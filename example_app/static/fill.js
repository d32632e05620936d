/** A text, or what it is made of: texts, and elements such as names. @typedef {string | (string | Element)[]} Text */

/**
 * Copies a template's element and writes texts into its data-slot elements.
 * @param {HTMLTemplateElement} template
 * @param {Record<string, Text>} texts by name of slot
 * @returns {HTMLElement}
 */
export function fill(template, texts) {
  const element = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true))
  write(element, texts)
  return element
}

/**
 * Writes texts into an element's slots. They are texts, never HTML: what other people type is safe.
 * @param {HTMLElement} element
 * @param {Record<string, Text>} texts by name of slot
 */
export function write(element, texts) {
  for (const [slot, text] of Object.entries(texts)) {
    const target = element.querySelector(`[data-slot="${slot}"]`)
    if (target) put(target, text)
  }
}

/**
 * Writes a text, unless it stands there already: a screen reader would read it again.
 * @param {Element} target
 * @param {Text} text
 */
export function put(target, text) {
  const parts = [text].flat()
  if (target.textContent !== parts.map((part) => typeof part === "string" ? part : part.textContent).join("")) target.replaceChildren(...parts)
}
