"""Every fenced block of the README and the docs is tried by some test here, or says why not."""

import pytest

from .blocks import Block, all_blocks
from .test_console_snippets import CONSOLES
from .test_page_snippets import STYLES, TEMPLATES
from .test_python_snippets import APPS, PROGRAMS, TESTS
from .test_script_snippets import BUNDLED, SCRIPTS
from .test_setting_snippets import SETTINGS, SHELLS

BLOCKS = [block for block in all_blocks() if not block.is_directive]
LOOKED_AT_ONLY = {"text"}
"""Drawings, and what programs print."""
MOST_NOT_RUN = 3


def test_every_block_is_tried() -> None:
    kinds = (APPS, PROGRAMS, TESTS, TEMPLATES, STYLES, CONSOLES, SCRIPTS, BUNDLED, SETTINGS, SHELLS)
    tried = {block for kind in kinds for block in kind}
    rest = [block for block in BLOCKS if block not in tried]
    assert not [f"{block} ({block.language})" for block in rest if not _is_excused(block)]


def test_few_blocks_are_excused() -> None:
    assert sum(block.reason_not_to_run is not None for block in BLOCKS) <= MOST_NOT_RUN


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_nothing_is_left_out_of_code(block: Block) -> None:
    """An ellipsis is a valid Python expression, and would pass as one."""
    is_code = block.language in {"python", "js", "json"}
    assert not (is_code and any(dots in block.text.splitlines() for dots in ("…", "...")))


def _is_excused(block: Block) -> bool:
    return block.language in LOOKED_AT_ONLY or block.reason_not_to_run is not None
