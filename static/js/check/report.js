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

/** @param {import("./checks.js").Outcome | undefined} outcome */
export function timesOf(outcome) {
  if (!outcome?.ok || outcome.ms === undefined) return ""
  const { ms, tripMs } = outcome
  return tripMs === undefined ? inMs(ms) : `${inMs(ms)} to connect, ${inMs(tripMs)} there and back`
}

/** @param {number} ms */
function inMs(ms) {
  return `${Math.max(1, Math.round(ms))} ms`
}
