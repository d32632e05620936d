// The tests of long polling once more, over what the build leaves of Socket.IO's client.
import { runSlim } from "../support/slim.js"

await runSlim(new URL("polling.test.js", import.meta.url).href)
