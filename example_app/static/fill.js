/**
 * Copies a template's element and writes texts into its data-slot elements. They are texts, never HTML: what other people type is safe.
 * @param {HTMLTemplateElement} template
 * @param {Record<string, string>} texts by name of slot
 * @returns {HTMLElement}
 */
export function fill(template, texts) {
  const element = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true))
  for (const [slot, text] of Object.entries(texts)) {
    const target = element.querySelector(`[data-slot="${slot}"]`)
    if (target) target.textContent = text
  }
  return element
}
