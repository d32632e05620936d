// Event listeners that are told the present state when they are added late.
/**
 * The listeners of an element. Those that are added late are told what they have missed, by an event for them alone. In all else they are like the browser's own
 * (https://dom.spec.whatwg.org/#interface-eventtarget): the same one counts once, and one that was removed is called no more.
 *
 * @typedef {(EventListener | EventListenerObject) & { handleEvent?: any }} Listener
 * @typedef {{ listener: Listener, capture: boolean, once: boolean, hear: (event: Event) => void, isTold: boolean }} Entry
 */
export class LateListeners {
  #target
  #present
  /** The target's listeners, by the type of event. @type {Map<string, Set<Entry>>} */
  #entries = new Map()
  /** The detail that was told last, by the type of event. @type {Map<string, any>} */
  #told = new Map()

  /**
   * @param {EventTarget} target
   * @param {(type: string) => any} present the detail of an event of this type if it were sent now; null if there is nothing to tell
   */
  constructor(target, present) {
    this.#target = target
    this.#present = present
  }

  /**
   * @param {string} type
   * @param {Listener} listener
   * @param {boolean | AddEventListenerOptions | null} [options]
   */
  add(type, listener, options) {
    const { once = false, signal, passive } = typeof options === "object" && options ? options : {}
    if (signal?.aborted || this.#find(type, listener, captures(options))) return
    this.#dropFormer(type, listener, options)
    const entry = this.#entry(type, listener, { capture: captures(options), once })
    // Not the target's own method, because that one calls this one.
    EventTarget.prototype.addEventListener.call(this.#target, type, entry.hear, { capture: entry.capture, passive, signal })
    this.#entries.set(type, (this.#entries.get(type) ?? new Set()).add(entry))
    signal?.addEventListener("abort", () => this.#drop(type, entry), { once: true })
    if (this.#present(type) !== null) queueMicrotask(() => this.#tell(type, entry))
  }

  /**
   * @param {string} type
   * @param {Listener} listener
   * @param {boolean | EventListenerOptions | null} [options]
   */
  remove(type, listener, options) {
    const entry = this.#find(type, listener, captures(options))
    if (entry) this.#drop(type, entry)
    else this.#dropFormer(type, listener, options)
  }

  /** Whether there is a listener. @param {string} type */
  has(type) {
    return Boolean(this.#entries.get(type)?.size)
  }

  // Private

  /**
   * Removes a listener that was added before the element was defined: the browser still has it.
   * @param {string} type
   * @param {Listener} listener
   * @param {boolean | EventListenerOptions | null} [options]
   */
  #dropFormer(type, listener, options) {
    EventTarget.prototype.removeEventListener.call(this.#target, type, listener, { capture: captures(options) })
  }

  /**
   * @param {string} type
   * @param {Listener} listener
   * @param {Pick<Entry, "capture" | "once">} how
   */
  #entry(type, listener, how) {
    /** @type {Entry} */
    const entry = {
      listener,
      ...how,
      isTold: false,
      hear: (event) => {
        entry.isTold = true
        if (entry.once) this.#drop(type, entry)
        if (typeof listener === "function") listener.call(/** @type {any} */ (event.currentTarget), event)
        else listener.handleEvent(event)
      },
    }
    return entry
  }

  /**
   * @param {string} type
   * @param {Listener} listener
   * @param {boolean} capture
   */
  #find(type, listener, capture) {
    for (const entry of this.#entries.get(type) ?? []) if (entry.listener === listener && entry.capture === capture) return entry
    return undefined
  }

  /** @param {string} type @param {Entry} entry */
  #drop(type, entry) {
    this.#entries.get(type)?.delete(entry)
    EventTarget.prototype.removeEventListener.call(this.#target, type, entry.hear, { capture: entry.capture })
  }

  /**
   * Tells a listener the present state, unless it has been told meanwhile, or was removed.
   * @param {string} type
   * @param {Entry} entry
   */
  #tell(type, entry) {
    const detail = this.#now(type)
    if (entry.isTold || detail === null || !this.#entries.get(type)?.has(entry)) return
    const event = new CustomEvent(type, { detail })
    Object.defineProperties(event, { target: { value: this.#target }, currentTarget: { value: this.#target } })
    try {
      entry.hear(event)
    } catch (error) {
      reportError(error) // as the browser does for any listener
    }
  }

  /**
   * The detail to tell now. It is the same object as long as nothing has changed. Otherwise, a component that keeps it as its state and listens anew at each rendering
   * (as in React) would be rendered again and again, for ever.
   * @param {string} type
   */
  #now(type) {
    const [detail, told] = [this.#present(type), this.#told.get(type)]
    if (told !== undefined && JSON.stringify(told) === JSON.stringify(detail)) return told
    this.#told.set(type, detail)
    return detail
  }
}

/** @param {boolean | EventListenerOptions | null | undefined} options */
function captures(options) {
  return Boolean(typeof options === "object" && options ? options.capture : options)
}
