import assert from "node:assert/strict"
import { test } from "node:test"

import { Shares } from "../../../static/js/base/shares.js"

test("knows who has the most things, and who has the largest", () => {
  const shares = new Shares()
  for (const [owner, size] of /** @type {[string, number][]} */ ([["ann", 1], ["ann", 1], ["bob", 100], ["ann", 1], ["cleo", 1]])) shares.add(owner, size)
  assert.deepEqual([shares.count, shares.size, shares.of("ann"), shares.of("nobody")], [5, 104, 3, 0])
  assert.deepEqual([shares.greatest("count"), shares.greatest("size")], ["ann", "bob"])
  shares.remove("bob", 100)
  assert.deepEqual([shares.greatest("size"), shares.of("bob"), shares.size], ["ann", 0, 4])
})
