"""Finds out at start which web server loads the app, and refuses one that can't serve it."""

import os
import sys
from collections.abc import Iterator
from typing import Any, Literal, cast

from ..errors import ConfigurationError
from .async_mode import patched_by
from .sharing import lack

Worker = Literal["sync", "gthread", "ggevent", "gtornado", "gasgi", ""]
MODULES = "gunicorn.workers."

GOOD = (
    "`gunicorn -k gthread --threads 100` (a SocketIO of your own with async_mode='threading'), or "
    "`gunicorn -k gevent` (with async_mode='gevent')"
)
"""Servers that carry WebSockets in production."""
BLOCKED = {
    "sync": "gunicorn's sync worker serves one WebSocket, and nobody else meanwhile.",
    "gtornado": "gunicorn's tornado worker serves one WebSocket, and nobody else meanwhile.",
    "gasgi": "gunicorn's asgi worker serves no Flask app.",
}


def check_web_server(
    mode: str, *, is_shared: bool, has_queue: bool, polls: bool = False
) -> None:
    """Refuse a web server that can't carry the WebSockets of an async mode.

    :param is_shared: whether other processes see the sessions.
    :param has_queue: whether there is a message queue.
    :param polls: whether the client may use long polling.
    :raises ConfigurationError: with a hint.
    """
    _check_foreign()
    _check_software(mode)
    settings = gunicorn_settings()
    if settings is not None:
        _check_worker(worker_of(settings), settings, mode)
        _check_count(settings.workers, is_shared=is_shared, has_queue=has_queue)
        if polls and settings.workers > 1:
            raise ConfigurationError(
                f"gunicorn runs {settings.workers} workers at one address, and each request of "
                "long polling would come to another of them. Run one worker at each address, and "
                "let the proxy send all requests of a visitor to the same one; or leave "
                "'polling' out of P2P_TRANSPORTS.",
                key="P2P_TRANSPORTS",
            )


def gunicorn_settings() -> Any:
    """Return the settings of the gunicorn that loads the app just now; None without one.

    gunicorn doesn't offer its settings, so they are looked for in the frames of our callers. This
    also works in the process that forks the workers, before these exist. While gunicorn reads
    its configuration, there are no settings yet.
    """
    base: Any = sys.modules.get("gunicorn.app.base")
    if base is None or any(name == "do_load_config" for name, _ in _gunicorn_callers()):
        return None
    return _settings_of(base.BaseApplication)


def serving_problem(mode: str) -> str | None:
    """Return why the gunicorn of the present request carries no WebSockets, and a hint.

    None if it does, or if there is no gunicorn. If gunicorn hasn't loaded the app itself, its
    settings can't be seen before a request.
    """
    base: Any = sys.modules.get("gunicorn.workers.base")
    settings = base and _settings_of(base.Worker)
    if settings is None:
        return None
    try:
        _check_software(mode)
        _check_worker(worker_of(settings), settings, mode)
    except ConfigurationError as error:
        return str(error)
    return None


def worker_of(settings: Any) -> Worker:
    """Return which of gunicorn's workers is run, also as a base class; empty for any other."""
    modules = [each.__module__ for each in settings.worker_class.__mro__]
    own = [each.removeprefix(MODULES) for each in modules if each.startswith(MODULES)]
    kinds = (*BLOCKED, "gthread", "ggevent")
    return cast(Worker, next((each for each in own if each in kinds), ""))


def _settings_of(kind: type) -> Any:
    found = (each for _, each in _gunicorn_callers() if issubclass(type(each), kind))
    return getattr(next(found, None), "cfg", None)


def _gunicorn_callers() -> Iterator[tuple[str, object]]:
    frame = sys._getframe(1).f_back
    while frame is not None:
        # Only gunicorn's frames: reading the variables of a frame keeps those alive as long as it.
        if str(frame.f_globals.get("__name__")).startswith("gunicorn."):
            yield frame.f_code.co_name, frame.f_locals.get("self")
        frame = frame.f_back


def _check_foreign() -> None:
    for module, name in (("uwsgi", "uWSGI"), ("mod_wsgi", "mod_wsgi")):
        if _is_embedded(sys.modules.get(module)):
            raise ConfigurationError(f"{name} can't carry the WebSockets of this app. Run {GOOD}.")


def _is_embedded(module: object) -> bool:
    # A module that comes from a file or a folder only has the same name.
    return module is not None and not (hasattr(module, "__file__") or hasattr(module, "__path__"))


def _check_software(mode: str) -> None:
    # This also works if another thread makes the app than the one that has begun to load it.
    software, _, version = os.environ.get("SERVER_SOFTWARE", "").partition("/")
    if software != "gunicorn":
        return
    if f"{MODULES}sync" in sys.modules:
        raise ConfigurationError(f"{BLOCKED['sync']} Run {GOOD}.")
    if mode == "eventlet" and not _has_eventlet_worker(version):
        raise ConfigurationError(
            "gunicorn has no eventlet worker since version 26, so no packet would ever arrive. "
            f"Run {GOOD}, or socketio.run(app) with eventlet."
        )


def _has_eventlet_worker(version: str) -> bool:
    major = version.partition(".")[0]
    return major.isdigit() and int(major) < 26


def _check_worker(worker: Worker, settings: Any, mode: str) -> None:
    if worker in BLOCKED:
        raise ConfigurationError(f"{BLOCKED[worker]} Run {GOOD}.")
    if worker == "gthread":
        _check_threads(settings.threads, mode)
    elif worker == "ggevent" and patched_by() != "gevent" and not _is_rehearsed(settings):
        raise ConfigurationError(
            "gunicorn's gevent worker patches the standard library only after --preload, or a "
            "hook that imports the app, has loaded it, so half of it would stop the whole "
            "worker. Put `from gevent import monkey; monkey.patch_all()` at the top of the app's "
            "first module, or leave --preload or the hook's import out."
        )


def _is_rehearsed(settings: Any) -> bool:
    # With --check-config and --print-config, gunicorn loads the app but runs no worker.
    is_shown = getattr(settings, "print_config", False)
    return bool(settings.check_config or is_shown) and not settings.preload_app


def _check_threads(threads: int, mode: str) -> None:
    patch = patched_by()
    if threads < 2:
        raise ConfigurationError(
            "gunicorn's gthread worker has one thread, which the first WebSocket would hold. "
            "Run `gunicorn -k gthread --threads 100`: a thread for each open WebSocket, and some "
            "more."
        )
    if mode != "threading":
        raise ConfigurationError(
            f"async_mode is {mode!r}, and gunicorn's gthread worker runs no loop of it, so no "
            f"packet would ever arrive. Run {GOOD}."
        )
    if patch:
        raise ConfigurationError(
            f"The standard library is patched by {patch}, and gunicorn's gthread worker runs no "
            f"loop of it, so no packet would ever arrive. Leave the patch out, or run {GOOD}."
        )


def _check_count(count: int, *, is_shared: bool, has_queue: bool) -> None:
    lacking = lack(is_shared=is_shared, has_queue=has_queue)
    if count > 1 and lacking is not None:
        raise ConfigurationError(f"gunicorn runs {count} workers, {lacking}")
