// What happens to the page as a whole: it is shown, hidden, cached, or online again.
/**
 * What the browser, or Turbo, does with the page as a whole.
 *
 * @typedef {object} PageDelegate
 * @property {() => void} pageReady people see the page now
 * @property {() => void} windowGone that which the element is in has gone, another one than the page's: nobody tells the element
 * @property {() => void} pageHidden it goes away, perhaps into the cache for the back button
 * @property {() => void} pageShown it comes back from there
 * @property {() => void} pageOnline the network is back
 */
export class Page {
  #delegate
  /** @type {AbortController | null} */
  #listening = null
  /** @type {Window | null} */
  #view = null
  #isPreview = false

  /** @param {PageDelegate} delegate */
  constructor(delegate) {
    this.#delegate = delegate
  }

  /**
   * Whether people see it. A page that is prerendered may never be shown, and has no network for a WebSocket until it is (https://wicg.github.io/nav-speculation/prerendering.html);
   * a preview of Turbo's is replaced as soon as the server has answered.
   */
  get isReady() {
    return !(/** @type {{ prerendering?: boolean }} */ (document).prerendering || this.#isPreview)
  }

  /** @param {Window} view where the element is: it may have been moved into an iframe, or a window that the page has opened */
  start(view) {
    if (this.#view === view) return
    this.stop()
    this.#view = view
    this.#listening = new AbortController()
    const { signal } = this.#listening
    const delegate = this.#delegate
    this.#lookForPreview()
    if (view !== window) view.addEventListener("pagehide", () => delegate.windowGone(), { signal })
    addEventListener("pagehide", () => delegate.pageHidden(), { signal })
    addEventListener("pageshow", ({ persisted }) => { if (persisted) delegate.pageShown() }, { signal })
    addEventListener("online", () => delegate.pageOnline(), { signal })
    document.addEventListener("prerenderingchange", () => delegate.pageReady(), { signal })
    // Turbo takes the mark away before it takes the preview away: only what is left after that is in the page.
    document.addEventListener("turbo:render", () => {
      this.#lookForPreview()
      delegate.pageReady()
    }, { signal })
  }

  stop() {
    this.#listening?.abort()
    this.#listening = this.#view = null
  }

  // Private

  #lookForPreview() {
    this.#isPreview = document.documentElement.hasAttribute("data-turbo-preview")
  }
}
