"""Elements that somebody else has written into a page, as through a sanitiser that lets them."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.kit.pages import TIMEOUT_MS, Room

from .elsewhere import Elsewhere, elsewhere
from .living import attributes_of

# As a script that writes HTML; what HTML itself would change is set by hand.
WRITE = """(attributes) => {
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;")
  const written = Object.entries(attributes).filter(([, value]) => value !== null)
  const text = written.map(([name, value]) => `${name}="${escaped(value)}"`).join(" ")
  const box = document.createElement("div")
  document.body.append(box)
  box.innerHTML = `<p2p-frame ${text}></p2p-frame>`
}"""
# The page's own frame is no part of it.
WRITTEN = "document.querySelector('div > p2p-frame')"
# What it tells whoever comes late.
TOLD = f"""() => new Promise((resolve) => {WRITTEN}.addEventListener(
  "p2p:error",
  ({{ detail, target }}) => resolve([target.state, detail.code, detail.message, detail.hint]),
))"""
EMBED = """async ([attributes, sandbox]) => {
  const script = await (await fetch(document.querySelector("script[src*='p2p']").src)).text()
  const frame = document.createElement("p2p-frame")
  for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value)
  const box = document.createElement("div")
  box.innerHTML = `<iframe ${sandbox}></iframe>`
  box.firstChild.srcdoc = `${frame.outerHTML}<script type="module">${script}</scr` + "ipt>"
  document.body.append(box)
}"""
BAD_CONFIGS: "list[object]" = [
    {"heartbeat": None},
    {"heartbeat": {"interval_mls": -1}},
    {"heartbeat": {"interval_mls": 1e99, "idle_timeout_mls": "x"}},
    {"history": -1},
    {"history": 1e9},
    {"connect_timeout_mls": 0},
    {"ice_servers": "stun:example.org"},
    {"ice_servers": [{"urls": "http://example.org"}]},
    {"ice_servers": [{"urls": "stun:a b"}]},
    {"ice_servers": [{"urls": "turn:example.org"}]},
    {"ice_servers": [{"urls": {}}]},
]
BAD: "list[tuple[str, str | None]]" = [
    *(("config", text) for text in ("", "null", "[]", "7", "{", "no JSON", "[" * 60_000)),
    *(("config", json.dumps(config)) for config in BAD_CONFIGS),
    *(("token", text) for text in (None, "", "x" * 5_000)),
    *(("token-expires-in-ms", text) for text in ("", "soon", "-1", "1e999")),
    *(
        ("token-url", text)
        for text in ("javascript:alert(1)", "data:,", "/account/delete", "http://")
    ),
    *(("signaling-path", text) for text in ("", "a", "/\\a", "/\n", "/?a")),
    *(("namespace", text) for text in ("", "p2p", "/p2p,{}")),
    *((name, text) for name in ("session-id", "peer-id") for text in (None, "", "x" * 129)),
]


class Site:
    """A page with a healthy frame, and what it takes to write another into it."""

    def __init__(self, room: Room) -> None:
        self.host, self.peer = room.join("ann"), room.join("bob")
        self.host.wait_for_peers({"ann": "connected", "bob": "connected"})
        self.page: Page = self.peer.page
        self.troubles: list[object] = []
        self.page.on("pageerror", lambda error: self.troubles.append(error))
        # A session of its own, so that the frame could join if it were not for the attribute.
        self.good = attributes_of(self.page, room, "eve", query=f"session={room.session_id}-other")

    def write(self, **attributes: str | None) -> None:
        given = {name.replace("_", "-"): value for name, value in attributes.items()}
        self.page.evaluate(WRITE, {**self.good, **given})

    def wait_until_refused(self) -> list[str]:
        """Wait for the error, and return its code, its message and its hint."""
        self.page.wait_for_selector("div > p2p-frame[state=failed]", state="attached")
        state, *error = self.page.evaluate(TOLD)
        assert state == "failed"
        return list(error)

    def correct(self, name: str) -> None:
        script = f"([name, value]) => {WRITTEN}.setAttribute(name, value)"
        self.page.evaluate(script, [name, self.good[name]])
        selector = "div > p2p-frame[state=connected]"
        self.page.wait_for_selector(selector, state="attached", timeout=TIMEOUT_MS)

    def clear(self) -> None:
        self.page.evaluate(f"{WRITTEN}.parentElement.remove()")

    def assert_well(self) -> None:
        for number, peer in enumerate((self.host, self.peer)):
            peer.send(number)
        self.peer.wait_for_messages([("ann", 0), ("bob", 1)])
        assert "disconnected" not in [event["name"] for event in self.peer.events]
        assert self.troubles == []


@pytest.fixture
def site(room: Room) -> Iterator[Site]:
    site = Site(room)
    yield site
    site.assert_well()


@pytest.fixture
def other_origin() -> Iterator[Elsewhere]:
    with elsewhere() as server:
        yield server


def test_a_broken_element_says_what_is_wrong_with_it(site: Site) -> None:
    for name, value in BAD:
        site.write(**{name: value})
        code, message, hint = site.wait_until_refused()
        assert code == "bad_request", (name, value)
        assert name in message or "ice_servers" in hint, (name, value, message)
        assert "p2p_frame_tag" in hint
        site.clear()


def test_one_that_was_corrected_joins(site: Site) -> None:
    for name, value in dict(BAD).items():
        site.write(**{name: value})
        site.wait_until_refused()
        site.correct(name)
        site.clear()


def test_a_broken_element_may_be_moved_and_asked(site: Site) -> None:
    site.write(config="[]")
    site.page.evaluate(f"""() => {{
      const frame = {WRITTEN}
      let count = 0
      frame.addEventListener("p2p:error", () => count++ < 9 && frame.parentElement.append(frame))
      frame.parentElement.append(frame)
      frame.close()
      frame.reconnect()
    }}""")
    assert site.wait_until_refused()[0] == "bad_request"
    sent = f"{WRITTEN}.send('x').catch(({{ code }}) => code)"
    assert site.page.evaluate(sent) == "not_joined"
    assert site.page.evaluate(f"{WRITTEN}.peers.size") == 0


def test_nothing_goes_to_another_origin(site: Site, other_origin: Elsewhere) -> None:
    port = other_origin.port
    for url in (
        f"http://127.0.0.1:{port}/p2p/token",
        f"//127.0.0.1:{port}/p2p/token",
        f"\\\\127.0.0.1:{port}/p2p/token",
        f"http://ann:secret@127.0.0.1:{port}/p2p/token",
        f"/\t/127.0.0.1:{port}/p2p/token",
    ):
        site.write(token_url=url, token_expires_in_ms="1")
        assert "token-url" in site.wait_until_refused()[1]
        site.clear()
    for path in (
        f"@127.0.0.1:{port}/",
        f"//@127.0.0.1:{port}/",
        f":{port}",
        f".example:{port}/",
        f"\\@127.0.0.1:{port}/",
        f"//127.0.0.1:{port}",
        f"http://127.0.0.1:{port}/",
    ):
        site.write(signaling_path=path)
        assert "signaling-path" in site.wait_until_refused()[1]
        site.clear()
    assert other_origin.heard == []


def test_a_base_element_doesnt_lead_a_token_away(site: Site, other_origin: Elsewhere) -> None:
    site.page.evaluate(
        """(address) => {
      const base = document.createElement("base")
      base.href = address
      document.head.append(base)
    }""",
        f"http://127.0.0.1:{other_origin.port}/",
    )
    with site.page.expect_response("**/p2p/token") as renewal:
        site.write(token_expires_in_ms="1", token_url="p2p/token")
    assert renewal.value.ok
    site.page.wait_for_selector("div > p2p-frame[state=connected]", state="attached")
    assert renewal.value.url.startswith(site.page.evaluate("location.origin"))
    assert other_origin.heard == []


def test_nor_does_a_redirect(site: Site, other_origin: Elsewhere) -> None:
    with site.page.expect_event("requestfailed"):
        site.write(token_expires_in_ms="1", token_url=f"/elsewhere/{other_origin.port}/token")
    assert other_origin.heard == []


def test_a_page_without_an_origin_says_so(site: Site) -> None:
    site.page.evaluate(EMBED, [site.good, "sandbox='allow-scripts'"])
    inner = site.page.frame_locator("iframe").locator("p2p-frame[state=failed]")
    inner.wait_for(state="attached", timeout=TIMEOUT_MS)
    told = """(frame) => new Promise((resolve) => {
      frame.addEventListener("p2p:error", ({ detail }) => resolve([detail.code, detail.message]))
    })"""
    code, message = inner.evaluate(told)
    assert code == "unsupported"
    assert "origin" in message


@pytest.mark.parametrize("sandbox", ["", "sandbox='allow-scripts allow-same-origin'"])
def test_a_page_within_the_apps_own_joins(site: Site, sandbox: str) -> None:
    with site.page.expect_response("**/p2p/token") as renewal:
        site.page.evaluate(EMBED, [{**site.good, "token-expires-in-ms": "1"}, sandbox])
    assert renewal.value.ok
    inner = site.page.frame_locator("iframe").locator("p2p-frame[state=connected]")
    inner.wait_for(state="attached", timeout=TIMEOUT_MS)


def test_a_variable_of_the_apps_is_no_origin(site: Site) -> None:
    site.page.evaluate("window.origin = 'https://airport.example'")
    site.write()
    site.page.wait_for_selector("div > p2p-frame[state=connected]", state="attached")
