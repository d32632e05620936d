from typing import Any, NoReturn

import pytest
from flask import Flask, Request, abort, session

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
