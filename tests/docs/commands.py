"""Whether a command that the docs show is one: its program, its options, what it names."""

import re
import shlex
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from packaging.requirements import Requirement

from flask_p2p_streams.cli.group import p2p

from .blocks import ROOT

# It has no types.
CONFIG: Any = import_module("gunicorn.config")
ASSIGNMENT = re.compile(r"[A-Z_]+=")


def check_line(line: str) -> None:
    """Fail unless each command of a line of a shell is a known one, used as it is meant."""
    words = shlex.split(line.replace("…", "X"), comments=True)
    while words:
        end = next((at for at, word in enumerate(words) if word in {"&&", "||", "|"}), len(words))
        check(words[:end])
        words = words[end + 1 :]


def check(words: Sequence[str]) -> None:
    while words and ASSIGNMENT.match(words[0]):
        words = words[1:]
    name = words[0].rsplit("/", 1)[-1]
    assert name in PROGRAMS, f"Nobody knows how to check {name}."
    PROGRAMS[name](list(words[1:]))


def _make(targets: list[str]) -> None:
    known = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(targets) <= set(known), targets


def _flask(words: list[str]) -> None:
    if words[0] != "p2p":
        assert words[0] == "run"
        return
    command = p2p.commands[words[1]]
    # Also reads the arguments, and refuses those that there aren't.
    command.make_context(words[1], words[2:]).close()


def _pip(words: list[str]) -> None:
    assert words[0] == "install"
    if "-r" in words:
        assert words[words.index("-r") + 1] == "requirements.txt"
        return
    for each in words[1:]:
        requirement = re.sub(r"^/path/to/checkout", "Flask-P2P-Streams", each)
        _check_requirement(Requirement(requirement))


def _check_requirement(requirement: Requirement) -> None:
    if requirement.name.lower() == "flask-p2p-streams":
        project = (ROOT / "pyproject.toml").read_text("utf-8")
        for extra in requirement.extras:
            assert re.search(rf"^{extra} = \[", project, re.MULTILINE), f"There is no [{extra}]."
    else:
        assert requirement.name.lower() in INSTALLABLE, requirement.name


def _gunicorn(words: list[str]) -> None:
    arguments = vars(CONFIG.Config().parser().parse_args(words))
    assert len(arguments["args"]) == 1, arguments["args"]
    assert arguments.get("worker_class") in {"gevent", "gthread", "sync", None}


def _docker(words: list[str]) -> None:
    assert words[:2] in (["compose", "up"], ["build", "-t"], ["run", "-p"]), words


def _python(words: list[str]) -> None:
    assert words[0].endswith(".py") or words[:1] == ["-c"], words
    if words[0] == "-c":
        compile(words[1], "-c", "exec")


def _any(words: list[str]) -> None:
    """Take what isn't ours, and can't be tried here."""


INSTALLABLE = {"gunicorn", "flask-login", "flask-talisman", "flask-wtf"}
PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "docker": _docker,
    "flask": _flask,
    "gunicorn": _gunicorn,
    "make": _make,
    "pip": _pip,
    "python": _python,
    "npx": _any,
    "systemctl": _any,
}


def commands_in(text: str) -> list[str]:
    """Return the commands of a console's text: what stands behind `$ `."""
    return [line[2:] for line in text.splitlines() if line.startswith("$ ")]

