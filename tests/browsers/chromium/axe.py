"""What axe-core finds wrong with a page (https://github.com/dequelabs/axe-core), by all rules."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = Path(__file__).parents[3] / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental"]

RUN = """async (tags) => {
  const { violations } = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] })
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => ({ id, html, failureSummary })))
}"""


def expect_no_violations(page: Page, where: str) -> None:
    """Check a page as it stands there, in both colour schemes."""
    page.evaluate(_source())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found: list[dict[str, Any]] = page.evaluate(RUN, RULES)
        assert not found, f"{where}, {scheme}: {json.dumps(found, indent=1, ensure_ascii=False)}"


@cache
def _source() -> str:
    # As a function, which a page's policy against inline scripts lets Playwright call.
    return f"() => {{ {SOURCE.read_text('utf-8')} }}"
