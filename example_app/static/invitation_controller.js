import { Controller } from "@hotwired/stimulus"

/** The link to share. */
export class InvitationController extends Controller {
  static targets = ["link", "answer"]

  select() {
    this.linkTarget.select()
  }

  async copy() {
    this.answerTarget.textContent = await this.write(this.linkTarget.value) ? "Copied." : "Copy the link that is selected now."
  }

  // Private

  async write(text) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      // Browsers open the clipboard to secure pages only, such as those of HTTPS; this is the way of all others.
      this.linkTarget.focus()
      this.select()
      return document.execCommand("copy")
    }
  }
}
