"""The pages and styles of the README and the docs, in Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .blocks import Block, all_blocks
from .reader import address_of, browsing_at, end_of_app
from .tabs import Tab, served, tabs

RUN = [block for block in all_blocks() if block.reason_not_to_run is None]
TEMPLATES = [block for block in RUN if block.is_template]
FOR_MEMBERS = "templates/members.html"
OF_A_BUNDLE = "filename='main.js'"
"""What a page has that is tried with its bundle."""


def _is_special(block: Block) -> bool:
    return block.path == FOR_MEMBERS or OF_A_BUNDLE in block.text


STYLES = [block for block in RUN if block.language == "css"]
COUNT_RULES = """text => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(text)
  return [...sheet.cssRules].filter((rule) => rule.style.length > 0).length
}"""


@pytest.mark.parametrize("block", [x for x in TEMPLATES if not _is_special(x)], ids=str)
def test_pages_connect(block: Block, browser: Browser, tmp_path: Path) -> None:
    browsing_at(block).write_to(tmp_path)
    with served(tmp_path) as url, tabs(browser, url + address_of(block)) as opened:
        for tab in opened.values():
            assert tab.errors == []


def test_members_connect_as_themselves(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As the page says: Talisman sends everybody to HTTPS otherwise.
    monkeypatch.setenv("FLASK_DEBUG", "1")
    (block,) = [each for each in TEMPLATES if each.path == FOR_MEMBERS]
    browsing_at(end_of_app(block)).write_to(tmp_path)
    with served(tmp_path) as url:
        for name, number in (("ann", "1"), ("bob", "2")):
            context = browser.new_context()
            context.request.post(f"{url}/login", form={"name": name})
            tab = Tab(context, f"{url}/members")
            tab.wait_until_connected()
            assert tab.page.get_attribute("p2p-frame", "peer-id") == number
            assert tab.errors == []


@pytest.mark.parametrize("block", STYLES, ids=str)
def test_browsers_know_each_rule_of_a_style(block: Block, browser: Browser) -> None:
    page: Page = browser.new_page()
    assert page.evaluate(COUNT_RULES, block.text) == block.text.count("{")
    page.close()
