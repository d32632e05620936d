"""The example app on two workers, one of which dies."""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import redis
from playwright.sync_api import Browser, Page, expect

from tests.kit.clusters import Cluster, running_cluster

from .chat import enter, say

ROOM = "garden"
TRIES = 20

# What a page has noticed: every state that its frame takes once this has run.
WATCH = """() => {
  const frame = document.querySelector("p2p-frame")
  window.noticed = []
  const observer = new MutationObserver(() => window.noticed.push(frame.getAttribute("state")))
  observer.observe(frame, { attributeFilter: ["state"] })
}"""

Enter = Callable[[str], Page]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def come_in(browser: Browser, cluster: Cluster) -> Iterator[Enter]:
    contexts = []

    def come_in(name: str) -> Page:
        contexts.append(browser.new_context())
        return enter(contexts[-1], cluster.url, name, ROOM)

    yield come_in
    for context in contexts:
        context.close()


def joins(cluster: Cluster, name: str) -> list[str]:
    """Return the workers that somebody has joined through, in order."""
    words = [line.split(": ", 1) for line in cluster.lines if ": " in line]
    return [worker for worker, *rest in words if rest == [f"{name} joins {ROOM}"]]


def join_elsewhere(cluster: Cluster, page: Page, name: str, other: str) -> None:
    """Load a page again until its socket was on another worker than that of the other."""
    # A page is connected before the log has reached us that says through which worker.
    cluster.wait_for(f": {other} joins {ROOM}$")
    cluster.wait_for(f": {name} joins {ROOM}$")
    for _ in range(TRIES):
        before = joins(cluster, name)
        if before[-1] != joins(cluster, other)[-1]:
            return
        page.reload()
        expect(page.locator("p2p-frame[state=connected]")).to_be_attached()
        cluster.until(partial(_joins_again, cluster, name, before), f"{name} joining again")
    raise AssertionError(f"nginx gave {name} the same worker as {other} {TRIES} times.")


def _joins_again(cluster: Cluster, name: str, before: list[str]) -> bool:
    return len(joins(cluster, name)) > len(before)


def watch(pages: list[Page]) -> None:
    for page in pages:
        page.evaluate(WATCH)


def check_nothing_noticed(pages: list[Page]) -> None:
    assert [page.evaluate("window.noticed") for page in pages] == [[] for _ in pages]


def talk(pages: list[Page], text: str) -> None:
    """Let each page say something, and wait until all have it."""
    for number, page in enumerate(pages):
        say(page, f"{text}, {number}")
    for page in pages:
        for number in range(len(pages)):
            expect(page.get_by_text(f"{text}, {number}", exact=True)).to_be_visible()


def test_a_chat_across_workers_goes_on_when_the_one_of_its_host_dies(
    cluster: Cluster, come_in: Enter
) -> None:
    ada, ben = come_in("Ada"), come_in("Ben")
    join_elsewhere(cluster, ben, "Ben", "Ada")
    talk([ada, ben], "before")

    watch([ada, ben])
    before = joins(cluster, "Ada")
    worker = before[-1]
    os.kill(cluster.pids()[worker], signal.SIGKILL)
    cluster.wait_for(f"{worker} was ended by SIGKILL")
    talk([ada, ben], "after")

    # The host's socket comes back, through whichever worker nginx finds, and so does the worker.
    cluster.until(lambda: len(joins(cluster, "Ada")) > len(before), "the host's socket")
    cluster.wait_for(f"{worker} is back")
    pages = [ada, ben, come_in("Zoë")]
    for page in pages:
        expect(page.locator(".people .person")).to_have_count(3)
    talk(pages, "in the end")
    check_nothing_noticed([ada, ben])


def test_a_chat_goes_on_when_redis_has_lost_everything(cluster: Cluster, come_in: Enter) -> None:
    ada, ben = come_in("Ada"), come_in("Ben")
    watch([ada, ben])
    port = int(cluster.wait_for(r"redis-cli -p (\d+)")[1])
    with redis.Redis(port=port) as client:
        client.flushall()
    cluster.wait_for("The cache has lost its memory")
    talk([ada, ben], "after")
    talk([ada, ben, come_in("Zoë")], "in the end")
    check_nothing_noticed([ada, ben])
