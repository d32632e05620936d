"""Tabs of the browser on a page of the docs, and the consoles that blocks are typed into."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from tests.kit.chromium import PATIENCE_MS
from tests.kit.servers import free_port, listening

from .blocks import ROOT

NAMES = ("ann", "bob", "cem")
"""Who sits at the tabs; the first one hosts, and each name stands in some block."""

RUN_MODULE = """async text => {
  await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })))
}"""
CODE_OR_TEXT = "function () { return this.code ?? String(this) }"


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder's app; fail if it says that something went wrong."""
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / "log.txt").open("w+b") as log:
        command = [sys.executable, "-m", "tests.docs.serve", str(port)]
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            listening(server, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(10)
            log.seek(0)
            said = log.read().decode()
        assert "Traceback" not in said, said


class Tab:
    """A page, what went wrong in it, and its console."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.loaded: set[str] = set()
        self.page.on("pageerror", lambda error: self.errors.append(f"{error}"))
        self.page.on("console", lambda each: self._note(each.type, each.text))
        self.page.on("response", lambda answer: self.loaded.add(answer.url))
        self._console: CDPSession = context.new_cdp_session(self.page)
        self.page.goto(url)
        for frame in self.page.query_selector_all("p2p-frame"):
            assert frame.get_attribute("token")

    def type(self, text: str) -> "str | None":
        """Type a block into the console; return what it ended in, if that was an error."""
        if re.search("^import ", text, re.MULTILINE):
            # A console has no imports; a module knows the console's names.
            self.page.evaluate(RUN_MODULE, text)
            return None
        answer = self._console.send(
            "Runtime.evaluate",
            {"expression": text, "replMode": True, "awaitPromise": True, "userGesture": True},
        )
        if "exceptionDetails" not in answer:
            return None
        error = answer["exceptionDetails"]["exception"]
        said = self._console.send(
            "Runtime.callFunctionOn",
            {"objectId": error["objectId"], "functionDeclaration": CODE_OR_TEXT},
        )
        return str(said["result"]["value"])

    def settle(self) -> None:
        """Wait until the page has reported what nobody has caught."""
        self.page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")

    def wait_until_connected(self) -> None:
        everywhere = """() => {
          const frames = [...document.querySelectorAll("p2p-frame")]
          return frames.length > 0 && frames.every((frame) => frame.state === "connected")
        }"""
        self.page.wait_for_function(everywhere, timeout=PATIENCE_MS)

    def _note(self, kind: str, text: str) -> None:
        if kind == "error":
            self.errors.append(text)


@contextlib.contextmanager
def tabs(browser: Browser, url: str) -> "Iterator[dict[str, Tab]]":
    """Open a page once for each name, one after the other, until all are connected."""
    context = browser.new_context()
    opened: dict[str, Tab] = {}
    try:
        for name in NAMES:
            opened[name] = Tab(context, f"{url}/{name}")
            opened[name].wait_until_connected()
        yield opened
    finally:
        context.close()
