// The tests of signaling once more, over what the build leaves of Socket.IO's client.
import { runSlim } from "../support/slim.js"

await runSlim(new URL("signaling.test.js", import.meta.url).href)
