"""Where the pages at the root lead to: Sphinx looks after the links of the docs alone."""

import re

import pytest

from flask_p2p_streams import __version__

from .blocks import FENCE, ROOT

PAGES = ["README.md", "SECURITY.md", "CHANGELOG.md"]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#([^)]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LABEL = re.compile(r"^\(([\w-]+)\)=$", re.MULTILINE)


def places_in(page: str) -> set[str]:
    """Return what a link into a page may name: its headings and its labels."""
    text = FENCE.sub("", (ROOT / page).read_text("utf-8"))
    return {_slug(each) for each in HEADING.findall(text)} | set(LABEL.findall(text))


def _slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = LINK.findall((ROOT / page).read_text("utf-8"))
    assert links
    assert [path for path, _ in links if not (ROOT / path).exists()] == []
    named = [(path, place) for path, place in links if place]
    assert [each for each in named if each[1] not in places_in(each[0])] == []


def test_the_changelog_tells_of_this_version() -> None:
    assert f"\n## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
