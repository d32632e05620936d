"""Making the app out of what a test has chosen."""

import importlib
from functools import partial
from typing import Any

from flask import Flask
from flask_caching import Cache
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.stores import from_cache
from flask_p2p_streams.stores.in_process import MemoryStore
from tests.kit.app import handlers, inside, log, moderation, pages, providers, tokens, traffic
from tests.kit.app.config import Config
from tests.kit.app.store import CountingStore

KEY = "a key for tests"


def make_app(config: Config) -> tuple[Flask, P2PStreams]:
    """Make the app, and all that it tells about itself."""
    overheard = log.begin(config)
    _replace_constants(config.constants)
    if config.most_sessions is not None:
        smaller = partial(MemoryStore, max_sessions=config.most_sessions)
        from_cache.MemoryStore = smaller  # type: ignore[assignment, attr-defined]
    app = Flask("an_app", template_folder=pages.TEMPLATES, static_folder=pages.STATIC)
    app.config.update(SECRET_KEY=KEY)
    if config.cache:
        app.config.update(CACHE_TYPE="RedisCache", CACHE_REDIS_URL=config.cache)
    app.config.update(config.flask)
    p2p = _make_extension(app, config)
    if config.proxy is not None:
        app.wsgi_app = ProxyFix(app.wsgi_app, **config.proxy)  # type: ignore[method-assign]
    if overheard is not None:
        app.register_blueprint(log.blueprint(overheard))
    for module in (tokens, inside, moderation, pages, traffic):
        app.register_blueprint(module.blueprint(app, p2p))
    for name in config.handlers:
        handlers.HANDLERS[name](p2p.socketio)
    if config.provider:
        p2p.ice_servers(providers.PROVIDERS[config.provider])
    if config.controllers:
        pages.write_controller(app)
    return app, p2p


def _replace_constants(constants: dict[str, Any]) -> None:
    for path, value in constants.items():
        module, _, name = path.rpartition(".")
        owner = importlib.import_module(module)
        present = getattr(owner, name)
        # JSON has no tuples.
        setattr(owner, name, tuple(value) if isinstance(present, tuple) else value)


def _make_extension(app: Flask, config: Config) -> P2PStreams:
    options = dict(config.options)
    if config.mode:
        options["async_mode"] = config.mode
    if config.queue:
        options["message_queue"] = config.queue
    if config.own_socketio:
        # By itself Flask-SocketIO takes whatever is installed.
        SocketIO(app, **{"async_mode": config.patch or "threading", **options})
    elif options:
        app.config["P2P_SOCKETIO_OPTIONS"] = options
    return P2PStreams(app, **_keepers(app, config))


def _keepers(app: Flask, config: Config) -> dict[str, Any]:
    """Return what the extension is told to keep sessions in; nothing where it finds it itself."""
    if config.counting_store:
        return {"store": CountingStore()}
    if "CACHE_TYPE" not in app.config or config.caches == "none":
        return {}
    if config.caches == "two":
        Cache(app, config={"CACHE_TYPE": "SimpleCache"})
        return {"cache": Cache(app)}
    Cache(app)
    return {}
