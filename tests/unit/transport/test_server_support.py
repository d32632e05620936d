"""What is said of a server; `tests/server/test_programs.py` asks real ones."""

from typing import Any

import pytest

from flask_p2p_streams.transport.server_support import ServerSupport, carrying_problem, kind_of

THREADS = {"wsgi.multithread": True, "wsgi.multiprocess": False}


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"werkzeug.socket": object()}, "werkzeug"),
        ({"gunicorn.socket": object()}, "gunicorn"),
        ({"eventlet.input": object()}, "eventlet"),
        # So Engine.IO hands on a request of any of its workers.
        ({"eventlet.input": object(), "gunicorn.socket": object()}, "gunicorn"),
        # Its input isn't the server's own any more.
        ({"SERVER_SOFTWARE": "gevent/20.0"}, ""),
        ({"SERVER_SOFTWARE": "waitress"}, ""),
        ({}, ""),
    ],
)
def test_whose_server_it_is(environ: dict[str, Any], kind: str) -> None:
    assert kind_of(environ) == kind


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (THREADS, None),
        ({**THREADS, "wsgi.multithread": False}, "threaded=False"),
        ({"wsgi.multithread": False, "wsgi.multiprocess": True}, "processes="),
    ],
)
def test_how_werkzeug_serves(environ: dict[str, Any], told: str | None) -> None:
    problem = carrying_problem("werkzeug", environ, "threading")
    assert (problem is None) == (told is None)
    assert (told or "") in (problem or "")


def test_a_server_is_named_in_few_words() -> None:
    problem = carrying_problem("", {"SERVER_SOFTWARE": "x" * 5000}, "threading")
    assert problem is not None
    assert len(problem) < 300


@pytest.mark.parametrize(("is_shared", "count"), [(True, 0), (False, 1)])
def test_several_processes_are_told_once_and_served(
    caplog: pytest.LogCaptureFixture, is_shared: bool, count: int
) -> None:
    served: list[str] = []
    support = ServerSupport(
        "threading", is_shared=is_shared, has_queue=True
    ).before(lambda environ, _: served.append(environ["REMOTE_ADDR"]))
    environ = {"HTTP_UPGRADE": "websocket", "gunicorn.socket": None, "wsgi.multiprocess": True}
    for address in ("192.0.2.1", "192.0.2.2"):
        support({**environ, "REMOTE_ADDR": address}, None)
    assert served == ["192.0.2.1", "192.0.2.2"]
    assert caplog.text.count("Several processes serve this app") == count
    assert "192.0.2" not in caplog.text


def test_a_page_is_nobody_s_concern() -> None:
    support = ServerSupport("gevent", is_shared=False, has_queue=True).before(
        lambda *_: [b"page"]
    )
    assert support({"SERVER_SOFTWARE": "waitress"}, None) == [b"page"]
