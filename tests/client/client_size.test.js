import assert from "node:assert/strict"
import { test } from "node:test"
import { gzipSync } from "node:zlib"

import { bundleClient, bundleOwn } from "../../tools/bundles.mjs"

/** The most that each file may weigh on its way to a browser, in bytes after gzip. A part that is loaded later has a budget of its own. */
const BUDGETS = {
  "p2p.js": 50_350,
  "p2p-files.js": 8_650,
  "p2p-polling.js": 2_550,
  "p2p-paths.js": 2_350,
  "p2p-stimulus.js": 950,
  // Only the check page loads them; they hold the whole of signaling once more.
  "p2p-check.js": 20_400,
  "p2p-check.css": 1_700,
}
/** The same of p2p.js without Socket.IO's client. */
const OWN_BUDGET = 43_200

const weight = ({ contents }) => gzipSync(contents, { level: 9 }).length

for (const file of await bundleClient()) {
  if (file.name === "stimulus.js") continue // Not ours, and pages that have it needn't load it.
  test(`${file.name} stays within its budget`, () => {
    const budget = BUDGETS[file.name]
    assert.ok(budget, `${file.name} has no budget here`)
    assert.ok(weight(file) <= budget, `it weighs ${weight(file)} bytes, and ${budget} are allowed`)
  })
}

test("so does p2p.js without Socket.IO's client", async () => {
  const own = await bundleOwn()
  assert.ok(weight(own) <= OWN_BUDGET, `it weighs ${weight(own)} bytes, and ${OWN_BUDGET} are allowed`)
})
