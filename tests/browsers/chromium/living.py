"""What the tests of living elements have in common."""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page

from tests.kit.pages import FRAME, Peer, Room

ATTRIBUTES = """async (address) => {
  const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html")
  const { attributes } = page.querySelector("p2p-frame")
  return Object.fromEntries([...attributes].map(({ name, value }) => [name, value]))
}"""
JOINING = ["negotiating", "connecting", "connected"]
STATES = ("negotiating", "connecting", "connected", "disconnected", "closed", "error")


def attributes_of(page: Page, room: Room, peer_id: str, **options: Any) -> dict[str, str]:
    """Fetch what the tag writes for a peer."""
    address = room.address(peer_id, "plain", options.get("config"), options.get("query", ""))
    return dict(page.evaluate(ATTRIBUTES, address))


def change(peer: Peer, attributes: Mapping[str, str | None], then: str = "") -> Any:
    """Set attributes of the peer's frame one by one, and do something in the same turn."""
    return peer.page.evaluate(
        f"""(attributes) => {{
          const frame = {FRAME}
          for (const [name, value] of Object.entries(attributes)) {{
            if (value === null) frame.removeAttribute(name)
            else frame.setAttribute(name, value)
          }}
          {then}
        }}""",
        dict(attributes),
    )


def news(peer: Peer) -> list[str]:
    """Name the states and errors that the page was told of."""
    names = [event["name"] for event in peer.events]
    return [name for name in names if name in STATES]
