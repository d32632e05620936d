// Loaded before the tests (`node --import`): property tests try the same examples each time, so that a run says the same of a commit wherever it runs,
// and others where EXAMPLES says so (`make explore`).
import fc from "fast-check"

fc.configureGlobal({ seed: Number(process.env.EXAMPLES ?? 1) })
