import re
from pathlib import Path

import flask_p2p_streams

PACKAGE = Path(flask_p2p_streams.__file__).parent


def test_each_module_imports_only_from_those_above_it() -> None:
    order = re.findall(r"^``(\w+)``$", flask_p2p_streams.__doc__ or "", re.MULTILINE)
    assert sorted(order) == sorted(path.stem for path in PACKAGE.glob("[a-z]*.py"))
    for path in PACKAGE.glob("[a-z]*.py"):
        above = order[: order.index(path.stem)]
        named = re.findall(r"^from \.(\w+) import", path.read_text(), re.MULTILINE)
        beside = re.findall(r"^from \. import (.+)", path.read_text(), re.MULTILINE)
        for module in [*named, *(each for line in beside for each in line.split(", "))]:
            assert module in above or module == "__version__", f"{path.stem} imports {module}"
