// The entry of the page that says why it doesn't connect (`/p2p/check`). No other page loads it.
import { systemClock } from "../base/clock.js"
import { checksOf } from "./checks.js"
import { findingsOf } from "./findings.js"
import { reportOf, timeOf, timesOf } from "./report.js"
import { runChecks } from "./run.js"
import { adviceOf, verdictOf } from "./verdict.js"
import { View } from "./view.js"
import { wordsFor } from "./words.js"

/** @type {import("./checks.js").Site} */
const site = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("data")).textContent ?? "")
const checks = checksOf(site.ice_servers)
/** @type {import("./checks.js").Outcomes} */
const outcomes = new Map()
const running = checks.filter(({ kind, server }) => server || kind === "socket" || kind === "direct" || kind === "relay")
const view = new View()

function rows() {
  const findings = findingsOf(checks, outcomes)
  return checks.map((check) => ({ id: check.id, title: check.title, words: wordsFor(check, outcomes.get(check.id), findings), times: timesOf(outcomes.get(check.id)) }))
}

/** Shows all rows anew, as what one check has found may say what another one means. */
function show() {
  for (const { id, words } of rows()) view.show(id, words, timeOf(outcomes.get(id)))
  view.progress(outcomes.size / running.length)
}

view.begin(checks)
show()
await runChecks(checks, site, { clock: systemClock, origin: location.origin, file: import.meta.url, page: document }, ({ id }, outcome) => {
  outcomes.set(id, outcome)
  show()
})
const findings = findingsOf(checks, outcomes)
const verdict = verdictOf(findings, outcomes)
const advice = adviceOf(findings, outcomes)
view.conclude(verdict, advice, reportOf({ version: site.version, browser: navigator.userAgent, at: new Date(), verdict, rows: rows(), advice }))
