"""What a reader has in front of him who has followed a page down to one of its blocks."""

import re
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from .blocks import ROOT, Block, blocks_of

QUICKSTART = "docs/quickstart.md"
BEGINS_AN_APP = re.compile(r"^app = Flask\(", re.MULTILINE)
APP = "app.py"
TOP = ""
"""The section of what stands above the first heading of a page."""
MODULES = ROOT / "node_modules"
LIBRARIES = {
    "turbo.js": "@hotwired/turbo/dist/turbo.es2017-esm.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "idiomorph-ext.min.js": "idiomorph/dist/idiomorph-ext.min.js",
}
"""Files that a page tells its reader to get from npm, by their names in `static/`."""


@dataclass
class Folder:
    """The files that a page has told its reader to save, by their paths."""

    files: dict[str, str] = field(default_factory=dict)

    def write_to(self, folder: Path) -> None:
        for path, text in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")

    def save(self, block: Block) -> None:
        """Do what the page says with a block: save it, or put it below the rest of `app.py`."""
        if block.path not in {None, APP}:
            assert block.path is not None
            self.files[block.path] = block.text
        elif block.language == "python":
            before = "" if BEGINS_AN_APP.search(block.text) else self.files.get(APP, "")
            self.files[APP] = f"{before}\n{block.text}"


def quickstart() -> Folder:
    """Return the app of the quickstart, which every page begins with that has none of its own."""
    folder = Folder()
    for block in blocks_of(QUICKSTART):
        if block.path in {APP, "templates/room.html"}:
            folder.save(block)
    return folder


def folder_at(block: Block) -> Folder:
    """Return what a reader has who has come to a block, that block included.

    A file that several blocks bring parts of, such as the room's script, comes in whole.
    """
    folder = quickstart()
    for each in blocks_of(block.page):
        is_above = each.line <= block.line
        if each.reason_not_to_run is None and (is_above or each.path not in {None, APP}):
            folder.save(each)
    return folder


def template_at(block: Block) -> Block:
    """Return what the reader's browser shows: the last page above, else the quickstart's."""
    above = [each for each in blocks_of(block.page) if each.is_template and each.line <= block.line]
    if above:
        return above[-1]
    return next(each for each in blocks_of(QUICKSTART) if each.is_template)


def address_of(template: Block) -> str:
    """Return where `tests.docs.serve` shows a template: saved ones, the app shows itself."""
    return "" if template.path else f"/_blocks/block-{template.line}"


def browsing_at(block: Block) -> Folder:
    """Return :func:`folder_at`, and the page that the reader's browser shows."""
    folder = folder_at(block)
    template = template_at(block)
    for path, library in LIBRARIES.items():
        if path in "".join(folder.files.values()) or path in template.text:
            folder.files[f"static/{path}"] = (MODULES / library).read_text("utf-8")
    if not template.path:
        folder.files[f"templates/block-{template.line}.html"] = template.text
    return folder


def end_of_app(block: Block) -> Block:
    """Return the last block of Python that a page adds to the app which a block belongs to."""
    below = [x for x in blocks_of(block.page) if x.language == "python" and x.line > block.line]
    added = list(takewhile(lambda each: not BEGINS_AN_APP.search(each.text), below))
    return added[-1] if added else block


def said_before(block: Block) -> list[Block]:
    """Return what was typed before a block.

    That is what stands since the last heading, just below the page, and at the top of the docs'
    page, which is for all its sections.
    """
    template = template_at(block)
    return [
        each
        for each in blocks_of(block.page)
        if each.language == "js"
        and each.path is None
        and each.reason_not_to_run is None
        and each.line < block.line
        and each.section in {block.section, template.section, TOP}
        and (each.line > template.line or template.page != block.page)
    ]
