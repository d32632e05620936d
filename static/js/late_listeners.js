/** Tells listeners that come late what they have missed, by an event of their own. */
export class LateListeners {
  #target
  #present

  /**
   * @param {EventTarget} target
   * @param {(type: string) => any} present what an event of this type would tell now; null where there is nothing to tell
   */
  constructor(target, present) {
    this.#target = target
    this.#present = present
  }

  /**
   * A listener has been added: it is told, unless that happens anew before its turn comes.
   * @param {string} type
   * @param {any} listener
   * @param {boolean | AddEventListenerOptions | undefined} options null, too, from code that nobody checks
   */
  added(type, listener, options) {
    if (this.#present(type) === null) return
    const heard = new AbortController()
    // Not the target's own method, which would tell this one, too.
    EventTarget.prototype.addEventListener.call(this.#target, type, () => heard.abort(), { once: true, signal: heard.signal })
    queueMicrotask(() => {
      const detail = this.#present(type)
      const { once, signal } = typeof options === "object" && options ? options : {}
      if (heard.signal.aborted || signal?.aborted || detail === null) return
      heard.abort()
      this.#call(listener, new CustomEvent(type, { detail }))
      if (once) this.#target.removeEventListener(type, listener, options)
    })
  }

  // Private

  /**
   * @param {any} listener
   * @param {CustomEvent} event
   */
  #call(listener, event) {
    Object.defineProperties(event, { target: { value: this.#target }, currentTarget: { value: this.#target } })
    try {
      if (typeof listener === "function") listener.call(this.#target, event)
      else listener.handleEvent(event)
    } catch (error) {
      reportError(error) // as the browser does for any listener
    }
  }
}
