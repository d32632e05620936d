"""A Firefox, and pages in it that tests use like Playwright's, as far as they need that."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.kit.waiting import PATIENCE

DRIVER = Path(__file__).with_name("driver.mjs")


class Firefox:
    """Debian's Firefox, driven over WebDriver BiDi; Playwright drives only one of its own."""

    def __init__(self) -> None:
        program = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or no_firefox()
        self._driver = subprocess.Popen(
            ["node", str(DRIVER), program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self._answer()
        self._pages = 0

    def open(self, url: str, script: str) -> "FirefoxPage":
        """Open a page in a context of its own; the script runs in it before all else."""
        self._pages += 1
        page = FirefoxPage(self, self._pages)
        page.tell("open", url=url, script=script)
        return page

    def close(self) -> None:
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        self._driver.stdin.close()
        self._driver.wait(PATIENCE)
        self._driver.stdout.close()

    def tell(self, command: dict[str, object]) -> Any:
        assert self._driver.stdin is not None
        self._driver.stdin.write(json.dumps(command) + "\n")
        self._driver.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._driver.stdout is not None
        line = self._driver.stdout.readline()
        if not line:
            raise RuntimeError("Firefox could not be started, or has gone.")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")


class FirefoxPage:
    """What a test's peer asks of its page."""

    def __init__(self, firefox: Firefox, number: int) -> None:
        self._firefox = firefox
        self._number = number

    def tell(self, name: str, **command: object) -> Any:
        return self._firefox.tell({"name": name, "page": self._number, **command})

    def evaluate(self, source: str, argument: object = None) -> Any:
        return self.tell("evaluate", source=source, argument=argument)

    def wait_for_function(self, source: str, *, arg: object = None, timeout: float) -> None:
        self.tell("wait", source=source, argument=arg, mls=timeout)

    def wait_for_selector(self, selector: str, *, state: str, timeout: float) -> None:
        assert state == "attached"
        found = "selector => document.querySelector(selector) !== null"
        self.wait_for_function(found, arg=selector, timeout=timeout)

    def close(self) -> None:
        self.tell("close")

    @property
    def console(self) -> list[str]:
        return list(self.tell("console"))


def no_firefox() -> str:
    problem = (
        "The tests with Firefox need it: sudo apt-get install firefox-esr (Debian), "
        "or name one: FIREFOX=/path/to/it"
    )
    if "CI" in os.environ:
        pytest.fail(problem)
    pytest.skip(problem)
