"""The fenced blocks of the README and the docs, and what their pages say of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]

FENCE = re.compile(r"^( *)(`{3,})([^\n`]*)\n(.*?)^\1\2 *$", re.DOTALL | re.MULTILINE)
PATH = r"[\w./-]+\.\w+|Procfile|Dockerfile"
SAVED_AS = re.compile(rf"[Ss]ave this as `({PATH})`.*:$")
NAMED_AT_TOP = re.compile(rf"^(?:#|//|<!--) ({PATH})(?: -->)?\n")
HEADING = re.compile(r"^##+ (.+)$", re.MULTILINE)
REMARK = re.compile(r"<!-- (not run|ends in): (.+?) -->$")


@dataclass(frozen=True)
class Block:
    """One fenced block; ``path`` is the file that a reader saves it as."""

    page: str
    line: int
    language: str
    text: str
    section: str
    path: str | None
    reason_not_to_run: str | None
    error: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_template(self) -> bool:
        return self.language in {"html", "jinja", "html+jinja"}

    @property
    def is_directive(self) -> bool:
        """Whether it is markup of the documentation's own, such as a warning."""
        return self.language.startswith("{")


def blocks_of(page: str) -> list[Block]:
    """Return the blocks of a page, from top to bottom."""
    text = (ROOT / page).read_text("utf-8")
    return [_block(page, text, found) for found in FENCE.finditer(text)]


def all_blocks() -> Iterator[Block]:
    for page in PAGES:
        yield from blocks_of(page)


def _block(page: str, text: str, found: "re.Match[str]") -> Block:
    above = text[: found.start()].rstrip()
    remark = REMARK.search(above)
    kind, said = remark.groups() if remark else ("", None)
    if remark:
        above = above[: remark.start()].rstrip()
    content = re.sub(f"^{found[1]}", "", found[4], flags=re.MULTILINE)
    return Block(
        page=page,
        line=text.count("\n", 0, found.start()) + 1,
        language=found[3].strip(),
        text=content,
        section=["", *HEADING.findall(above)][-1],
        path=_path(above, content),
        reason_not_to_run=said if kind == "not run" else None,
        error=said if kind == "ends in" else None,
    )


def _path(above: str, content: str) -> str | None:
    found = NAMED_AT_TOP.match(content) or SAVED_AS.search(above)
    return found[1] if found else None
