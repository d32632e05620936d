"""What the example says in a room: of people, of trouble, and to whom it is hurried."""

import re

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.kit.servers import running
from tests.kit.waiting import PATIENCE

from .axe import expect_no_violations
from .chat import enter, say
from .crowd import gather

HEBREW = "שלום"

# The texts of the lines, with what is isolated in brackets.
LINES = """() => [...document.querySelectorAll(".notice span")].map((line) =>
  [...line.childNodes].map((node) =>
    node.nodeName === "BDI" ? `[${node.textContent}]` : node.textContent).join(""))"""


def test_thirty_who_come_are_one_line(
    context: BrowserContext, crowd: BrowserContext, address: str
) -> None:
    page = enter(context, address, "Ada", "fold")
    others = gather(crowd, address, "fold", [HEBREW, *(f"Guest {n}" for n in range(1, 30))])
    expect(page.get_by_role("heading", name="People 31")).to_be_visible()
    first, second = page.evaluate(LINES)
    assert first == "You host this room."
    # Who of them is connected first is for their browsers to say.
    assert re.fullmatch(r"\[[^]]+\], \[[^]]+\], and 28 others joined\.", second)
    say(page, "Welcome")
    expect(page.get_by_text("Welcome", exact=True)).to_be_visible()
    others.close()
    expect(page.get_by_role("heading", name="People 1")).to_be_visible()
    last = page.locator(".notice").last
    expect(last).to_contain_text("and 28 others left.")
    expect(page.locator(".notice")).to_have_count(3)


def test_a_reload_is_no_news(context: BrowserContext, address: str) -> None:
    ada, ben = (enter(context, address, name, "again") for name in ("Ada", "Ben"))
    for _ in range(2):
        ben.reload()
        expect(ben.locator("p2p-frame[state=connected]")).to_be_attached()
        expect(ada.locator(".person[data-state=connected]")).to_have_count(2)
    assert ada.evaluate(LINES) == ["You host this room.", "[Ben] joined."]


def test_names_stand_apart_from_what_is_said_of_them(context: BrowserContext, address: str) -> None:
    host = enter(context, address, f"{HEBREW} (1)", "bidi")
    ben = enter(context, address, "Ben", "bidi")
    expect(ben.locator(".status bdi")).to_have_text(f"{HEBREW} (1)")
    expect(ben.locator(".notice bdi")).to_have_text(f"{HEBREW} (1)")
    expect(ben.locator("#recipient option").nth(1)).to_have_attribute("dir", "auto")
    ben.get_by_role("button", name="Clear").click()
    expect(host.locator(".tools bdi")).to_have_text("Ben")
    ben.locator("[data-files-target=chooser]").set_input_files(
        {"name": f"{HEBREW}.txt", "mimeType": "text/plain", "buffer": b"words"}
    )
    expect(ben.locator(".about small bdi")).to_have_text(f"{HEBREW} (1)")
    expect(host.locator("[data-files-target=news] bdi")).to_have_text(["Ben", f"{HEBREW}.txt"])


@pytest.mark.parametrize("name", ["\u202eadA", "\u2067Ada", "A\u0000da\u2066"])
def test_what_turns_text_around_is_no_part_of_a_name(
    context: BrowserContext, address: str, name: str
) -> None:
    page = enter(context, address, name, "upright")
    shown = page.locator(".who bdi").first.inner_text()
    assert shown in ("adA", "Ada", "A da")


def test_enter_keeps_the_text_until_the_script_has_come(
    context: BrowserContext, address: str
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    enter(context, address, "Ada", "hurry").close()
    page = context.new_page()
    page.route("**/static/room.js", hold)
    with page.expect_request("**/static/room.js"):
        page.goto(f"{address}/rooms/hurry", wait_until="commit")
    box = page.get_by_label("Message", exact=True)
    box.fill("I was first")
    box.press("Enter")
    came_to = page.url
    (script,) = held
    script.continue_()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    assert page.url == came_to
    expect(box).to_have_value("I was first")
    box.press("Enter")
    expect(page.locator(".message")).to_contain_text("I was first")


def test_without_host_and_server_the_reason_is_told(context: BrowserContext) -> None:
    with running("example_app", "--port") as server:
        ada = enter(context, server.url, "Ada", "alone")
        ben = enter(context, server.url, "Ben", "alone")
        expect(ben.locator(".status")).to_contain_text("Connected to Ada, who hosts")
        server.process.terminate()
        server.process.wait(PATIENCE)
        ada.close()
        expect(ben.locator(".status")).to_contain_text("Trying again…")
        expect(ben.locator(".status")).to_contain_text("The server can't be reached")


def test_all_of_it_works_where_a_page_is_not_secure(context: BrowserContext, address: str) -> None:
    # To a browser this address is no more secure than one of the network around.
    address = address.replace("127.0.0.1", "0.0.0.0")
    ada, ben = (enter(context, address, name, "plain") for name in ("Ada", "Ben"))
    assert not ada.evaluate("isSecureContext")
    ada.get_by_text("Show it to a camera").click()
    expect(ada.get_by_role("img", name="QR code of the link")).to_be_visible()
    expect_no_violations(ada, "a room with a code")
    say(ada, "Hello")
    expect(ben.get_by_text("Hello", exact=True)).to_be_visible()
    content = bytes(range(256)) * 4000
    ada.locator("[data-files-target=chooser]").set_input_files(
        {"name": "big.bin", "mimeType": "text/plain", "buffer": content}
    )
    ben.get_by_role("button", name="Accept").click()
    with ben.expect_download() as download:
        ben.get_by_role("link", name="Save").click()
    assert download.value.path().read_bytes() == content
    ada.bring_to_front()
    ada.get_by_role("button", name="Copy").click()
    expect(ada.get_by_text("Copied.")).to_be_visible()
    ada.get_by_label("Message", exact=True).press("Control+V")
    expect(ada.get_by_label("Message", exact=True)).to_have_value(f"{address}/rooms/plain")
