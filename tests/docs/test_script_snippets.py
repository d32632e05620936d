"""The JavaScript files of the README and the docs: those of pages, and those for a bundler."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .blocks import ROOT, Block, all_blocks, blocks_of
from .lint import assert_names_are_known
from .reader import address_of, browsing_at
from .tabs import served, tabs

FILES = [
    block
    for block in all_blocks()
    if block.path and block.path.endswith((".js", ".jsx", ".ts", ".vue"))
    if block.reason_not_to_run is None
]
SCRIPTS = [block for block in FILES if block.path and block.path.startswith("static/")]
BUNDLED = [block for block in FILES if block not in SCRIPTS]
NODE = ["bash", str(ROOT / "tools/with_node.sh")]


def test_names_are_known(tmp_path: Path) -> None:
    for block in FILES:
        file = tmp_path / f"{block.line}-{Path(block.path or '').name}"
        file.write_text(block.text, "utf-8")
    assert_names_are_known(tmp_path)


@pytest.mark.parametrize("block", SCRIPTS, ids=str)
def test_scripts_are_run_by_their_page(block: Block, browser: Browser, tmp_path: Path) -> None:
    assert block.path is not None
    templates = [each for each in blocks_of(block.page) if each.is_template]
    template = min(templates, key=lambda each: abs(each.line - block.line))
    browsing_at(template).write_to(tmp_path)
    with served(tmp_path) as url, tabs(browser, url + address_of(template)) as opened:
        for tab in opened.values():
            assert f"{url}/{block.path}" in tab.loaded
            assert tab.errors == []
