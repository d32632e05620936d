// The text to copy for the person who runs the site.
import { LABELS } from "./words.js"

/**
 * It holds no address and no credential: servers go by their number, and texts of browsers, which may name them, are left out.
 * @param {object} what
 * @param {string} what.version
 * @param {string} what.browser
 * @param {Date} what.at
 * @param {import("./verdict.js").Verdict} what.verdict
 * @param {{ title: string, words: import("./words.js").Words, times: string }[]} what.rows
 * @param {string[]} what.advice
 */
export function reportOf({ version, browser, at, verdict, rows, advice }) {
  return [
    `Why doesn't it connect? Flask-P2P-Streams ${version}, ${at.toISOString().slice(0, 16).replace("T", " ")} UTC`,
    `Browser: ${browser}`,
    "",
    `${verdict.headline} ${verdict.detail}`,
    "",
    ...rows.map(({ title, words, times }) => `[${LABELS[words.state].toLowerCase()}] ${title}${times && ` (${times})`}: ${words.text}`),
    "",
    ...advice.map((sentence) => `- ${sentence}`),
    "",
  ].join("\n")
}

/** What the page shows: how long it took in all. @param {import("./checks.js").Outcome | undefined} outcome */
export function timeOf(outcome) {
  return outcome?.ok && outcome.ms !== undefined ? inMs(outcome.ms) : ""
}

/** @param {import("./checks.js").Outcome | undefined} outcome */
export function timesOf(outcome) {
  const trip = outcome?.tripMs
  return trip === undefined ? timeOf(outcome) : `${timeOf(outcome)}, ${inMs(trip)} of them there and back`
}

/** @param {number} ms */
function inMs(ms) {
  return `${Math.max(1, Math.round(ms))} ms`
}
