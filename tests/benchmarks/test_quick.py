"""Each benchmark's smallest run, through all of its code: what is run but rarely rots unseen."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import rendering, results
from benchmarks.benchmark import BENCHMARKS

PATIENCE = 240

Runs = dict[str, "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def runs(folder: Path) -> Iterator[Runs]:
    """All of them at once: each waits for most of its time."""
    with ExitStack() as stack:
        started = {name: stack.enter_context(_start(name, folder)) for name in BENCHMARKS}
        yield started
        for run in started.values():
            run.send_signal(signal.SIGINT)  # So that its servers end with it.


def _start(name: str, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "benchmarks", name, "--quick", "--into", str(folder)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_writes_its_results_and_their_page(name: str, runs: Runs, folder: Path) -> None:
    said, _ = runs[name].communicate(timeout=PATIENCE)
    assert runs[name].returncode == 0, said
    assert json.loads((folder / f"{name}.json").read_text())["quick"] is True
    assert "a quick run" in (folder / f"{name}.md").read_text()
    for plot in BENCHMARKS[name].plots:
        assert (folder / f"{plot.name}.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_page_of_the_last_long_run_is_what_its_results_say(name: str, tmp_path: Path) -> None:
    for path in results.FOLDER.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    result = results.read(tmp_path, name)
    assert result is not None
    assert not result["quick"]
    rendering.page(tmp_path, result, BENCHMARKS[name].plots)
    for page in (f"{name}.md", *(f"{plot.name}.svg" for plot in BENCHMARKS[name].plots)):
        assert (tmp_path / page).read_text() == (results.FOLDER / page).read_text()


def test_the_help_lists_them_with_what_each_compares() -> None:
    command = [sys.executable, "-m", "benchmarks", "--help"]
    said = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    for name, benchmark in BENCHMARKS.items():
        assert f"{name} " in said
        assert benchmark.compares in said
