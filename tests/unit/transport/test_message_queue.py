import logging
import threading
from typing import Any

import pytest

from flask_p2p_streams.transport import message_queue
from flask_p2p_streams.transport.message_queue import Publisher, QueueHint


class Server:
    """What a publisher needs of a Socket.IO server."""

    def __init__(self, *sockets: str) -> None:
        self.environ = dict.fromkeys(sockets)
        self.tasks: list[threading.Thread] = []

    def start_background_task(self, target: Any) -> None:
        self.tasks.append(threading.Thread(target=target))
        self.tasks[-1].start()

    def settle(self) -> None:
        for task in self.tasks:
            task.join(10)


def test_publications_keep_their_order_and_nobody_waits_for_them() -> None:
    server, said, stalled = Server("a"), list[int](), threading.Event()
    publish = Publisher(server)
    publish.post(stalled.wait)
    for number in range(100):
        publish.post(lambda number=number: said.append(number))  # type: ignore[misc]
    assert said == []
    stalled.set()
    server.settle()
    assert said == list(range(100))
    assert len(server.tasks) == 1


def test_the_task_ends_when_there_is_nothing_to_say_and_another_begins() -> None:
    server, said = Server("a"), list[str]()
    publish = Publisher(server)
    publish.post(lambda: said.append("one"))
    server.settle()
    publish.post(lambda: said.append("two"))
    server.settle()
    assert said == ["one", "two"]
    assert len(server.tasks) == 2


def test_without_sockets_a_publication_is_made_at_once() -> None:
    server, said = Server(), list[str]()
    Publisher(server).post(lambda: said.append("now"))
    assert said == ["now"]
    assert server.tasks == []


def test_a_publication_that_fails_is_logged_and_harms_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server, said = Server("a"), list[str]()
    publish = Publisher(server)

    def fail() -> None:
        raise OSError("gone")

    publish.post(fail)
    publish.post(lambda: said.append("next"))
    server.settle()
    assert said == ["next"]
    assert "check the server of SocketIO(message_queue=...)" in caplog.text


def test_what_waits_is_bounded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(message_queue, "MAX_WAITING", 3)
    server, said, stalled, begun = Server("a"), list[int](), threading.Event(), threading.Event()
    publish = Publisher(server)

    def stall() -> None:
        begun.set()
        stalled.wait()

    publish.post(stall)
    begun.wait(10)
    with caplog.at_level(logging.ERROR):
        for number in range(10):
            publish.post(lambda number=number: said.append(number))  # type: ignore[misc]
    stalled.set()
    server.settle()
    assert said == [0, 1, 2]
    assert caplog.text.count("stalled") == 1


def test_what_socket_io_says_of_its_queue_is_followed_by_what_to_do_now_and_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seconds = 0.0
    theirs = logging.getLogger("socketio.server.for_a_test")
    theirs.addFilter(QueueHint(lambda: seconds))
    for _ in range(3):
        theirs.error("Cannot receive from redis... retrying in 1 secs")
        theirs.error("Cannot publish to redis... giving up")
    theirs.error("Something else")
    assert caplog.text.count("check that the server named by SocketIO(message_queue=...)") == 1
    assert caplog.text.count("Cannot receive") == 3
    assert "Something else" in caplog.text
    seconds = 61.0
    theirs.error("Cannot receive from redis... retrying in 1 secs")
    assert caplog.text.count("check that") == 2
