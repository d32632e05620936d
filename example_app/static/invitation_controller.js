import { Controller } from "@hotwired/stimulus"

/** The link to share. */
export class InvitationController extends Controller {
  static targets = ["link", "answer"]

  select() {
    this.linkTarget.select()
  }

  async copy() {
    this.answerTarget.textContent = await this.write(this.linkTarget.value) ? "Copied." : "Press Ctrl+C to copy the link."
  }

  // Private

  async write(text) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      // Browsers open the clipboard to secure pages only, and to the focused tab.
      this.linkTarget.focus()
      return false
    }
  }
}
