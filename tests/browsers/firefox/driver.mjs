// Drives a Firefox over WebDriver BiDi for tests in Python: each line of the input is a command, each line of the output an answer.
import { createInterface } from "node:readline"
import puppeteer from "puppeteer-core"

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.argv[2],
  headless: true,
  // A machine whose only interface is the loopback one has no other candidates.
  extraPrefsFirefox: {
    "media.peerconnection.ice.loopback": true,
    "media.peerconnection.ice.obfuscate_host_addresses": false,
  },
})

const pages = new Map()
const said = new Map()

const commands = {
  async open({ page: name, url, script }) {
    const context = await browser.createBrowserContext()
    const page = await context.newPage()
    const heard = []
    page.on("console", (message) => heard.push(message.text()))
    page.on("pageerror", (error) => heard.push(String(error)))
    pages.set(name, page)
    said.set(name, heard)
    await page.evaluateOnNewDocument(`(() => {${script}})()`)
    await page.goto(url)
  },

  evaluate: ({ page, source, argument }) => evaluate(page, source, argument),

  async wait({ page, source, argument, mls }) {
    const until = performance.now() + mls
    while (!await evaluate(page, source, argument)) {
      if (performance.now() > until) throw new Error(`${source} is not so after ${mls} ms.`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  },

  console: ({ page }) => said.get(page),

  async close({ page }) {
    await pages.get(page).close()
    pages.delete(page)
  },
}

/** Evaluates an expression, or calls a function with the argument. */
function evaluate(name, source, argument) {
  return pages.get(name).evaluate(`(async () => {
    const value = (${source})
    return typeof value === "function" ? value(${JSON.stringify(argument)}) : value
  })()`)
}

console.log(JSON.stringify({ value: await browser.version() }))
for await (const line of createInterface({ input: process.stdin })) {
  const { name, ...command } = JSON.parse(line)
  const answer = await Promise.resolve(commands[name](command)).then((value) => ({ value }), (error) => ({ error: String(error) }))
  console.log(JSON.stringify(answer))
}
await browser.close()
