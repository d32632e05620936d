"""What a visitor of the example app does."""

from playwright.sync_api import BrowserContext, Page, expect


def enter(context: BrowserContext, address: str, name: str, room: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Room").fill(room)
    page.keyboard.press("Enter")
    expect(page.locator("p2p-frame[state=connected]")).to_be_attached()
    return page


def say(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")
