import { Controller } from "@hotwired/stimulus"

/** The switch between chat, board and files on a narrow page: it marks those where something has happened. */
export class ViewsController extends Controller {
  /** @param {Event} event such as "chat:news" */
  mark({ type }) {
    const radio = this.element.querySelector(`[value="${type.split(":")[0]}"]`)
    if (!radio.checked) radio.parentElement.dataset.news = ""
  }

  unmark({ target }) {
    delete target.parentElement.dataset.news
  }
}
