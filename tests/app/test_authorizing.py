from contextlib import nullcontext
from functools import partial
from typing import Any, NoReturn

import pytest
from flask import Flask, Request, abort, current_app, g, session

from flask_p2p_streams import ArgumentError, ErrorCode, P2PStreams, SignalingError
from flask_p2p_streams.testing import join


def refusal(app: Flask, peer_id: str = "eve", **shown: Any) -> dict[str, Any]:
    answer = join(app, "room", peer_id, **shown).refusal
    assert answer is not None
    return answer


def test_the_app_is_asked_at_each_join(app: Flask, p2p: P2PStreams) -> None:
    asked = []

    @p2p.authorize
    def note(session_id: str, peer_id: str, request: Request) -> bool:
        asked.append((session_id, peer_id, request.path))
        return True

    ann = join(app, "room", "ann")
    ann.rejoin()
    assert asked == [("room", "ann", "/socket.io")] * 2


def test_a_no_is_forbidden(app: Flask, p2p: P2PStreams) -> None:
    p2p.authorize(lambda session_id, peer_id, request: peer_id != "eve")
    p2p.authorize(lambda session_id, peer_id, request: True)
    assert refusal(app)["code"] == "forbidden"
    assert join(app, "room", "ann").is_host
    rooms = app.extensions["p2p_streams"].signaling.rooms
    assert len(rooms) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_abort_is_a_no(app: Flask, p2p: P2PStreams, status: int) -> None:
    p2p.authorize(lambda *_: abort(status))
    assert refusal(app)["code"] == "forbidden"


def test_an_error_of_the_app_s_choice(app: Flask, p2p: P2PStreams) -> None:
    def wait(*_: object) -> NoReturn:
        raise SignalingError(ErrorCode.UNAVAILABLE, "Not yet.", retry_after_ms=500)

    p2p.authorize(wait)
    answer = refusal(app)
    assert (answer["code"], answer["message"], answer["retry_after_ms"]) == (
        "unavailable",
        "Not yet.",
        500,
    )


@pytest.mark.parametrize("answer", [None, 0, 1, "", "yes", ZeroDivisionError("a bug")])
def test_a_function_that_fails_lets_nobody_in(
    app: Flask, p2p: P2PStreams, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    p2p.authorize(fail)
    assert refusal(app)["code"] == "internal"
    assert "p2p.authorize has failed" in caplog.text


def test_a_coroutine_would_always_say_yes(p2p: P2PStreams) -> None:
    async def check(*_: object) -> bool:
        return False

    for wrong in (check, "check", None):
        with pytest.raises(ArgumentError, match="plain function"):
            p2p.authorize(wrong)  # type: ignore[type-var]


def test_the_user_of_the_page_is_at_hand(app: Flask, p2p: P2PStreams) -> None:
    p2p.authorize(lambda session_id, peer_id, request: session.get("user") == peer_id)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["user"] = "ann"
    assert join(app, "room", "ann", client=client).is_host
    assert refusal(app, "bob", client=client)["code"] == "forbidden"
    assert refusal(app, "ann")["code"] == "forbidden"


def test_each_object_has_its_own(app: Flask, p2p: P2PStreams) -> None:
    other = P2PStreams()
    other.authorize(lambda *_: False)
    assert join(app, "room", "ann").is_host
    another = Flask("another_app")
    another.config["SECRET_KEY"] = "a key for tests"
    other.init_app(another)
    assert refusal(another)["code"] == "forbidden"


# What the log says


def said(caplog: pytest.LogCaptureFixture, level: str = "INFO") -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelname == level]


def test_a_refusal_by_the_app_is_in_the_log(
    app: Flask, p2p: P2PStreams, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "flask_p2p_streams")

    @p2p.authorize
    def is_member(session_id: str, peer_id: str, request: Request) -> bool:
        if peer_id == "mallory":
            abort(404)
        if peer_id == "early":
            raise SignalingError(ErrorCode.UNAVAILABLE)
        return peer_id != "eve"

    for peer_id, reason in (
        ("eve", "returns False"),
        ("mallory", "aborts with NotFound"),
        ("early", "raises unavailable"),
    ):
        caplog.clear()
        token = app.extensions["p2p_streams"].issuer.token("room", peer_id, 60, 60)
        refusal(app, peer_id, token=token)
        app.test_client().post("/p2p/token", json={"token": token})
        [one, other] = said(caplog)
        assert one == other
        assert one.startswith(f"Session 'room': peer '{peer_id}' isn't let in, as ")
        assert one.endswith(f"is_member {reason}.")
        assert token not in caplog.text


def test_who_is_let_in_is_not(
    app: Flask, p2p: P2PStreams, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "flask_p2p_streams")
    p2p.authorize(lambda *_: True)
    join(app, "room", "ann")
    assert not any("let in" in each for each in said(caplog))


def test_a_key_that_is_missing_is_a_mistake(
    app: Flask, p2p: P2PStreams, caplog: pytest.LogCaptureFixture
) -> None:
    p2p.authorize(lambda session_id, peer_id, request: request.args["invitation"] == "yes")
    assert refusal(app)["code"] == "internal"
    assert "invitation" in caplog.text


# What can't be a check


class Check:
    async def __call__(self, *_: object) -> bool:
        return False


def generated(*_: object) -> Any:
    yield False


async def generated_later(*_: object) -> Any:
    yield False


async def answered_later(*_: object) -> bool:
    return False


@pytest.mark.parametrize(
    "wrong", [Check(), generated, generated_later, partial(answered_later), Check().__call__]
)
def test_what_returns_no_answer_is_refused(p2p: P2PStreams, wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="plain function"):
        p2p.authorize(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: True,
        lambda session_id, peer_id: True,
        lambda session_id, peer_id, request, more: True,
        lambda *_, password: True,
        partial(lambda session_id, peer_id, request: True, "room"),
    ],
)
def test_what_takes_other_arguments_is_refused(p2p: P2PStreams, wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="session id, a peer id and the request"):
        p2p.authorize(wrong)


def test_what_takes_three_arguments(app: Flask, p2p: P2PStreams) -> None:
    class Members:
        def is_in(self, session_id: str, peer_id: str, request: Request) -> bool:
            return peer_id == "ann"

        def __call__(self, room: str, who: str, *more: object, deep: int = 0) -> bool:
            return True

    p2p.authorize(Members().is_in)
    p2p.authorize(Members())
    p2p.authorize(partial(lambda secret, *_: True, "a secret"))
    assert join(app, "room", "ann").is_host
    assert refusal(app)["code"] == "forbidden"


# What of the app is at hand, at a join as at a renewal


@pytest.fixture
def seen(app: Flask, p2p: P2PStreams) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []

    @app.before_request
    def load_user() -> None:
        g.user = session.get("user")

    @p2p.authorize
    def look(session_id: str, peer_id: str, request: Request) -> bool:
        seen.append({"user": session.get("user"), "g": dict(vars(g)), "app": current_app.name})
        g.kept = True
        return True

    return seen


@pytest.mark.parametrize("within", [True, False])
def test_a_join_and_a_renewal_see_the_same(
    app: Flask, seen: list[dict[str, Any]], within: bool
) -> None:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["user"] = "ann"
    token = app.extensions["p2p_streams"].issuer.token("room", "ann", 60, 60)
    with app.app_context() if within else nullcontext():
        for _ in range(2):
            assert join(app, "room", "ann", token=token, client=client).is_host
            assert client.post("/p2p/token", json={"token": token}).status_code == 200
    assert seen == [{"user": "ann", "g": {}, "app": "an_app"}] * 4
