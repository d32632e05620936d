"""The example's signs: how each person is connected, in words for everybody."""

import re
import secrets
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .axe import expect_no_violations
from .chat import enter
from .crowd import gather
from .test_example_pages import DESKTOP, PHONE, expect_to_fit, wait_for_people

# A browser that may use relays only, and has none, finds no path of its own.
NO_PATH = """
  const Real = RTCPeerConnection
  window.RTCPeerConnection = class extends Real {
    constructor(configuration) { super({ ...configuration, iceTransportPolicy: "relay" }) }
  }
"""
TELL = """([index, word]) => document.querySelectorAll("p2p-frame")[index]
  .send(word, { topic: "way", reliable: false })"""
RUBBISH: list[object] = [
    None,
    "direct",
    7,
    [],
    {},
    {"path": "host", "ms": None},
    {"path": "<b>", "ms": 1},
    {"path": "direct"},
    {"path": "direct", "ms": -5},
    {"path": "direct", "ms": 0.5},
    {"path": "direct", "ms": 1e9},
    {"path": "direct", "ms": "1"},
]
WATCH = """sign => {
  window.shown = []
  const note = () => window.shown.push([sign.dataset.path, sign.title, sign.hidden])
  new MutationObserver(note).observe(sign, { attributes: true })
}"""
MEANINGS = {
    "host": r"^Hosts the room",
    "direct": r"^Connected directly.* \d+ ms to the host and back\.$",
    "turn": r"^Connected over a TURN server.* \d+ ms to the host and back\.$",
    "server": r"^Connected over the server of this page",
}


def expect_sign(page: Page, name: str, path: str) -> None:
    person = page.locator(".person").filter(has=page.locator(".who", has_text=name))
    sign = person.locator(".way")
    expect(sign).to_have_attribute("data-path", path)
    meaning = re.compile(MEANINGS[path])
    expect(sign).to_have_attribute("title", meaning)
    expect(sign.locator("[data-slot=meaning]")).to_have_text(meaning)
    expect(sign.locator("use")).to_have_attribute("href", f"#way-{path}")


def test_all_see_how_each_one_is_connected(
    context: BrowserContext, crowd: BrowserContext, address: str
) -> None:
    room = secrets.token_hex(4)
    crowd.add_init_script(NO_PATH)
    pages = [enter(context, address, "Ada", room), enter(context, address, "Ben", room)]
    pages.append(enter(crowd, address, "Cleo", room))
    for page in pages:
        expect_sign(page, "Ada", "host")
        expect_sign(page, "Ben", "direct")
        expect_sign(page, "Cleo", "server")
        expect(page.locator(".person:has-text('Ben') .way")).to_contain_text(re.compile(r"\d+ ms"))
    pages[0].close()
    # Another host, other ways: one of the two hosts now, and reaches the other over the server.
    for page in pages[1:]:
        expect(page.locator(".way[data-path=host]:visible")).to_have_count(1)
        expect(page.locator(".way[data-path=server]:visible")).to_have_count(1)


def test_what_others_tell_is_looked_at(
    context: BrowserContext, crowd: BrowserContext, address: str
) -> None:
    room = secrets.token_hex(4)
    others = gather(crowd, address, room, ["Ada", "Ben"])
    page = enter(context, address, "Cleo", room)
    expect_sign(page, "Ada", "host")
    others.evaluate(TELL, [1, {"path": "turn", "ms": 42}])
    expect_sign(page, "Ben", "turn")
    sign = page.locator(".person .way[data-path=turn]")
    expect(sign).to_have_attribute("title", re.compile("42 ms"))
    sign.evaluate(WATCH)
    for word in RUBBISH:
        others.evaluate(TELL, [1, word])
    others.evaluate(TELL, [1, {"path": "turn", "ms": 43}])
    expect(sign).to_have_attribute("title", re.compile("43 ms"))
    shown = page.evaluate("window.shown")
    assert [(path, hidden) for path, _, hidden in shown] == [("turn", False)] * len(shown)
    times = {title.split("takes ")[1].split(" to ")[0] for _, title, _ in shown}
    assert times in ({"43 ms"}, {"42 ms", "43 ms"})
    others.evaluate("document.querySelectorAll('p2p-frame')[1].close()")
    expect(sign).to_be_hidden()


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_signs_explain_themselves(
    browser: Browser, crowd: BrowserContext, address: str, device: dict[str, Any]
) -> None:
    room = secrets.token_hex(4)
    others = gather(crowd, address, room, ["Ada", "W" * 40, "Cleo"])
    context = browser.new_context(**device)
    page = enter(context, address, "Zoë", room)
    wait_for_people(page, 4)
    others.evaluate(TELL, [1, {"path": "turn", "ms": 60_000}])
    others.evaluate(TELL, [2, {"path": "server", "ms": None}])
    for path in ("host", "direct", "turn", "server"):
        expect(page.locator(f".person .way[data-path={path}] svg")).to_be_visible()
    expect_no_violations(page, "signs")
    if device is PHONE:
        page.get_by_role("button", name="4 people").click()
    page.get_by_text("What the signs mean").click()
    expect(page.get_by_text("directly connected")).to_be_visible()
    expect_no_violations(page, "signs, and what they mean")
    expect_to_fit(page)
    context.close()
