// In a newcomer's page: has the script of a system there, and then lets it join at a given time.

const clock = () => performance.timeOrigin + performance.now()

/** @type {Promise<unknown>} */
let begun = Promise.resolve()

globalThis.starter = {
  /** Has a module fetched and compiled, and not run. @param {string[]} specifiers */
  async preload(specifiers) {
    await Promise.all(specifiers.map((specifier) => new Promise((resolve, reject) => {
      const link = Object.assign(document.createElement("link"), { rel: "modulepreload", href: import.meta.resolve(specifier), onload: resolve, onerror: reject })
      document.head.append(link)
    })))
  },

  /** @param {{ specifier: string, at: number }} options as of start() */
  begin(options) {
    begun = this.start(options)
    begun.catch(() => undefined)
  },

  ended: () => begun,

  /**
   * Returns the milliseconds from the script's start until the channel is open.
   * @param {{ specifier: string, at: number }} options
   */
  async start({ specifier, at, ...options }) {
    await new Promise((resolve) => { setTimeout(resolve, at - clock()) })
    const began = performance.now()
    const { join } = await import(import.meta.resolve(specifier))
    await join(options)
    return performance.now() - began
  },
}
