"""Whether JavaScript uses defined names only, in functions that nobody calls, too."""

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from .blocks import ROOT

DECLARED = re.compile(r"\b(?:const|let|class|function|import)\s+(\w+|[{\[][^}\]]*[}\]])")
OXLINT = [
    "bash",
    str(ROOT / "tools/with_node.sh"),
    str(ROOT / "node_modules/.bin/oxlint"),
]
CONFIGURATION = {
    "env": {"browser": True, "es2022": True},
    "categories": {"correctness": "off"},
    "rules": {"no-undef": "error"},
}


def with_names_of(before: Iterable[str], text: str) -> str:
    """Return a text below the names that others have declared, and it doesn't itself."""
    names = {name for each in before for name in _declared_in(each)} - _declared_in(text)
    return f"let {', '.join(sorted(names))}\n{text}" if names else text


def assert_names_are_known(folder: Path) -> None:
    """Fail for a name in a folder's files that neither they nor browsers know."""
    configured = folder / "oxlint.json"
    configured.write_text(json.dumps(CONFIGURATION), "utf-8")
    command = [*OXLINT, "-c", str(configured), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _declared_in(text: str) -> set[str]:
    return {name for found in DECLARED.findall(text) for name in re.findall(r"\w+", found)}
