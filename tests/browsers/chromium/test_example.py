"""The example app, as somebody meets it who has just started the demo."""

import re

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from .chat import enter, say


def noted(page: Page, name: str, verb: str) -> Locator:
    """The last line that says so of somebody, maybe of others as well."""
    return page.locator(".notice").filter(has_text=re.compile(f"{name}.* {verb}\\.")).last


def test_four_people_talk_and_go_on_without_their_host(
    context: BrowserContext, address: str
) -> None:
    pages = [enter(context, address, name, "garden") for name in ("Ada", "Ben", "Mei", "Zoë")]
    for page in pages:
        expect(page.locator(".people .person")).to_have_count(4)
    say(pages[1], "<b>Hello</b>, everybody")
    for page in pages:
        expect(page.get_by_text("<b>Hello</b>, everybody", exact=True)).to_be_visible()

    pages[0].close()
    for page in pages[1:]:
        expect(noted(page, "Ada", "left")).to_be_visible()
        expect(page.get_by_role("heading", name="People 3")).to_be_visible()
    say(pages[3], "still here")
    for page in pages[1:]:
        expect(page.get_by_text("still here", exact=True)).to_be_visible()

    back = enter(context, address, "Ada", "garden")
    expect(back.locator(".people .person")).to_have_count(4)
    expect(noted(pages[1], "Ada", "joined")).to_be_visible()


def test_a_reload_keeps_the_peer(context: BrowserContext, address: str) -> None:
    ada, ben = (enter(context, address, name, "reload") for name in ("Ada", "Ben"))
    ben.reload()
    for page in (ada, ben):
        expect(page.locator(".people .person")).to_have_count(2)
        expect(page.locator(".people .state")).to_have_text(["connected", "connected"])


def test_an_invitation_leads_into_the_room(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.goto(f"{address}/rooms/tea-time")
    page.get_by_label("Your name").fill("Zoë")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="tea-time")).to_be_visible()
    expect(page.get_by_label("Invite others with this link")).to_have_value(
        f"{address}/rooms/tea-time"
    )


def test_somebody_elses_peer_is_not_given_out(browser: Browser, address: str) -> None:
    contexts = [browser.new_context() for _ in range(2)]
    ada = enter(contexts[0], address, "Ada", "own")
    ben = enter(contexts[1], address, "Ben", "own")
    ben.goto(ada.url)
    expect(ben.locator("p2p-frame[state=connected]")).to_be_attached()
    assert ben.url != ada.url
    expect(ada.locator("p2p-frame[state=connected]")).to_be_attached()
    for context in contexts:
        context.close()
