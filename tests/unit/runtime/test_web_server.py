import os
import sys
import weakref
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from flask_p2p_streams.errors import ConfigurationError
from flask_p2p_streams.runtime import web_server
from flask_p2p_streams.runtime.web_server import (
    check_web_server,
    gunicorn_settings,
    serving_problem,
    worker_of,
)

try:
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
except ImportError:
    message = "There is no gunicorn."
    if "CI" in os.environ:
        pytest.fail(message)
    pytest.skip(message, allow_module_level=True)


class Loading(BaseApplication):  # type: ignore[misc]
    """gunicorn while it loads an app, with the settings that are given."""

    def __init__(self, act: Callable[[], Any], **settings: Any) -> None:
        self._act = act
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._act()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    for module in ("uwsgi", "gunicorn.workers.sync"):
        monkeypatch.delitem(sys.modules, module, raising=False)


def refusal(
    mode: str = "threading",
    *,
    is_shared: bool = True,
    has_queue: bool = True,
    polls: bool = False,
    **settings: Any,
) -> str:
    """Return why an app isn't loaded by a gunicorn, or nothing."""

    def check() -> None:
        check_web_server(mode, is_shared=is_shared, has_queue=has_queue, polls=polls)

    try:
        Loading(check, **settings).wsgi() if settings else check()
    except ConfigurationError as error:
        return str(error)
    return ""


def test_the_settings_are_found_while_it_loads_the_app_only() -> None:
    assert gunicorn_settings() is None
    settings = Loading(gunicorn_settings, workers=3).wsgi()
    assert settings.workers == 3


def test_the_look_for_it_keeps_nothing_of_the_callers_alive() -> None:
    class Thing:
        pass

    thing = Thing()
    gone = weakref.ref(thing)
    gunicorn_settings()
    del thing
    assert gone() is None


@pytest.mark.parametrize(
    ("worker_class", "worker"),
    [
        ("gthread", "gthread"),
        ("gunicorn.workers.gthread.ThreadWorker", "gthread"),
        ("gevent_pywsgi", "ggevent"),
        ("gevent", "ggevent"),
        ("sync", "sync"),
        (type("Mine", (), {}), ""),
    ],
)
def test_which_worker_it_runs(worker_class: Any, worker: str) -> None:
    settings = Loading(gunicorn_settings, worker_class=worker_class).wsgi()
    assert worker_of(settings) == worker


def test_no_settings_are_known_while_they_are_read() -> None:
    class Reading(Loading):
        def load_config(self) -> None:
            self.found = gunicorn_settings()

    assert Reading(lambda: None).found is None


def test_a_request_is_judged_by_the_worker_that_serves_it() -> None:
    from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

    class Serving(ThreadWorker):  # type: ignore[misc]
        def __init__(self, **settings: Any) -> None:
            self.cfg = Loading(gunicorn_settings, worker_class="gthread", **settings).wsgi()

    # As gunicorn's own code calls an app.
    text = "def serve(self): return serving_problem('threading')"
    frame = {"__name__": "gunicorn.workers.gthread", "serving_problem": serving_problem}
    exec(text, frame)
    serve: Any = frame["serve"]
    assert "has one thread" in serve(Serving())
    assert serve(Serving(threads=20)) is None
    assert serving_problem("threading") is None


@pytest.mark.parametrize("preload", [False, True])
@pytest.mark.parametrize("option", ["check_config", "print_config"])
def test_the_patch_of_a_worker_that_will_never_run(option: str, preload: bool) -> None:
    settings: dict[str, Any] = {"worker_class": "gevent", "preload_app": preload, option: True}
    text = refusal(**settings)
    assert bool(text) == preload


def test_threads_that_are_asked_of_the_sync_worker_make_another_of_it() -> None:
    assert refusal(worker_class="sync", threads=100) == ""


@pytest.mark.parametrize(
    ("mode", "patch", "settings", "told"),
    [
        ("threading", "", {"worker_class": "gthread", "threads": 100}, ""),
        ("threading", "", {"worker_class": "gthread"}, "one thread"),
        ("threading", "", {"worker_class": "sync"}, "sync worker"),
        ("threading", "", {"worker_class": "sync"}, "a SocketIO of your own"),
        ("threading", "", {"worker_class": "asgi"}, "asgi worker"),
        ("gevent", "", {"worker_class": "gthread", "threads": 9}, "'gevent', and gunicorn's"),
        ("gevent", "gevent", {"worker_class": "gthread", "threads": 9}, "no loop of it"),
        ("eventlet", "", {"worker_class": "gthread", "threads": 9}, "'eventlet', and gunicorn's"),
        ("threading", "gevent", {"worker_class": "gthread", "threads": 9}, "patched by gevent"),
        ("threading", "eventlet", {"worker_class": "gthread", "threads": 9}, "by eventlet"),
        ("gevent", "gevent", {"worker_class": "gevent"}, ""),
        ("threading", "gevent", {"worker_class": "gevent"}, ""),
        ("gevent", "", {"worker_class": "gevent"}, "--preload"),
        ("threading", "", {"worker_class": "gevent"}, "--preload"),
    ],
)
def test_workers_that_run_no_loop_of_the_mode(
    monkeypatch: pytest.MonkeyPatch, mode: str, patch: str, settings: dict[str, Any], told: str
) -> None:
    monkeypatch.setattr(web_server, "patched_by", lambda: patch)
    text = refusal(mode, **settings)
    assert told in text
    assert bool(text) == bool(told)


@pytest.mark.parametrize(
    ("is_shared", "has_queue", "told"),
    [
        (True, True, ""),
        (False, False, "Set CACHE_TYPE to RedisCache, and pass message_queue="),
        (True, False, "Pass message_queue="),
        (False, True, "Set CACHE_TYPE to RedisCache, or run one."),
    ],
)
def test_several_workers_need_a_cache_and_a_queue(
    is_shared: bool, has_queue: bool, told: str
) -> None:
    def checked(workers: int) -> str:
        options: dict[str, Any] = {"worker_class": "gthread", "threads": 100, "workers": workers}
        return refusal(is_shared=is_shared, has_queue=has_queue, **options)

    assert checked(1) == ""
    assert told in checked(2)
    assert bool(checked(2)) == bool(told)


def test_several_workers_at_one_address_take_no_long_polling() -> None:
    options: dict[str, Any] = {"worker_class": "gthread", "threads": 100}
    assert refusal(polls=True, workers=1, **options) == ""
    text = refusal(polls=True, workers=2, **options)
    assert "runs 2 workers at one address" in text
    assert "P2P_TRANSPORTS" in text


def test_how_many_workers_the_environment_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    # gunicorn reads it when it is imported.
    from gunicorn.config import Workers  # type: ignore[import-untyped]

    monkeypatch.setattr(Workers, "default", 2)
    text = refusal(is_shared=False, worker_class="gthread", threads=100)
    assert "gunicorn runs 2 workers" in text


# What is known though the app is loaded by another thread


@pytest.mark.parametrize(
    ("software", "mode", "refused"),
    [
        ("", "eventlet", False),
        ("gunicorn/27.0.1", "eventlet", True),
        ("gunicorn", "eventlet", True),
        ("gunicorn/25.3.0", "eventlet", False),
        ("gunicorn/27.0.1", "threading", False),
        ("gunicorn/27.0.1", "gevent", False),
    ],
)
def test_eventlet_under_gunicorn(
    monkeypatch: pytest.MonkeyPatch, software: str, mode: str, refused: bool
) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", software)
    assert bool(refusal(mode)) == refused


@pytest.mark.parametrize("mode", ["threading", "gevent"])
def test_the_sync_worker_of_gunicorn(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "gunicorn/27.0.1")
    assert not refusal(mode)
    monkeypatch.setitem(sys.modules, "gunicorn.workers.sync", sys)
    assert refusal(mode)


@pytest.mark.parametrize("name", ["uwsgi", "mod_wsgi"])
def test_servers_without_a_way_to_a_websocket(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    assert "gunicorn -k gthread" in refusal()


@pytest.mark.parametrize("path", ["uwsgi.py", "uwsgi/__init__.py", "uwsgi/uwsgi.ini"])
def test_a_file_or_folder_of_the_app_s_that_is_called_like_a_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str
) -> None:
    Path(tmp_path, path).parent.mkdir(exist_ok=True)
    Path(tmp_path, path).touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    # The fixture takes it away again.
    monkeypatch.setitem(sys.modules, "uwsgi", import_module("uwsgi"))
    assert refusal() == ""
