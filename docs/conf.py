"""How the documentation is built; needs no network. Build it with `make docs`."""

import dataclasses
import re
import sys
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

from flask_p2p_streams import __version__  # noqa: E402
from flask_p2p_streams.config import Config  # noqa: E402
from flask_p2p_streams.protocol.errors import EXPLANATIONS  # noqa: E402

project = "Flask-P2P-Streams"
author = "Flask-P2P-Streams contributors"
project_copyright = author
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# Their own tools read the examples in the tests; Pygments knows no JSX.
suppress_warnings = ["misc.highlighting_failure"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_copy_source = False
html_show_sphinx = False


# The table of error codes

class ErrorTable(SphinxDirective):
    """`{error-table}`: every code, its usual text and hint, and whether trying again can help."""

    head: ClassVar = ("code", "message", "hint", "retry")

    def run(self):
        head = [[nodes.Text(each)] for each in self.head]
        rows = [self._cells(code.value, *text) for code, text in EXPLANATIONS.items()]
        return [_table(head, rows, (16, 34, 40, 10))]

    def _cells(self, code, message, hint, retry):
        return [
            [nodes.literal(code, code)],
            [nodes.Text(message)],
            [nodes.Text(hint)],
            [nodes.Text("yes" if retry else "no")],
        ]


def _table(head, rows, widths):
    table = nodes.table(classes=["colwidths-given"])
    group = nodes.tgroup(cols=len(widths))
    group += [nodes.colspec(colwidth=width) for width in widths]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    table += group
    return table


def _row(cells):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


# What must not be forgotten


def check_configuration(app):
    """Fail if a configuration key isn't documented, or a documented one doesn't exist."""
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(P2P_\w+)` \|", page, re.MULTILINE))
    known = {f"P2P_{field.name.upper()}" for field in dataclasses.fields(Config)}
    if documented != known:
        raise ExtensionError(f"configuration.md and Config differ: {sorted(documented ^ known)}")


def setup(app):
    app.add_directive("error-table", ErrorTable)
    app.connect("builder-inited", check_configuration)
