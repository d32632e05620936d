"""Many people in a room of the example for the price of one page, which none of them looks at."""

from collections.abc import Sequence

from playwright.sync_api import BrowserContext, Page, expect

# Each has the token that the server gave to that name, and a connection of its own.
ENTER = """async ([room, names]) => {
  for (const name of names) {
    const body = new URLSearchParams({ name, room })
    await fetch("/", { method: "POST", body, redirect: "manual" })
    const text = await (await fetch(`/rooms/${encodeURIComponent(room)}`)).text()
    const page = new DOMParser().parseFromString(text, "text/html")
    const frame = page.querySelector("p2p-frame")
    frame.replaceChildren()
    await import(page.querySelector('script[src*="/p2p.js"]').getAttribute("src"))
    document.body.append(frame)
  }
}"""


def gather(context: BrowserContext, address: str, room: str, names: Sequence[str]) -> Page:
    """Let people of these names enter a room, and wait until they are connected."""
    page = context.new_page()
    page.goto(address)
    page.evaluate(ENTER, [room, list(names)])
    expect(page.locator("p2p-frame[state=connected]")).to_have_count(len(names))
    return page
