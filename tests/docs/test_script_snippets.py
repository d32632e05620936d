"""The JavaScript files of the README and the docs: those of pages, and those for a bundler."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from .blocks import ROOT, Block, all_blocks, blocks_of
from .lint import assert_names_are_known
from .reader import MODULES, address_of, browsing_at, template_at
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


@pytest.mark.parametrize("block", [each for each in BUNDLED if each.language == "js"], ids=str)
def test_bundles_run(block: Block, browser: Browser, tmp_path: Path) -> None:
    installed(block, tmp_path)
    bundle = ["--bundle", "--format=esm", "--jsx=automatic"]
    bundle.append(f"--outfile={tmp_path / 'static/main.js'}")
    run(tmp_path, *NODE, MODULES / ".bin/esbuild", tmp_path / str(block.path), *bundle)
    template = template_at(block)
    with served(tmp_path) as url, tabs(browser, url + address_of(template)) as opened:
        if "main.js" in template.text:
            opened["bob"].page.get_by_role("button").click()
            expect(opened["ann"].page.get_by_text("bob: hello")).to_be_visible()
        for tab in opened.values():
            assert tab.errors == []


@pytest.mark.parametrize("block", [each for each in BUNDLED if each.language == "ts"], ids=str)
def test_types_fit(block: Block, tmp_path: Path) -> None:
    installed(block, tmp_path)
    options = "--ignoreConfig --noEmit --strict --target es2022"
    modules = ["--module", "esnext", "--moduleResolution", "bundler"]
    libraries = ["--lib", "es2022,dom,dom.iterable", "--types", ""]
    file = tmp_path / str(block.path)
    run(tmp_path, *NODE, MODULES / ".bin/tsc", *options.split(), *modules, *libraries, file)


def installed(block: Block, folder: Path) -> None:
    """Do what is done before one bundles."""
    browsing_at(block).write_to(folder)
    run(folder, sys.executable, "-m", "flask", "p2p", "install")
    (folder / "node_modules").symlink_to(MODULES)


def run(folder: Path, *command: "str | Path") -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
