// One session in memory, of the client's own code over the fake network of its tests.
const TICK_MS = 5
/** Long enough for all acknowledgements to be sent, and for the host's picture to be told. */
const REST_MS = 1_000
const PATIENCE_MS = 120_000
const NEVER_MS = 2 ** 40

export class Session {
  pages = []
  /** What has been sent through each channel before begin(). */
  #before = new Map()

  /** @param {any} support the module world.js of the client's tests */
  constructor({ World, HEARTBEAT }) {
    // Heartbeats would be counted wherever they happen to fall.
    Object.assign(HEARTBEAT, { intervalMs: NEVER_MS, idleTimeoutMs: 5 * NEVER_MS })
    this.world = new World()
  }

  /** Lets a host join, and nobody else yet. */
  async open() {
    this.#join("host")
    await this.#until(() => this.#areConnected())
  }

  /** Lets so many join at once, or one after the other. @param {number} count @param {number} [gap] milliseconds between two */
  async join(count, gap = 0) {
    for (let number = 1; number <= count; number += 1) {
      this.#join(`client-${number}`)
      if (gap > 0) await this.world.pass(gap)
    }
    await this.#until(() => this.#areConnected())
    await this.rest()
  }

  /** Lets a client say something; returns when all have been shown it. */
  async say() {
    const count = this.pages[0].messages.length + 1
    void this.pages[1].peer.send("hello")
    await this.#until(() => this.pages.every(({ messages }) => messages.length >= count))
  }

  /** Lets time pass until all is said that was to be said. */
  rest() {
    return this.world.pass(REST_MS)
  }

  /** Makes the last client the host. */
  async handOver() {
    const successor = this.pages.at(-1).peer
    const done = this.pages[0].peer.handOver(`client-${this.pages.length - 1}`)
    await this.#until(() => successor.iamHost && this.#areConnected())
    await this.rest()
    await done
  }

  /** Has each packet that a channel gets in `arrive`, which brings it there. @param {(packet: string, arrive: () => void) => void} around */
  watch(around) {
    const { network } = this.world
    network.carry = (channel, arrive) => queueMicrotask(() => around(channel.sent.at(-1), arrive))
  }

  // What goes through the channels

  begin() {
    this.#before = new Map(this.#channels().map((channel) => [channel, channel.sent.length]))
  }

  /** What has been sent since begin(): the frames by type, and of the receivers how many of a type each has got. */
  end() {
    const frames = {}
    const received = {}
    for (const channel of this.#channels()) {
      const counts = countsOf(channel.sent.slice(this.#before.get(channel) ?? 0))
      for (const [type, count] of Object.entries(counts)) {
        frames[type] = (frames[type] ?? 0) + count
        received[type] = [...(received[type] ?? []), count]
      }
    }
    return { frames, received }
  }

  // Private

  #join(peerId) {
    const page = this.world.page(peerId)
    this.pages.push(page)
    page.peer.start()
  }

  #channels() {
    return this.world.network.all.flatMap(({ channels }) => channels)
  }

  #areConnected() {
    return this.pages.every(({ peer }) => peer.state === "connected" && peer.peers.size === this.pages.length)
  }

  async #until(condition) {
    const { clock } = this.world
    const late = clock.now() + PATIENCE_MS
    for (; !condition(); await this.world.pass(TICK_MS)) if (clock.now() > late) throw new Error(`Not within two minutes: ${condition}`)
  }
}

/** @param {(string | ArrayBuffer)[]} packets */
function countsOf(packets) {
  const counts = {}
  for (const line of packets.flatMap((packet) => String(packet).split("\n"))) {
    const type = /^\{"type":"([^"]+)"/.exec(line)?.[1] ?? "other"
    counts[type] = (counts[type] ?? 0) + 1
  }
  return counts
}
