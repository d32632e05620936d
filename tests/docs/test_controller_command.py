"""`flask p2p controller` prints what a reader has to do next; done to the letter, it works."""

import os
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page

from .blocks import ROOT
from .reader import quickstart
from .tabs import served, tabs

SHOWN = re.compile(r"(?:^  .*\n)+", re.MULTILINE)
PAGE = """<!doctype html>
<html lang="en">
<title>{{ name }}</title>
{%% call p2p_frame_tag(session_id="room-1", peer_id=name) %%}
%s{%% endcall %%}
%s</html>
"""


def test_the_next_steps_lead_to_a_chat(browser: Browser, tmp_path: Path) -> None:
    quickstart().write_to(tmp_path)
    said = _run(tmp_path, "controller", "chat-room")
    module, targets, script = SHOWN.findall(said)
    saved_as = re.search(r"such as (\S+):$", said, re.MULTILINE)
    assert saved_as is not None
    (tmp_path / saved_as[1]).write_text(module)
    (tmp_path / "templates/room.html").write_text(PAGE % (targets, script))
    with served(tmp_path) as url, tabs(browser, url) as opened:
        bob, ann = opened["bob"], opened["ann"]
        bob.page.get_by_role("textbox", name="Message").fill("hello")
        bob.page.get_by_role("button", name="Send").click()
        ann.page.get_by_text("bob: hello").wait_for()
        assert [tab.errors for tab in opened.values()] == [[], [], []]
        _send_from_a_closed_frame(bob.page)
        bob.settle()
        assert bob.errors == []


def _send_from_a_closed_frame(page: Page) -> None:
    page.evaluate("document.querySelector('p2p-frame').close()")
    page.get_by_role("textbox", name="Message").fill("too late")
    with page.expect_console_message(lambda each: "This peer is closed." in each.text):
        page.get_by_role("button", name="Send").click()


def _run(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "p2p", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return f"{done.stdout}\n"
