"""The example's pages with few people and with many: nothing sticks out, all can use them."""

import secrets
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .axe import expect_no_violations
from .chat import enter, say
from .crowd import gather

WIDTHS = (320, 360, 390, 768, 1280)
LEAST_TARGET = 44
"""CSS pixels that a finger finds (WCAG 2.2, 2.5.5)."""

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}

LONG = "W" * 40
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
NAMES = [LONG, "שלום עולם", *(f"Guest {number}" for number in range(1, 28))]

CONTROLS = "button, .button, select, input, label:has(input)"
SMALL = """([controls, least]) => [...document.querySelectorAll(controls)]
  .filter((one) => one.checkVisibility({ opacityProperty: true }) && !one.disabled)
  .map((one) => [one.outerHTML, one.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < least || height < least)
  .map(([html, { width, height }]) => `${html} ${width} × ${height}`)"""

SAY = "text => document.querySelector('p2p-frame').send({ kind: 'chat', text, at: Date.now() })"

COLOURS = """() => Object.fromEntries([...document.querySelectorAll(".person")].map((person) =>
  [person.dataset.peerId, getComputedStyle(person.querySelector(".avatar")).backgroundColor]))"""


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    context = browser.new_context(**request.param)
    yield context
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(**PHONE)
    yield context
    context.close()


def is_phone(page: Page) -> bool:
    return bool(page.viewport_size == PHONE["viewport"])


def wait_for_people(page: Page, count: int) -> None:
    expect(page.locator(".person[data-state=connected]")).to_have_count(count)


def show(page: Page, view: str) -> None:
    page.locator(".views label").filter(has_text=view).click()


def expect_to_fit(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 740})
        # Scrolling it shows what sticks out, also where a mobile browser widens the viewport.
        widest = page.evaluate("Math.max(document.documentElement.scrollWidth, innerWidth)")
        assert widest == width


def test_no_page_is_wider_than_its_window(
    phone: BrowserContext, crowd: BrowserContext, address: str
) -> None:
    page = phone.new_page()
    for path in ("/", "/rooms/tea", "/nothing"):
        page.goto(f"{address}{path}")
        expect_to_fit(page)
    room = WORD[:60].lower()
    page = enter(phone, address, LONG, room)
    say(page, WORD)
    expect_to_fit(page)
    for before, count in pairwise((1, 3, 10, 30)):
        others = gather(crowd, address, room, NAMES[before - 1 : count - 1])
        others.evaluate(SAY, WORD)
        expect(page.locator(".message:not(.mine)").last).to_contain_text(WORD)
        wait_for_people(page, count)
        expect_to_fit(page)
    page.locator("[data-files-target=chooser]").set_input_files(
        {"name": f"{WORD}.txt", "mimeType": "text/plain", "buffer": b"words"}
    )
    for view in ("Board", "Files"):
        page.set_viewport_size(PHONE["viewport"])
        show(page, view)
        expect_to_fit(page)
    page.set_viewport_size(PHONE["viewport"])
    page.get_by_role("button", name="30 people").click()
    expect_to_fit(page)


def test_axe_finds_nothing_in_pages_outside_of_a_room(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    for path in ("/", "/rooms/tea", "/nothing"):
        page.goto(f"{address}{path}")
        expect_no_violations(page, path)
    page.goto(address)
    page.get_by_label("Your name").fill("\u200b")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("alert")).to_have_text("Please enter your name.")
    expect_no_violations(page, "a lobby that complains")


def test_axe_finds_nothing_in_a_room(
    context: BrowserContext, crowd: BrowserContext, address: str
) -> None:
    room = secrets.token_hex(4)
    page = enter(context, address, "Ada", room)
    expect_no_violations(page, "a room of one's own")
    others = gather(crowd, address, room, NAMES[:3])
    wait_for_people(page, 4)
    say(page, "Hello")
    others.evaluate(SAY, "Hi")
    others.evaluate("document.querySelectorAll('p2p-frame')[2].close()")
    expect(page.locator(".person[data-state=disconnected]")).to_have_count(1)
    expect(page.locator(".message")).to_have_count(2)
    give_and_take(page)
    late = enter(context, address, "Zoë", room)
    expect(late.locator(".message.earlier")).to_have_count(2)
    expect_no_violations(late, "a room with a past")
    late.close()
    for view in ("Chat", "Board", "Files") if is_phone(page) else ():
        show(page, view)
        expect_no_violations(page, view)
    if is_phone(page):
        page.get_by_role("button", name="people").click()
    expect_no_violations(page, "a room of four")


def give_and_take(page: Page) -> None:
    page.locator("[data-files-target=chooser]").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"notes"}
    )
    expect(page.locator(".file")).to_contain_text("The file was not accepted.")


def test_axe_finds_nothing_in_a_room_that_is_over(context: BrowserContext, address: str) -> None:
    page = enter(context, address, "Ada", "over")
    second = context.new_page()
    second.goto(page.url)
    expect(page.get_by_role("button", name="Join again")).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text("joined from another page")
    expect_no_violations(page, "a page whose place another one has taken")


def test_a_finger_finds_every_control(
    phone: BrowserContext, crowd: BrowserContext, address: str
) -> None:
    page = enter(phone, address, "Ada", "fingers")
    assert page.evaluate(SMALL, [CONTROLS, LEAST_TARGET]) == []
    gather(crowd, address, "fingers", ["Ben"])
    wait_for_people(page, 2)
    give_and_take(page)
    page.get_by_role("button", name="2 people").click()
    for view in ("Chat", "Board", "Files"):
        show(page, view)
        assert page.evaluate(SMALL, [CONTROLS, LEAST_TARGET]) == []
    page.goto(address)
    assert page.evaluate(SMALL, [CONTROLS, LEAST_TARGET]) == []


def test_a_phone_shows_whole_people_and_all_of_them_on_demand(
    phone: BrowserContext, crowd: BrowserContext, address: str
) -> None:
    page = enter(phone, address, "Ada", "strip")
    gather(crowd, address, "strip", NAMES[:11])
    wait_for_people(page, 12)
    strip = page.locator(".people ul").bounding_box()
    assert strip
    for person in page.locator(".person").all():
        box = person.bounding_box()
        assert box
        is_whole = box["y"] + box["height"] <= strip["y"] + strip["height"]
        assert is_whole or box["y"] >= strip["y"] + strip["height"]
    expect(page.locator(".who").get_by_text("Guest 9", exact=True)).to_be_hidden()
    fold = page.get_by_role("button", name="12 people")
    # Nor does the order change with what the list shows later.
    expect(page.locator(".person .way:not([hidden])")).to_have_count(12)
    page.get_by_role("link", name="Leave").focus()
    page.keyboard.press("Tab")
    expect(fold).to_be_focused()
    fold.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".who").get_by_text("Guest 9", exact=True)).to_be_visible()
    expect(page.get_by_label("Invite others with this link")).to_be_visible()
    fold.press("Enter")
    expect(page.locator(".who").get_by_text("Guest 9", exact=True)).to_be_hidden()


def test_what_tells_by_colour_keeps_it_in_contrast_themes(
    phone: BrowserContext, address: str
) -> None:
    page = enter(phone, address, "Ada", "contrast")
    colours = "() => [...document.querySelectorAll('.swatch')].map(({ firstChild }) =>"
    colours += " getComputedStyle(firstChild, '::before').backgroundColor)"
    usual = page.evaluate(colours)
    assert len(set(usual)) == 6
    page.emulate_media(forced_colors="active")
    assert page.evaluate(colours) == usual


def test_a_long_name_leaves_room_for_who_hosts(context: BrowserContext, address: str) -> None:
    page = enter(context, address, LONG, "long")
    if is_phone(page):
        page.set_viewport_size({"width": 320, "height": 740})
        page.get_by_role("button", name="1 person").click()
    role, person = page.locator(".who em"), page.locator(".person")
    expect(role).to_have_text("host, you")
    inner, outer = role.bounding_box(), person.bounding_box()
    assert inner
    assert outer
    assert inner["x"] >= outer["x"]
    assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]


def test_thirty_people_have_thirty_colours_the_same_everywhere(
    phone: BrowserContext, crowd: BrowserContext, address: str
) -> None:
    page = enter(phone, address, "Ada", "colours")
    gather(crowd, address, "colours", NAMES[:28])
    late = enter(phone, address, "Zoë", "colours")
    for each in (page, late):
        wait_for_people(each, 30)
    colours = page.evaluate(COLOURS)
    assert len(set(colours.values())) == 30
    assert late.evaluate(COLOURS) == colours
