"""Every fenced block of the README and the docs is tried by some test here, or says why not."""

import pytest

from .blocks import PAGES, ROOT, Block, all_blocks
from .reader import BEGINS_AN_APP
from .test_console_snippets import CONSOLES
from .test_page_snippets import STYLES, TEMPLATES
from .test_python_snippets import APPS, FIXTURES, PROGRAMS, TESTS
from .test_script_snippets import BUNDLED, SCRIPTS
from .test_setting_snippets import SETTINGS, SHELLS

BLOCKS = [block for block in all_blocks() if not block.is_directive]
LOOKED_AT_ONLY = {"text"}
"""Drawings, and what programs print."""
MOST_NOT_RUN = 3


def test_every_block_is_tried() -> None:
    python = (*APPS, *PROGRAMS, *FIXTURES, *TESTS)
    pages = (*TEMPLATES, *STYLES, *CONSOLES, *SCRIPTS, *BUNDLED)
    tried = {*python, *pages, *SETTINGS, *SHELLS}
    rest = [block for block in BLOCKS if block not in tried]
    assert not [f"{block} ({block.language})" for block in rest if not _is_excused(block)]


def test_few_blocks_are_excused() -> None:
    assert sum(block.reason_not_to_run is not None for block in BLOCKS) <= MOST_NOT_RUN


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_nothing_is_left_out_of_code(block: Block) -> None:
    """An ellipsis is a valid Python expression, and would pass as one."""
    is_code = block.language in {"python", "js", "json"}
    assert not (is_code and any(dots in block.text.splitlines() for dots in ("…", "...")))


@pytest.mark.parametrize("page", PAGES)
def test_pages_say_whose_app_they_go_on_with(page: str) -> None:
    first = next((block for block in APPS if block.page == page), None)
    if first is not None and not BEGINS_AN_APP.search(first.text):
        assert "[quickstart](quickstart.md#the-app)" in (ROOT / page).read_text("utf-8")


def _is_excused(block: Block) -> bool:
    return block.language in LOOKED_AT_ONLY or block.reason_not_to_run is not None
