"""The JavaScript of the README and the docs that a reader types into a tab's console."""

import re
from itertools import groupby
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .blocks import Block, all_blocks
from .lint import assert_names_are_known, with_names_of
from .reader import address_of, browsing_at, said_before, template_at
from .tabs import Tab, served, tabs

CONSOLES = [
    block
    for block in all_blocks()
    if block.language == "js" and block.path is None and block.reason_not_to_run is None
]
SECTIONS = [list(blocks) for _, blocks in groupby(CONSOLES, lambda each: (each.page, each.section))]
WHOSE = re.compile(r"^// .*\b(ann|bob)'s ")


def test_names_are_known(tmp_path: Path) -> None:
    for block in CONSOLES:
        file = tmp_path / f"{block.page.replace('/', '-')}-{block.line}.mjs"
        before = [each.text for each in said_before(block)]
        file.write_text(with_names_of(before, block.text), "utf-8")
    assert_names_are_known(tmp_path)


@pytest.mark.parametrize("blocks", SECTIONS, ids=lambda blocks: f"{blocks[0]}-{blocks[-1].line}")
def test_consoles_do_what_is_typed(blocks: list[Block], browser: Browser, tmp_path: Path) -> None:
    browsing_at(blocks[-1]).write_to(tmp_path)
    url_of_page = address_of(template_at(blocks[0]))
    with served(tmp_path) as url, tabs(browser, url + url_of_page) as opened:
        for each in said_before(blocks[0]):
            assert [tab.type(each.text) for tab in opened.values()] == [None] * len(opened)
        for block in blocks:
            assert _type(block, opened) == block.error, block
        for tab in opened.values():
            tab.settle()
            assert tab.errors == []


def _type(block: Block, opened: "dict[str, Tab]") -> "str | None":
    """Type it where its first line says, else at bob's, who is a client."""
    whose = WHOSE.match(block.text)
    return opened[whose[1] if whose else "bob"].type(block.text)
