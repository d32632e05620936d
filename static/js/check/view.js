// The page: a row for each check, the verdict, and the report.
import { LABELS } from "./words.js"

/** @typedef {import("./words.js").Words} Words */

export class View {
  /** @type {Map<string, { row: HTMLElement, state: HTMLElement, time: HTMLElement, text: HTMLElement, cure: HTMLElement }>} */
  #rows = new Map()

  /** @param {import("./checks.js").Check[]} checks */
  begin(checks) {
    for (const check of checks) find("checks").append(this.#rowFor(check))
    find("tried").hidden = false
    this.#say("Trying what this browser can do …", "")
  }

  /** @param {string} id @param {Words} words @param {string} time */
  show(id, { state, text, cure }, time) {
    const parts = this.#rows.get(id)
    if (!parts) return
    parts.row.dataset.state = state
    fill(parts.state, LABELS[state])
    fill(parts.time, time)
    fill(parts.text, text)
    fill(parts.cure, cure ?? "")
  }

  /** @param {number} share of the checks that are done, 0 to 1 */
  progress(share) {
    const bar = /** @type {HTMLProgressElement} */ (find("progress"))
    bar.value = share
    bar.hidden = share === 1
  }

  /**
   * @param {import("./verdict.js").Verdict} verdict
   * @param {string[]} advice
   * @param {string} report
   */
  conclude({ level, headline, detail }, advice, report) {
    find("verdict").dataset.level = level
    this.#say(headline, detail)
    find("advice").replaceChildren(...advice.map((sentence) => element("li", "", sentence)))
    const text = /** @type {HTMLTextAreaElement} */ (find("text"))
    text.value = report
    find("report").hidden = false
    find("copy").addEventListener("click", () => void this.#copy(text))
    find("again").addEventListener("click", () => location.reload())
  }

  // Private

  /** @param {string} headline @param {string} detail */
  #say(headline, detail) {
    fill(find("headline"), headline)
    fill(find("detail"), detail)
  }

  /** @param {import("./checks.js").Check} check */
  #rowFor({ id, title, place }) {
    const row = element("li", "check")
    const parts = { row, state: element("span", "state"), time: element("span", "time"), text: element("p", "text"), cure: element("p", "cure") }
    const name = element("h3", "", title)
    if (place) name.append(" ", element("small", "place", place))
    row.id = `check-${id}`
    row.append(parts.state, name, parts.text, parts.cure, parts.time)
    this.#rows.set(id, parts)
    return row
  }

  /** @param {HTMLTextAreaElement} text */
  async #copy(text) {
    const isCopied = await copied(text)
    if (!isCopied) showSelected(text)
    fill(find("copied"), isCopied ? "Copied." : "Your browser doesn't let this page copy: the text is marked below.")
  }
}

/** @param {HTMLTextAreaElement} text */
async function copied(text) {
  try {
    // Only pages by HTTPS have it.
    await navigator.clipboard.writeText(text.value)
    return true
  } catch {
    return false
  }
}

/** @param {HTMLTextAreaElement} text */
function showSelected(text) {
  const details = text.closest("details")
  if (details) details.open = true
  text.focus()
  text.select()
}

/** @param {HTMLElement} target @param {string} text so that a reader of the screen says nothing twice, only where it differs */
function fill(target, text) {
  if (target.textContent !== text) target.textContent = text
}

/** @param {string} id */
function find(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id))
}

/** @param {string} name @param {string} [className] @param {string} [text] */
function element(name, className = "", text = "") {
  const made = document.createElement(name)
  if (className) made.className = className
  made.textContent = text
  return made
}
