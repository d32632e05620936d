"""Browsers make only so many connections in one page, and a host makes one after the other."""

from tests.kit.pages import FRAME, Room

MOST = 500
"""The RTCPeerConnections that Chromium lets a page have, with those that are closed and not yet
collected."""

# ICE servers that have changed are tried out with a connection of their own.
MAKE = f"""async count => {{
  for (let number = 0; number < count; number++) {{
    const config = {{ ice_servers: [{{ urls: `stun:s${{number}}.example` }}] }}
    {FRAME}.setAttribute("config", JSON.stringify(config))
    await new Promise(resolve => setTimeout(resolve, 10))
  }}
}}"""


def test_a_host_that_has_made_many_connections_makes_more(room: Room) -> None:
    servers = [{"urls": "stun:s.example"}]
    ann = room.join("ann", config={"ice_servers": servers})
    ann.page.evaluate(MAKE, MOST + 200)
    assert [each["detail"] for each in ann.events if "code" in each["detail"]] == []
    room.join("bob").wait_for_role("client")
