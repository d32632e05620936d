import logging

import pytest

from flask_p2p_streams.stores.breaker import OPEN_FOR, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("Is it plugged in?", clock)


def test_a_store_that_works_is_asked(breaker: Breaker) -> None:
    breaker.succeeded()
    assert breaker.admits()
    assert breaker.admits()


def test_a_store_that_has_failed_is_left_alone_for_a_second(breaker: Breaker, clock: Clock) -> None:
    breaker.failed(OSError())
    assert not breaker.admits()
    clock.now += OPEN_FOR - 0.001
    assert not breaker.admits()


def test_then_one_call_tries_it_for_all(breaker: Breaker, clock: Clock) -> None:
    breaker.failed(OSError())
    clock.now += OPEN_FOR
    assert breaker.admits()
    assert not breaker.admits()
    breaker.succeeded()
    assert breaker.admits()
    assert breaker.admits()


def test_a_trial_that_never_ends_is_followed_by_another(breaker: Breaker, clock: Clock) -> None:
    breaker.failed(OSError())
    for _ in range(2):
        clock.now += OPEN_FOR
        assert breaker.admits()
        assert not breaker.admits()


def test_an_outage_is_told_once_with_its_hint_and_once_when_it_is_over(
    breaker: Breaker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            breaker.failed(ConnectionError("Connection refused."))
        for _ in range(3):
            breaker.succeeded()
    told = [(record.levelname, record.getMessage(), record.exc_info) for record in caplog.records]
    assert told == [
        (
            "ERROR",
            "The store of the sessions has failed: ConnectionError: Connection refused. "
            "Is it plugged in?",
            None,
        ),
        ("WARNING", "The store of the sessions works again.", None),
    ]


def test_a_bug_is_told_with_its_traceback(
    breaker: Breaker, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        raise TypeError("expected str")
    except TypeError as error:
        breaker.failed(error)
    assert "Traceback" in caplog.text
    assert "Is it plugged in?" in caplog.text


def test_no_password_is_told(breaker: Breaker, caplog: pytest.LogCaptureFixture) -> None:
    breaker.failed(OSError("redis://ann:pa@ss@cache:6379/0 is gone"))
    assert "pa@" not in caplog.text
    assert "ann" not in caplog.text
    assert "://…@cache:6379/0 is gone" in caplog.text


def test_what_a_server_answers_has_a_hint_of_its_own(
    breaker: Breaker, caplog: pytest.LogCaptureFixture
) -> None:
    breaker.failed(type("AuthenticationError", (Exception,), {})("invalid password"))
    assert "refuses the user or the password" in caplog.text
    assert "plugged in" not in caplog.text
