"""The Python of the README and the docs, in the order in which a reader pastes it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.kit.chromium import program
from tests.kit.network import Network
from tests.kit.stores import StoreServer, running_redis, running_sentinel

from .blocks import ROOT, Block, all_blocks
from .reader import APP, folder_at
from .tabs import served, tabs

PYTHON = [
    block
    for block in all_blocks()
    if block.language == "python" and block.reason_not_to_run is None
]
APPS = [block for block in PYTHON if block.path in {None, APP}]
QUEUE = re.compile("message_queue|client_manager")
QUEUED = [block for block in APPS if QUEUE.search(folder_at(block).files[APP])]
FIXTURES = [block for block in PYTHON if block.path == "conftest.py"]
TESTS = [block for block in PYTHON if block.path and block.path.startswith("test_")]
PROGRAMS = [block for block in PYTHON if block not in [*APPS, *FIXTURES, *TESTS]]
# What ruff finds in a reader's file: names that nobody has defined, or that two things have.
RULES = "F821,F811,F401"
KEY = "a key for the tests of the docs"
VISIT = """
import time, urllib.request
for _ in range(600):
    try:
        assert b'peer-id="ann"' in urllib.request.urlopen("http://127.0.0.1:5000/ann").read()
        break
    except OSError:
        time.sleep(0.1)
else:
    raise SystemExit("Nobody serves http://127.0.0.1:5000.")
"""
RUFF = (sys.executable, "-m", "ruff", "check", "--isolated", "--select", RULES)


SENTINEL = re.compile(r"10\.0\.0\.\d(:|\", )26379")
"""The address of a Sentinel in the docs, in both ways to write it."""


@pytest.fixture(scope="module")
def redis() -> Iterator[StoreServer]:
    with running_redis() as redis:
        yield redis


@pytest.fixture(scope="module")
def sentinel(redis: StoreServer) -> Iterator[StoreServer]:
    with running_sentinel(redis) as sentinel:
        yield sentinel


def run(folder: Path, *command: str | Path, **environment: str) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def written(block: Block, folder: Path, sentinel: StoreServer | None = None) -> Path:
    files = folder_at(block)
    if sentinel is not None:
        files.files[APP] = SENTINEL.sub(rf"127.0.0.1\g<1>{sentinel.port}", files.files[APP])
    files.write_to(folder)
    return folder


@pytest.mark.parametrize("block", [each for each in APPS if each not in QUEUED], ids=str)
def test_apps_serve_what_they_show(
    block: Block, tmp_path: Path, redis: StoreServer, sentinel: StoreServer
) -> None:
    folder = written(block, tmp_path, sentinel)
    run(folder, *RUFF, APP)
    environment = {"REDIS_URL": redis.url, "SECRET_KEY": KEY}
    run(folder, sys.executable, "-m", "tests.docs.exercise", **environment)


@pytest.mark.parametrize("block", QUEUED, ids=str)
def test_apps_of_several_workers_connect(
    block: Block,
    browser: Browser,
    tmp_path: Path,
    redis: StoreServer,
    sentinel: StoreServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Flask-SocketIO's test client takes no message queue, so it is a browser that joins."""
    monkeypatch.setenv("REDIS_URL", redis.url)
    monkeypatch.setenv("SECRET_KEY", KEY)
    written(block, tmp_path, sentinel)
    with served(tmp_path) as url, tabs(browser, f"{url}/_blocks/room") as opened:
        assert [tab.errors for tab in opened.values()] == [[], [], []]


@pytest.mark.parametrize("block", TESTS, ids=str)
def test_tests_pass(block: Block, tmp_path: Path) -> None:
    assert block.path is not None
    run_tests(written(block, tmp_path), block.path)


@pytest.mark.parametrize("page", sorted({block.page for block in TESTS}))
def test_tests_of_a_page_pass_together(page: str, tmp_path: Path) -> None:
    """A reader has them all in one folder, where one app serves them."""
    last = [block for block in TESTS if block.page == page][-1]
    run_tests(written(last, tmp_path))


def run_tests(folder: Path, *paths: str) -> None:
    run(folder, *RUFF, ".")
    # As root, Chromium needs the flag that the page names.
    chromium = folder / "chromium"
    chromium.write_text(f'#!/bin/sh\nexec {program()} --no-sandbox "$@"\n')
    chromium.chmod(0o755)
    run(folder, sys.executable, "-m", "pytest", "-q", *paths, CHROMIUM=str(chromium))


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_programs_serve_the_app(block: Block, tmp_path: Path) -> None:
    """They listen at the port that the page names, so that each gets a network of its own."""
    folder = written(block, tmp_path)
    run(folder, *RUFF, ".")
    assert block.path is not None
    network = Network()
    command = network.command("hub", sys.executable, str(folder / block.path))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / "log.txt").open("w+b") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            run(folder, *network.command("hub", sys.executable, "-c", VISIT))
        finally:
            server.terminate()
            server.wait(10)
            network.close()
        log.seek(0)
        assert "Traceback" not in log.read().decode()
