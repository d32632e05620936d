// Runs before anything else in a page: takes down what its frame tells and when, by a clock that all pages of one machine share.
{
  const TIMEOUT_MS = 60_000
  const STORY = ["disconnected", "host-changed", "connected", "error"]

  let story = []
  let formerEpoch = 0
  /** What is waited for: looked at again with each event. @type {Set<() => void>} */
  const waiting = new Set()
  const shown = { count: 0, at: 0 }

  const now = () => performance.timeOrigin + performance.now()
  const frame = () => document.querySelector("p2p-frame")
  const look = () => waiting.forEach((check) => check())

  /** @param {() => boolean} condition */
  function until(condition) {
    return new Promise((resolve, reject) => {
      const stop = () => {
        waiting.delete(check)
        clearTimeout(timer)
      }
      const check = () => {
        if (!condition()) return
        stop()
        resolve()
      }
      const timer = setTimeout(() => {
        stop()
        reject(new Error(`${condition} is false: ${frame().state}, ${JSON.stringify(story)}`))
      }, TIMEOUT_MS)
      waiting.add(check)
      check()
    })
  }

  for (const name of STORY) {
    document.addEventListener(`p2p:${name}`, ({ target: { epoch, iamHost }, detail }) => {
      story.push({ name, at: now(), epoch, iamHost, code: detail.code ?? "" })
      look()
    })
  }
  document.addEventListener("p2p:peers", look)

  // Messages of the frame, and of the channels without numbers beside it.
  const show = () => {
    shown.count += 1
    shown.at = now()
    look()
  }
  document.addEventListener("p2p:message", ({ detail: { type } }) => { if (type === "Data") show() })
  document.addEventListener("bare:message", show)

  addEventListener("pagehide", () => { if (frame()) sessionStorage.lostAt = now() })

  globalThis.recorder = {
    now,
    look,
    isHost: () => frame().iamHost,
    until,

    joined: () => until(() => frame().state === "connected"),

    /** Resolves when this page is connected, and so many are in its picture of the session. */
    sees: (count) => until(() => {
      const connected = [...frame().peers.values()].filter((state) => state === "connected")
      return frame().state === "connected" && connected.length === count
    }),

    /** From now on another host is expected. */
    watch() {
      story = []
      formerEpoch = frame().epoch
    },

    /** Resolves when this page is connected under another host. */
    moved: () => until(() => frame().state === "connected" && frame().epoch > formerEpoch),

    story: () => story,

    /** Stands still from the time that it returns: a debugger has to be there. */
    freeze() {
      const at = now()
      setTimeout(() => {
        debugger
      })
      return at
    },

    forgetShown: () => { shown.count = 0 },

    /** Resolves with the time at which the last of so many messages was shown. */
    shown: (count) => until(() => shown.count >= count).then(() => shown.at),
  }
}
