from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings

from flask_p2p_streams import P2PStreams
from tests.kit.chromium import browser as browser
from tests.kit.fixtures import redis as redis

# A busy machine is no failure, and a failure is kept by writing a test for it.
_ALWAYS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
# The same examples each time, so that a run says the same of a commit wherever it runs …
settings.register_profile("here", _ALWAYS, derandomize=True, max_examples=50)
# … fewer of them with `make check` …
settings.register_profile("check", _ALWAYS, derandomize=True, max_examples=10)
# … and, with `make explore`, others each time.
settings.register_profile("explore", _ALWAYS, max_examples=500)
settings.load_profile("here")

AppFactory = Callable[..., Flask]


@pytest.fixture
def make_app() -> AppFactory:
    """Make an app with the extension; keyword arguments are configuration."""

    def make(**config: Any) -> Flask:
        app = Flask("an_app")
        app.config.update(SECRET_KEY="a key for tests", **config)
        P2PStreams(app)
        return app

    return make


@pytest.fixture
def p2p() -> P2PStreams:
    return P2PStreams()


@pytest.fixture
def app(p2p: P2PStreams) -> Flask:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    p2p.init_app(app)
    return app


class Clock:
    """Seconds since 1970, moved on by hand."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()
