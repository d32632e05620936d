import { Backoff } from "../../../static/js/base/backoff.js"
import { CLOSE_TIMEOUT_MS } from "../../../static/js/transport/data_channel.js"
import { Link } from "../../../static/js/transport/link.js"
import { ServerPath } from "../../../static/js/transport/paths/index.js"
import { RETURN_MS } from "../../../static/js/messaging/unicast.js"
import { FILL_WINDOW_MS } from "../../../static/js/messaging/recovery.js"
import { Session } from "../../../static/js/session/session.js"
import { P2pError } from "../../../static/js/base/errors.js"

import { FakeClock, settle } from "./fake_clock.js"
import { FakeNetwork } from "./fake_rtc.js"
import { FakeServer, FakeSignaling } from "./fake_server.js"
import { CONNECT_TIMEOUT_MS, fate, Page, RELAY_AFTER_MS } from "./world.js"

/** Milliseconds between two heartbeats. It is slower than in a browser, so that a quiet minute isn't all heartbeats. */
const BEAT_MS = 2_500
/** Milliseconds of silence after which a peer counts as lost: at once when it is missed, or when its link had time to find another way. */
export const IDLE_TIMEOUTS_MS = Object.freeze([2 * BEAT_MS, 6 * BEAT_MS])
/** Milliseconds that it may take until all is well again. */
const DUST_MS = 120_000
/** Milliseconds after which a server sees that a page doesn't answer any more. */
const PING_TIMEOUT_MS = 10_000
/** Milliseconds after which a worker sees that its store has lost its memory. */
const NOTICE_MS = 3_000

/** The life of a page, which may be frozen, or end without a word. */
class Life {
  /** @type {"running" | "frozen" | "thawing" | "dead"} */
  state = "running"
  #clock
  /** @type {(() => void)[]} */
  #waiting = []
  /** @type {Set<number>} */
  #timers = new Set()

  /** @param {FakeClock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  /** The clock as the page sees it. */
  get clock() {
    const clock = {
      now: this.#clock.now,
      setTimeout: (callback, ms) => {
        if (this.state === "dead") return 0
        const timer = this.#clock.setTimeout(() => this.run(() => { if (this.#timers.delete(timer)) callback() }), ms)
        this.#timers.add(timer)
        return timer
      },
      clearTimeout: (timer) => {
        this.#timers.delete(timer)
        this.#clock.clearTimeout(timer)
      },
      soon: (callback) => void clock.setTimeout(callback, 0),
    }
    return clock
  }

  /** Lets the page hear of something, once it runs. @param {() => void} event */
  run(event) {
    if (this.state === "running") event()
    else if (this.state !== "dead") this.#waiting.push(event)
  }

  freeze() {
    if (this.state !== "dead") this.state = "frozen"
  }

  thaw() {
    if (this.state !== "frozen") return
    this.state = "thawing"
    queueMicrotask(() => this.#catchUp())
  }

  die() {
    this.state = "dead"
    this.#waiting = []
    for (const timer of this.#timers) this.#clock.clearTimeout(timer)
    this.#timers.clear()
  }

  /** One thing after the other; what comes meanwhile comes after it. */
  #catchUp() {
    if (this.state !== "thawing") return
    const event = this.#waiting.shift()
    if (event) queueMicrotask(() => this.#catchUp())
    else this.state = "running"
    event?.()
  }
}

/** What becomes of packets that aren't sent again, one after the other. */
const UNRELIABLE = Object.freeze(/** @type {const} */ (["kept", "kept", "late", "kept", "lost", "late", "late"]))

/**
 * A network in which a packet takes its time, and a link may be cut: what was sent then is sent again when it is whole. Two pages may find no way to each other that
 * is new, and a page that goes to another network has to restart ICE.
 */
class PatchyNetwork extends FakeNetwork {
  /** @type {Map<string, StoryPage>} */
  pages = new Map()
  /** Milliseconds from one to another. @type {(from: string, to: string) => number} */
  latency = () => 0
  /** What waits for each link that is cut. @type {Map<string, { channel: any, fly: () => void }[]>} */
  #cut = new Map()
  /** The pairs of peers that find no new way to each other. @type {Set<string>} */
  #hidden = new Set()
  /** The ends whose network is another one now, how often ICE was restarted before, and what waits. @type {Map<any, { restarts: number, held: { channel: any, fly: () => void }[] }>} */
  #stranded = new Map()
  #clock

  /** @param {FakeClock} clock */
  constructor(clock) {
    super()
    this.#clock = clock
    let turn = 0
    this.fateOfUnreliable = () => UNRELIABLE[turn++ % UNRELIABLE.length]
  }

  reaches(end, other) {
    const [one, two] = [end, other].map(({ owner }) => this.#page(owner))
    return one.life.state === "running" && two.life.state === "running" && !this.#cut.has(link(one.peerId, two.peerId)) && !this.#hidden.has(link(one.peerId, two.peerId)) && !this.#isStranded(end, other)
  }

  carry(channel, arrive) {
    const [from, to] = [channel, channel.twin].map((end) => this.#page(end?.owner))
    if (!to || from.life.state === "dead" || to.life.state === "dead") return
    const ms = this.latency(from.peerId, to.peerId)
    const fly = () => {
      if (ms === 0) queueMicrotask(() => to.life.run(arrive))
      else this.#clock.setTimeout(() => to.life.run(arrive), ms)
    }
    const held = this.#stranded.get(channel.end)?.held ?? this.#cut.get(link(from.peerId, to.peerId))
    if (!held) fly()
    else if (!channel.isUnreliable) held.push({ channel, fly })
  }

  cut(one, two) {
    if (one !== two && !this.#cut.has(link(one, two))) this.#cut.set(link(one, two), [])
  }

  heal(one, two) {
    const held = this.#cut.get(link(one, two)) ?? []
    this.#cut.delete(link(one, two))
    for (const { channel, fly } of held) if (channel.readyState !== "closed") fly()
  }

  healAll() {
    for (const key of this.#cut.keys()) this.heal(...JSON.parse(key))
  }

  /** Two peers find no new way to each other; what is open stays. */
  hide(one, two) {
    if (one !== two) this.#hidden.add(link(one, two))
  }

  find(one, two) {
    this.#hidden.delete(link(one, two))
  }

  findAll() {
    this.#hidden.clear()
  }

  /** A page is in another network now: its connections carry nothing until ICE is restarted. @param {string} owner */
  move(owner) {
    for (const end of this.open.filter((each) => each.owner === owner)) {
      const other = this.otherOf(end)
      const restarts = end.restarts + (other?.restarts ?? 0)
      for (const each of [end, other]) if (each) this.#stranded.set(each, { held: [], ...this.#stranded.get(each), restarts })
    }
  }

  /** Whether a connection carries nothing because ICE wasn't restarted. If it was, what waits is sent again. @param {any} end @param {any} other */
  #isStranded(end, other) {
    const restarts = this.#stranded.get(end)?.restarts
    if (restarts === undefined) return false
    if (end.restarts + other.restarts === restarts || [end, other].some(({ signalingState }) => signalingState !== "stable")) return true
    const held = [end, other].flatMap((each) => this.#stranded.get(each)?.held ?? [])
    for (const each of [end, other]) this.#stranded.delete(each)
    for (const { channel, fly } of held) if (channel.readyState !== "closed") fly()
    return false
  }

  /** @param {string} owner */
  #page(owner) {
    return this.pages.get(owner)
  }
}

/** @param {string} one @param {string} two */
function link(one, two) {
  return JSON.stringify([one, two].toSorted())
}

/**
 * One stay of a peer in the session, from its joining to its leaving.
 *
 * @typedef {object} Stay
 * @property {string} name
 * @property {StoryPage} page
 * @property {number} syncedAt when it had first been given what it was owed
 * @property {number} endedAt
 * @property {{ text: string, epoch: number, at: number }[]} shown
 * @property {Set<string>} texts
 * @property {Map<string, number>} last the last number shown of each other stay
 * @property {{ senderId: string, from: number, to: number, at: number }[]} gaps
 * @property {Sent[]} sent
 * @property {Set<string>} known the peers that it has seen in the session
 * @property {{ host: string, epoch: number, at: number }[]} meetings when it was in step with which host
 *
 * @property {Map<string, number>} lastAlone the last number shown of what each other stay has told this peer alone
 * @property {Map<string, number>} lastWave the last number shown of what may be lost
 *
 * @typedef {{ text: string, stay: Stay, number: number, at: number, epoch: number, fate: { is: string } }} Sent
 * @typedef {{ text: string, stay: Stay, to: string | null, number: number, shown: Stay[], fate: { is: string } }} Aside a message for one peer alone, or one that may be lost
 */

/** The socket of a page, which hears the server's answers when it runs. */
class StorySignaling extends FakeSignaling {
  #life

  /**
   * @param {Life} life
   * @param {FakeServer} server
   * @param {string} peerId
   * @param {any} delegate
   */
  constructor(life, server, peerId, delegate) {
    super(server, peerId, delegate)
    this.#life = life
  }

  relay(to, epoch, negotiation, batch, answered) {
    super.relay(to, epoch, negotiation, batch, (error) => this.#life.run(() => answered(error)))
  }
}

/** A page of a story. */
class StoryPage extends Page {
  /** How many of the messages that it is shown next it answers at once. */
  answers = 0
  /** How many of those that are for it alone. */
  replies = 0
  /** How many times it has a word for everybody whom it knows, as soon as it is connected or hears of another host. */
  greetings = 0
  /** How it leaves as soon as it is told who is there. @type {"" | "close" | "abort" | "reconnect"} */
  leaves = ""
  /** Whom it saw in the session last. @type {Set<string>} */
  #picture = new Set()
  /** Until when it saw somebody. @type {Map<string, number>} */
  #seenAt = new Map()
  /** @type {Stay} */
  stay = /** @type {any} */ (null)

  /**
   * @param {Story} story
   * @param {string} owner
   * @param {string} peerId
   * @param {any} options
   */
  constructor(story, owner, peerId, { idleTimeoutMs, ...options }) {
    const life = new Life(story.clock)
    const { server, network } = story
    const heartbeat = { intervalMs: BEAT_MS, idleTimeoutMs }
    super({ clock: story.clock, network, server }, peerId, {
      clock: life.clock,
      backoff: new Backoff(() => 0.5),
      createSignaling: (delegate) => (story.signaling = new StorySignaling(life, server, peerId, awake(delegate, life, () => this.signaling.isConnected))),
      createLink: (setup) => new Link({
        ...setup, clock: life.clock, heartbeat, connectTimeoutMs: CONNECT_TIMEOUT_MS, relayAfterMs: RELAY_AFTER_MS, RTCPeerConnection: /** @type {any} */ (network.of(owner)),
        loadPaths: () => new Promise((resolve) => life.run(() => resolve({ ServerPath }))),
      }),
      ...options,
    })
    this.story = story
    this.life = life
    this.owner = owner
    this.peerId = peerId
    this.signaling = story.signaling
    const { peer } = this
    peer.roleSynced = () => {
      this.#met()
      Session.prototype.roleSynced.call(peer)
    }
    story.network.pages.set(owner, this)
  }

  /** Whether it takes part in the session. */
  get isIn() {
    return this.life.state !== "dead" && this.stay !== null && this.stay.endedAt === Infinity
  }

  enter() {
    if (this.isIn) return
    this.#arrive()
    this.peer.start()
  }

  #arrive() {
    this.stay = this.story.begin(this)
    // Who comes back is a newcomer, and knows nobody.
    this.#picture.clear()
    this.#seenAt.clear()
  }

  /** @param {number} count */
  say(count) {
    for (; count > 0; count--) if (this.isIn) this.story.say(this)
  }

  /** Whether it saw somebody in the session who can't have gone for long. @param {string} peerId */
  knows(peerId) {
    const seenAt = this.#picture.has(peerId) ? Infinity : (this.#seenAt.get(peerId) ?? -Infinity)
    return this.story.clock.now() - seenAt < RETURN_MS
  }

  /** @param {string} to @param {number} count */
  whisper(to, count) {
    for (; count > 0; count--) if (this.isIn) this.story.whisper(this, to)
  }

  // What the peer says

  sessionStateChanged(state) {
    super.sessionStateChanged(state)
    // A peer that had given up comes back by itself when the server answers again.
    if (state === "negotiating" && this.stay && !this.isIn) this.#arrive()
    if (state === "closed" || state === "failed") this.end()
    if (state === "connected") this.#greet()
  }

  sessionHostChanged(host) {
    super.sessionHostChanged(host)
    if (this.peer.iamHost) this.#met()
    this.#greet()
  }

  messageReceived(message) {
    super.messageReceived(message)
    if (message.direct) return this.#toldAlone(message)
    if (this.story.isWave(message)) return this.story.waved(this, message)
    this.story.shown(this, message)
    if (this.answers === 0) return
    this.answers -= 1
    this.say(1)
  }

  #greet() {
    if (this.greetings === 0 || !this.isIn) return
    this.greetings -= 1
    for (const peerId of this.stay.known) this.whisper(peerId, 1)
  }

  #toldAlone(message) {
    this.story.toldAlone(this, message)
    if (this.replies === 0) return
    this.replies -= 1
    this.whisper(message.senderId, 1)
  }

  sessionPeersChanged(peers) {
    super.sessionPeersChanged(peers)
    for (const peerId of this.#picture) this.#seenAt.set(peerId, this.story.clock.now())
    this.#picture = new Set(peers.keys())
    for (const peerId of peers.keys()) this.stay.known.add(peerId)
    const how = this.leaves
    this.leaves = ""
    if (how && this.isIn) this.peer[how]()
  }

  messagesMissed(gap) {
    super.messagesMissed(gap)
    this.story.missed(this, gap)
  }

  end() {
    if (this.isIn) this.stay.endedAt = this.story.clock.now()
  }

  #met() {
    const at = this.story.clock.now()
    this.stay.syncedAt = Math.min(this.stay.syncedAt, at)
    this.stay.meetings.push({ host: this.peer.hostPeerId ?? "", epoch: this.peer.epoch, at })
  }
}

/**
 * What the server says waits while the page is frozen.
 * @param {any} delegate
 * @param {Life} life
 * @param {() => boolean} isConnected what was said before the page left is not heard any more
 */
function awake(delegate, life, isConnected) {
  const news = ["signalingReady", "signalingReceived", "signalingRelayed", "signalingHostChanged", "signalingPeerLeft", "signalingExpelled"]
  return {
    ...Object.fromEntries(news.map((name) => [name, (...args) => life.run(() => { if (isConnected()) delegate[name](...args) })])),
    signalingDropped: () => life.run(() => delegate.signalingDropped()),
    signalingRefused: (error) => life.run(() => delegate.signalingRefused(error)),
    signalingCredentials: () => delegate.signalingCredentials(),
    signalingProbed: (epoch) => delegate.signalingProbed(epoch),
    signalingSeeks: () => delegate.signalingSeeks(),
  }
}

export const PEERS = Object.freeze(["ann", "bob", "cleo", "dave", "eve"])

/**
 * One session with all that may happen in it, and what must be true of it all the same.
 *
 * @typedef {{ act: string, who?: number, whom?: number, ms?: number, count?: number, how?: "" | "close" | "abort" | "reconnect" }} Step
 */
export class Story {
  clock = new FakeClock()
  network = new PatchyNetwork(this.clock)
  server = new FakeServer(this.clock)
  /** The socket made last. @type {any} */
  signaling = null
  /** What must never be. @type {string[]} */
  broken = []
  /** What happened, for people. @type {string[]} */
  tale = []
  /** @type {Stay[]} */
  stays = []
  /** Each peer's latest page. @type {Map<string, StoryPage>} */
  #pages = new Map()
  /** @type {Map<string, Sent>} */
  #sent = new Map()
  /** What was told one peer alone. @type {Map<string, Aside>} */
  #whispers = new Map()
  /** What may be lost. @type {Map<string, Aside>} */
  #waves = new Map()
  /** The timers of lines that are cut for a while. @type {number[]} */
  #blinks = []
  #options

  /**
   * @param {object} [options]
   * @param {number[]} [options.latencies] milliseconds to and from each peer
   * @param {boolean} [options.keepSignaling] whether some keep their sockets
   * @param {number} [options.history]
   * @param {"off" | "fallback" | "first"} [options.relay] when the server carries what peers say
   * @param {number} [options.idleTimeoutMs]
   */
  constructor({ latencies = [], keepSignaling = false, history = 0, relay = "off", idleTimeoutMs = IDLE_TIMEOUTS_MS[0] } = {}) {
    this.#options = { keepSignaling, history, relay, idleTimeoutMs }
    this.server.terms = { relay }
    const latency = (peerId) => latencies[PEERS.indexOf(peerId)] ?? 0
    this.network.latency = (from, to) => latency(from) + latency(to)
    this.server.latency = latency
    this.server.answersRosters = true
    let last = 0
    this.server.nextEpoch = (epoch) => (last = Math.max(last, epoch) + 1)
  }

  /** @param {Step[]} steps */
  async tell(steps) {
    await this.begun(steps)
    await this.#clear()
    await this.#quiet()
    return this.broken
  }

  /** Tells the beginning. @param {Step[]} steps */
  async begun(steps) {
    for (const step of steps) {
      this.tale.push(`${this.clock.now()} ${Object.values(step).join(" ")}`)
      this.#act(step)
      await this.pass(step.act === "pass" ? step.ms ?? 0 : 0)
    }
  }

  /** Lets time pass, and whatever happens in it come to rest. @param {number} ms */
  async pass(ms) {
    const end = this.clock.now() + ms
    await settle()
    for (let due = this.clock.nextDue; due <= end; due = this.clock.nextDue) {
      this.clock.advance(Math.max(0, due - this.clock.now()))
      await settle()
    }
    this.clock.advance(end - this.clock.now())
  }

  // What pages tell

  /** @param {StoryPage} page @returns {Stay} */
  begin(page) {
    const name = `${page.peerId}.${this.stays.filter((stay) => stay.page.peerId === page.peerId).length + 1}`
    const stay = { name, page, syncedAt: Infinity, endedAt: Infinity, shown: [], texts: new Set(), last: new Map(), gaps: [], sent: [], meetings: [], known: new Set(), lastAlone: new Map(), lastWave: new Map() }
    this.stays.push(stay)
    return stay
  }

  /** @param {StoryPage} page */
  say(page) {
    const { stay } = page
    const number = stay.sent.length + 1
    const text = `${stay.name}#${number}`
    const sent = { text, stay, number, at: this.clock.now(), epoch: Infinity, fate: { is: "pending" } }
    stay.sent.push(sent)
    this.#sent.set(text, sent)
    sent.fate = fate(page.peer.send(text))
  }

  /** @param {StoryPage} page @param {{ senderId: string, data: string }} message */
  shown(page, { senderId, data: text }) {
    const { stay } = page
    const sent = this.#sent.get(text)
    if (!sent) return this.#break(`${stay.name} was shown ${text}, which nobody has sent`)
    if (stay.endedAt !== Infinity) this.#break(`${stay.name} had left when it was shown ${text}`)
    if (senderId !== sent.stay.page.peerId) this.#break(`${stay.name} was shown ${text} as ${senderId}'s`)
    if (stay.texts.has(text)) this.#break(`${stay.name} was shown ${text} twice`)
    const last = stay.last.get(sent.stay.name) ?? 0
    if (sent.number <= last) this.#break(`${stay.name} was shown ${text} after number ${last}`)
    stay.last.set(sent.stay.name, sent.number)
    sent.epoch = Math.min(sent.epoch, page.peer.epoch)
    stay.texts.add(text)
    stay.shown.push({ text, epoch: page.peer.epoch, at: this.clock.now() })
  }

  /** @param {StoryPage} page @param {string} to */
  whisper(page, to) {
    const { stay } = page
    const number = [...this.#whispers.values()].filter((other) => other.stay === stay && other.to === to).length + 1
    const text = `${stay.name}>${to}#${number}`
    const whisper = { text, stay, to, number, shown: [], fate: { is: "pending" } }
    this.#whispers.set(text, whisper)
    const at = this.clock.now()
    const isKnown = page.knows(to)
    const promise = page.peer.send(text, { to: [to] })
    whisper.fate = fate(promise)
    promise.catch(() => { if (isKnown && this.clock.now() === at && stay.endedAt === Infinity) this.#break(`whisper(${text}) was refused at once`) })
  }

  /** @param {StoryPage} page */
  wave(page) {
    const { stay } = page
    const number = [...this.#waves.values()].filter((other) => other.stay === stay).length + 1
    const text = `${stay.name}~${number}`
    const wave = { text, stay, to: null, number, shown: [], fate: { is: "pending" } }
    this.#waves.set(text, wave)
    wave.fate = fate(page.peer.send(text, { reliable: false }))
  }

  /** @param {{ data: string }} message */
  isWave({ data }) {
    return this.#waves.has(data)
  }

  /** @param {StoryPage} page @param {{ senderId: string, data: string }} message */
  toldAlone({ stay, peerId }, { senderId, data: text }) {
    const whisper = this.#whispers.get(text)
    if (!whisper) return this.#break(`${stay.name} was told ${text} alone, which nobody has said`)
    if (whisper.to !== peerId) this.#break(`${stay.name} was told ${text}`)
    this.#listen(stay, senderId, whisper, stay.lastAlone)
  }

  /** @param {StoryPage} page @param {{ senderId: string, data: string }} message */
  waved({ stay }, { senderId, data: text }) {
    this.#listen(stay, senderId, /** @type {Aside} */ (this.#waves.get(text)), stay.lastWave)
  }

  /** @param {Stay} stay @param {string} senderId @param {Aside} aside @param {Map<string, number>} lasts */
  #listen(stay, senderId, aside, lasts) {
    const { text, stay: sender, number, shown } = aside
    if (stay.endedAt !== Infinity) this.#break(`${stay.name} had left when it was shown ${text}`)
    if (senderId !== sender.page.peerId) this.#break(`${stay.name} was shown ${text} as ${senderId}'s`)
    if (shown.includes(stay)) this.#break(`${stay.name} was shown ${text} twice`)
    const last = lasts.get(sender.name) ?? 0
    if (number < last) this.#break(`${stay.name} was shown ${text} after number ${last}`)
    lasts.set(sender.name, number)
    shown.push(stay)
  }

  /** @param {StoryPage} page @param {any} gap */
  missed(page, gap) {
    page.stay.gaps.push({ ...gap, at: this.clock.now() })
    this.tale.push(`${this.clock.now()} ${page.stay.name} misses ${gap.senderId} ${gap.from}-${gap.to}`)
  }

  // What happens

  /** @param {Step} step */
  #act({ act, who = 0, whom = 0, ms = 0, count = 1, how = "" }) {
    const peerId = PEERS[who]
    const page = this.#pages.get(peerId)
    const { server, network } = this
    switch (act) {
      case "join": return this.#join(peerId)
      case "open": return this.#open(peerId)
      case "reload": return this.#reload(peerId)
      case "cut": return network.cut(peerId, PEERS[whom])
      case "heal": return network.heal(peerId, PEERS[whom])
      case "blink": return this.#blink(peerId, PEERS[whom], ms)
      case "hide": return network.hide(peerId, PEERS[whom])
      case "find": return network.find(peerId, PEERS[whom])
      case "fill": return this.#fill(ms)
      case "miss": return this.#miss(peerId, count)
      case "stop": return server.stop()
      case "restart": return server.restart()
      case "forget": return this.#forget()
      case "drop": return this.#drop(peerId, ms)
      case "lose": return this.#lose(peerId, count, ms)
    }
    if (act === "thaw" && page) return this.#thaw(page)
    if (act === "crash" && page?.isIn) return this.#crash(page)
    if (!page?.isIn || page.life.state !== "running") return undefined
    switch (act) {
      case "say": return page.say(count)
      case "whisper": return page.whisper(PEERS[whom], count)
      case "wave": return this.wave(page)
      case "leaveWithin": return void (page.leaves = how)
      case "greet": return void (page.greetings += count)
      case "reply": return void (page.replies += count)
      case "close": return page.peer.close()
      case "abort": return page.peer.abort()
      case "reconnect": return page.peer.reconnect()
      case "handOver": return void page.peer.handOver(PEERS[whom]).catch(() => undefined)
      case "answer": return void (page.answers += count)
      case "freeze": return this.#freeze(page)
      case "move": return network.move(page.owner)
    }
    return undefined
  }

  /** The line between two is cut for a while. @param {string} one @param {string} two @param {number} ms */
  #blink(one, two, ms) {
    this.network.cut(one, two)
    this.#blinks.push(this.clock.setTimeout(() => this.network.heal(one, two), ms))
  }

  /** The next batches to a peer get lost between two workers. @param {string} peerId @param {number} count */
  #miss(peerId, count) {
    let left = count
    const before = this.server.loses
    this.server.loses = (event, payload, to) => (event === "relay" && to === peerId && left-- > 0 ? true : before(event, payload, to))
  }

  /** The server carries nothing for a while, as somebody has sent too much. @param {number} ms */
  #fill(ms) {
    const until = this.clock.now() + ms
    this.server.refuseBatch = () => (this.clock.now() < until ? new P2pError("relay_full", { retryAfterMls: 100 }) : null)
  }

  /** The store loses its memory, and a worker notices it. */
  #forget() {
    const { host, epoch } = this.server
    this.server.forget()
    this.clock.setTimeout(() => this.server.recall(host, epoch), NOTICE_MS)
  }

  /** @param {string} peerId */
  #join(peerId) {
    const page = this.#pages.get(peerId)
    if (!page || page.life.state === "dead") this.#open(peerId)
    else if (page.life.state === "running") page.enter()
  }

  /** A page opens; another one of the same peer doesn't say goodbye. @param {string} peerId */
  #open(peerId) {
    const { keepSignaling, history, idleTimeoutMs } = this.#options
    const keeps = keepSignaling && PEERS.indexOf(peerId) % 2 === 1
    const page = new StoryPage(this, `${peerId}/${this.network.pages.size}`, peerId, { keepSignaling: keeps, history, idleTimeoutMs })
    const before = this.#pages.get(peerId)
    if (before?.life.state === "frozen") this.#crash(before)
    this.#pages.set(peerId, page)
    page.enter()
  }

  /** @param {string} peerId */
  #reload(peerId) {
    const page = this.#pages.get(peerId)
    if (page?.isIn && page.life.state === "running") page.peer.abort()
    this.#open(peerId)
  }

  /** @param {StoryPage} page */
  #crash(page) {
    page.end()
    page.life.die()
    page.signaling.isAwake = false
    if (this.server.holds(page.signaling)) this.server.dropSocket(page.peerId)
    this.server.release(page.signaling)
  }

  /** @param {StoryPage} page */
  #freeze(page) {
    if (page.life.state !== "running") return
    page.life.freeze()
    page.signaling.isAwake = false
    this.clock.setTimeout(() => { if (page.life.state === "frozen" && this.server.holds(page.signaling)) this.server.dropSocket(page.peerId) }, PING_TIMEOUT_MS)
  }

  /** @param {StoryPage} page */
  #thaw(page) {
    if (page.life.state !== "frozen") return
    page.life.thaw()
    page.signaling.isAwake = true
    this.#revive(page.signaling)
  }

  /** A socket drops, and comes back. @param {string} peerId @param {number} ms */
  #drop(peerId, ms) {
    const page = this.#pages.get(peerId)
    if (!page || !this.server.holds(page.signaling)) return
    page.signaling.isAwake = false
    this.server.dropSocket(peerId)
    this.clock.setTimeout(() => {
      if (page.life.state === "running") page.signaling.isAwake = true
      this.#revive(page.signaling)
    }, ms)
  }

  /** The next packets to a peer are lost, and its socket with them. @param {string} peerId @param {number} count @param {number} ms */
  #lose(peerId, count, ms) {
    let left = count
    const before = this.server.loses
    this.server.loses = (event, payload, to) => {
      if (to !== peerId || left === 0) return before(event, payload, to)
      if (left === count) {
        this.clock.setTimeout(() => {
          left = 0
          this.#drop(peerId, ms)
        }, 0)
      }
      left -= 1
      return true
    }
  }

  /** @param {any} socket */
  #revive(socket) {
    if (this.server.isActive(socket) && !socket.isConnected) this.server.connect(socket)
  }

  // How it ends

  get #present() {
    return [...this.network.pages.values()].filter(({ isIn }) => isIn)
  }

  /** All comes right again; then everybody says a word more. */
  async #clear() {
    this.tale.push(`${this.clock.now()} all is well again`)
    this.server.loses = () => false
    this.#blinks.forEach(this.clock.clearTimeout)
    this.network.healAll()
    if (this.#options.relay === "off") this.network.findAll()
    this.server.refuseBatch = () => null
    const pages = [...this.network.pages.values()].filter(({ life }) => life.state !== "dead")
    for (const page of pages) this.#thaw(page)
    if (this.server.isDown) this.server.restart()
    for (const page of pages) {
      page.signaling.isAwake = true
      this.#revive(page.signaling)
      if (page.lastState === "failed") page.enter()
      else if (page.peer.isOver && page.isIn) page.peer.reconnect()
    }
    await this.#until(() => this.#unsettled())
    if (this.#present.length === 0) return
    const lastWords = this.#sayAll()
    await this.#until(() => this.#unsettled())
    const isHere = ({ stay, to }) => stay.endedAt === Infinity && this.#present.some(({ peerId }) => peerId === to)
    for (const { text, fate: { is } } of lastWords.filter(isHere)) if (is !== "resolved") this.#break(`whisper(${text}) was rejected though all was well: ${is}`)
    this.#checkOrder()
  }

  /** Everybody says a word to all, and one to each. @returns {Aside[]} */
  #sayAll() {
    const before = this.#whispers.size
    for (const page of this.#present) {
      page.say(1)
      for (const { peerId } of this.#present) page.whisper(peerId, 1)
    }
    return [...this.#whispers.values()].slice(before)
  }

  /** @param {() => string[]} wrongs what isn't well yet */
  async #until(wrongs) {
    const end = this.clock.now() + DUST_MS
    while (wrongs().length > 0 && this.clock.now() < end) await this.pass(500)
    this.broken.push(...wrongs())
  }

  /** @returns {string[]} */
  #unsettled() {
    return [...this.#scattered(), ...this.#unresolved(), ...this.#lost(), ...this.#unheard()]
  }

  #scattered() {
    const pages = this.#present
    const hosts = pages.filter(({ peer }) => peer.iamHost)
    const who = () => pages.map(({ peerId, peer, lastState }) => `${peerId}: ${lastState} to ${peer.hostPeerId} in ${peer.epoch}`).join("; ")
    if (pages.length === 0) return []
    if (hosts.length !== 1) return [`${hosts.length} hosts: ${who()}`]
    const [{ peerId, peer: { epoch } }] = hosts
    const scattered = pages.some(({ peer }) => !peer.isConnected || peer.hostPeerId !== peerId || peer.epoch !== epoch)
    if (scattered) return [`not all are connected to one host: ${who()}`]
    const blind = pages.filter(({ peer }) => pages.some((other) => peer.peers.get(other.peerId) !== "connected"))
    return blind.map(({ peerId, presence }) => `${peerId} doesn't see all as connected: ${JSON.stringify(presence)}`)
  }

  #unresolved() {
    return [...this.#sent.values()].flatMap(({ text, stay, fate: { is } }) => {
      if (stay.page.life.state === "dead") return []
      if (is === "pending") return [`send(${text}) is pending`]
      if (is !== "resolved" && stay.endedAt === Infinity) return [`send(${text}) was rejected: ${is}`]
      if (is === "resolved" && !stay.texts.has(text)) return [`send(${text}) resolved, and ${stay.name} was not shown it`]
      return []
    })
  }

  /** What was told one peer alone is shown to a page of that peer, or refused. */
  #unheard() {
    return [...this.#whispers.values()].flatMap(({ text, stay, shown, fate: { is } }) => {
      if (stay.page.life.state === "dead") return []
      if (is === "pending") return [`whisper(${text}) is pending`]
      if (is === "resolved" && shown.length === 0) return [`whisper(${text}) resolved, and was shown to nobody`]
      if (is !== "resolved" && is !== "no_such_peer" && stay.endedAt === Infinity) return [`whisper(${text}) was rejected: ${is}`]
      return []
    })
  }

  /** Messages that somebody has, and another one hasn't who was there all the time. */
  #lost() {
    const stays = this.#present.map(({ stay }) => stay)
    const lost = []
    for (const sent of this.#sent.values()) {
      const holders = stays.filter(({ texts }) => texts.has(sent.text))
      if (holders.length === 0 || !this.#isPromised(sent, holders)) continue
      for (const stay of stays) {
        if (stay.syncedAt >= sent.at || stay.texts.has(sent.text) || isOld(stay, sent)) continue
        if (!isTold(stay, sent)) lost.push(`${stay.name} was not shown ${sent.text}, which ${holders.map(({ name }) => name).join()} has`)
      }
    }
    return lost
  }

  /**
   * Whether others are bound to get a message: its sender is there, or somebody who had it came in time to each host after it. That is also one who had long been
   * the host of the other half, when those who have the message come over.
   * @param {Sent} sent
   * @param {Stay[]} holders
   */
  #isPromised({ stay: sender, text, at, epoch }, holders) {
    if (sender.endedAt === Infinity) return true
    const reigns = this.stays.flatMap(({ meetings, page }) => meetings.filter(({ host }) => host === page.peerId))
    const cameOver = (reign) => reign.epoch !== epoch && holders.some((holder) => under(holder, reign).some((meeting) => meeting.at >= at))
    return reigns.filter((reign) => reign.at >= at || cameOver(reign)).every((reign) => this.#knows(reign, sender) && !this.#isBack(sender, reign) && holders.some((holder) => {
      const had = holder.shown.find((entry) => entry.text === text)
      return under(holder, reign).some((meeting) => meeting.at <= reign.at + FILL_WINDOW_MS / 2 && had && had.at <= meeting.at + 1)
    }))
  }

  /** Whether a host was new itself, or had seen a sender in the session. @param {{ host: string, epoch: number, at: number }} reign @param {Stay} sender */
  #knows(reign, { page: { peerId } }) {
    const stay = this.stays.find(({ meetings }) => meetings.includes(reign))
    return stay?.meetings[0] === reign || stay?.known.has(peerId) === true
  }

  /** Whether a sender's next page is the client of a host, which then takes nobody else's word for it. @param {Stay} sender @param {{ host: string, epoch: number }} reign */
  #isBack({ page: { peerId } }, reign) {
    return peerId !== reign.host && this.stays.some((stay) => stay.page.peerId === peerId && under(stay, reign).length > 0)
  }

  /** Within an epoch all see the same order. */
  #checkOrder() {
    for (const one of this.stays) for (const two of this.stays) {
      if (one.name >= two.name) continue
      const places = new Map(one.shown.map(({ text, epoch }, index) => [`${epoch}/${text}`, index]))
      let last = -1
      for (const { text, epoch } of two.shown) {
        const place = places.get(`${epoch}/${text}`)
        if (place === undefined) continue
        if (place < last && one.shown[last].epoch === epoch) this.#break(`${one.name} and ${two.name} were shown ${text} in another order in ${epoch}`)
        last = place
      }
    }
  }

  /** Everybody leaves, and nothing is left. */
  async #quiet() {
    for (const page of this.network.pages.values()) if (page.life.state !== "dead") page.peer.close()
    await this.pass(PING_TIMEOUT_MS + CLOSE_TIMEOUT_MS + 1_000)
    const open = this.network.open.filter(({ owner }) => this.network.pages.get(owner)?.life.state !== "dead")
    if (open.length > 0) this.#break(`${open.map(({ owner }) => owner).join()} left a connection open`)
    if (this.clock.pending > 0) this.#break(`${this.clock.pending} timers run`)
    if (this.server.sockets.length > 0) this.#break(`${this.server.sockets.join()} left a socket open`)
    for (const { text, stay: { page }, fate: { is } } of this.#sent.values()) if (is === "pending" && page.life.state !== "dead") this.#break(`send(${text}) never settles`)
    for (const { text, stay: { page }, fate: { is } } of [...this.#whispers.values(), ...this.#waves.values()]) if (is === "pending" && page.life.state !== "dead") this.#break(`${text} never settles`)
  }

  /** @param {string} what */
  #break(what) {
    this.broken.push(what)
  }
}

/** When somebody was in step with this host. @param {Stay} stay @param {{ host: string, epoch: number }} reign */
function under({ meetings }, { host, epoch }) {
  return meetings.filter((meeting) => meeting.epoch === epoch && meeting.host === host)
}

/** @param {Stay} stay @param {Sent} sent */
function isTold({ gaps }, { stay, number }) {
  return gaps.some(({ senderId, from, to }) => senderId === stay.page.peerId && from <= number && number <= to)
}

/** Whether a host that came as a newcomer takes a message for one of the time before it. @param {Stay} stay @param {Sent} sent */
function isOld({ page, meetings: [first] }, { epoch }) {
  return first.host === page.peerId && epoch < first.epoch
}
