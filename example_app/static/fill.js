/**
 * Copies a template's element and writes texts into its data-slot elements.
 * @param {HTMLTemplateElement} template
 * @param {Record<string, string>} texts by name of slot
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
 * @param {Record<string, string>} texts by name of slot
 */
export function write(element, texts) {
  for (const [slot, text] of Object.entries(texts)) {
    const target = element.querySelector(`[data-slot="${slot}"]`)
    if (target && target.textContent !== text) target.textContent = text
  }
}
