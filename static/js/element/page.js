// The page as a whole: whether it is shown, hidden, cached, or online again.
/**
 * Watches what the browser, or Turbo, does with the page as a whole.
 *
 * @typedef {object} PageDelegate
 * @property {() => void} pageReady people see the page now
 * @property {() => void} windowGone the window that the element is in has gone, if it isn't the page's own; the browser doesn't tell the element so
 * @property {() => void} pageHidden the page goes away, perhaps into the browser's cache for the back button
 * @property {() => void} pageShown the page comes back from that cache
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
   * Whether people see the page. A prerendered page may never be shown, and can't open a WebSocket until it is (https://wicg.github.io/nav-speculation/prerendering.html);
   * a preview of Turbo is replaced as soon as the server has answered.
   */
  get isReady() {
    return !(/** @type {{ prerendering?: boolean }} */ (document).prerendering || this.#isPreview)
  }

  /** @param {Window} view the window that the element is in: it may have been moved into an iframe, or into a window that the page has opened */
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
    // Turbo removes the mark of a preview before it removes the preview itself. Only an element that is still there after that is in the page.
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
