"""Each peer's own ICE servers: with credentials that end, and those of a provider."""

import base64
import hmac
import time
from collections.abc import Iterator
from functools import partial
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask, current_app, has_request_context

from flask_p2p_streams import ArgumentError, P2PStreams
from flask_p2p_streams.limits.budgets import ICE_CALLS
from flask_p2p_streams.signaling import provider_calls
from flask_p2p_streams.testing import P2PTestPeer, join
from tests.kit.waiting import PATIENCE, until

STUN = {"urls": ["stun:s.example"]}
URLS = ["turn:t.example:3478", "turns:t.example:443?transport=tcp"]
SECRET = "geheim"
OURS = {"urls": ["turn:p.example"], "username": "u", "credential": "geheim"}
GIVEN = {**OURS, "urls": "turn:p.example"}
LOGGER = "flask_p2p_streams"

Provider = Any


@pytest.fixture
def app(p2p: P2PStreams) -> Flask:
    """An app with a STUN server."""
    app = Flask("an_app")
    app.config.update(SECRET_KEY="a key for tests", P2P_ICE_SERVERS=[STUN])
    p2p.init_app(app)
    return app


@pytest.fixture
def turn_app(p2p: P2PStreams) -> Flask:
    """An app with a STUN and a TURN server."""
    app = Flask("a_turn_app")
    app.config.update(
        SECRET_KEY="a key for tests",
        P2P_ICE_SERVERS=[STUN],
        P2P_TURN_URLS=URLS,
        P2P_TURN_SECRET=SECRET,
        P2P_TURN_TTL=600,
    )
    p2p.init_app(app)
    return app


@pytest.fixture
def hold() -> Iterator[Event]:
    """What a function waits for that hangs."""
    event = Event()
    yield event
    event.set()


def told(peer: P2PTestPeer, about: str) -> dict[str, Any]:
    """Return the `session_ready` that a peer got about one."""
    [ready] = [each for each in peer.received("session_ready") if each["peer_id"] == about]
    return dict(ready)


def renewed(app: Flask, peer_id: str, expires_in: float = 60) -> dict[str, Any]:
    token = app.extensions["p2p_streams"].issuer.token("room", peer_id, expires_in, 60)
    answer = app.test_client().post("/p2p/token", json={"token": token}).get_json()
    assert answer["ok"], answer
    return dict(answer)


def ends_at(turn: dict[str, Any]) -> int:
    """Return when the credentials of a TURN server end, which are the secret's."""
    digest = hmac.digest(SECRET.encode(), turn["username"].encode(), "sha1")
    assert turn["credential"] == base64.b64encode(digest).decode()
    return int(turn["username"].partition(":")[0])


# The app's own TURN servers


def test_each_peer_gets_credentials_of_its_own(turn_app: Flask) -> None:
    before = time.time()
    ann, bob = join(turn_app, "room", "ann"), join(turn_app, "room", "bob")
    names = set()
    for ready in (told(ann, "ann"), told(ann, "bob"), told(bob, "bob")):
        stun, turn = ready["ice_servers"]
        assert (stun, turn["urls"]) == (STUN, URLS)
        assert before + 600 <= ends_at(turn) <= time.time() + 601
        assert ready["ice_expires_in_ms"] == 600_000
        names.add(turn["username"].partition(":")[2])
    # Both copies to the host have the host's name, which says nothing of it.
    assert len(names) == 2
    assert all(len(name) == 16 and int(name, 16) for name in names)


def test_a_name_is_one_session_s_and_one_key_s(turn_app: Flask) -> None:
    pseudonym = turn_app.extensions["p2p_streams"].signer.pseudonym
    ids = [("room", "ann"), ("room", "bob"), ("hall", "ann"), ("roo", "mann"), ("room,", "ann")]
    assert len({pseudonym(*each) for each in ids}) == len(ids)
    assert pseudonym("room", "ann") == pseudonym("room", "ann")
    other = Flask("a_turn_app")
    other.config["SECRET_KEY"] = "another key"
    P2PStreams(other)
    assert other.extensions["p2p_streams"].signer.pseudonym("room", "ann") != pseudonym(
        "room", "ann"
    )


@pytest.mark.parametrize("expires_in", [5, 60, 400_000])
def test_a_renewal_brings_fresh_ones(turn_app: Flask, expires_in: float) -> None:
    # Also for a token that lasts much longer than they.
    answer = renewed(turn_app, "ann", expires_in)
    stun, turn = answer["ice_servers"]
    assert (stun, answer["ice_expires_in_ms"]) == (STUN, 600_000)
    assert ends_at(turn) >= time.time() + 599


def test_long_after_the_first_ones_have_ended(turn_app: Flask) -> None:
    ann, bob = join(turn_app, "room", "ann"), join(turn_app, "room", "bob")
    first = ends_at(told(bob, "bob")["ice_servers"][1])
    ice, heard = turn_app.extensions["p2p_streams"].ice_servers, len(ann.received("session_ready"))
    object.__setattr__(ice, "now", lambda: time.time() + 3600)
    # A third peer comes, and a cut one asks for its link to be repaired.
    eve = join(turn_app, "room", "eve")
    bob.emit("session_join", {"connected_epoch": ann.epoch, "link": "a-link"})
    fresh = [told(eve, "eve"), bob.ready, *ann.received("session_ready")[heard:]]
    assert len(fresh) == 4
    for ready in fresh:
        assert ends_at(ready["ice_servers"][1]) >= first + 3599
    names = [each["ice_servers"][1]["username"].partition(":")[2] for each in fresh]
    assert len(set(names[:2])) == 2
    assert names[2] == names[3] not in names[:2]


def test_without_any_of_it_nothing_is_added(app: Flask) -> None:
    ann = join(app, "room", "ann")
    assert told(ann, "ann")["ice_servers"] == [STUN]
    assert "ice_expires_in_ms" not in told(ann, "ann")
    assert sorted(renewed(app, "ann")) == ["expires_in_ms", "ok", "token"]


# A provider


def test_a_provider_s_servers_come_last(p2p: P2PStreams, turn_app: Flask) -> None:
    asked = []

    @p2p.ice_servers
    def servers(session_id: str, peer_id: str) -> Any:
        asked.append((session_id, peer_id, current_app.name, has_request_context()))
        return [{**GIVEN, "username": peer_id}], 60

    ann, bob = join(turn_app, "room", "ann"), join(turn_app, "room", "bob")
    for ready, peer_id in ((told(ann, "ann"), "ann"), (told(ann, "bob"), "ann"),
                           (told(bob, "bob"), "bob")):  # fmt: skip
        stun, turn, own = ready["ice_servers"]
        assert (stun, turn["urls"], own) == (STUN, URLS, {**OURS, "username": peer_id})
        assert 59_000 < ready["ice_expires_in_ms"] <= 60_000
    answer = renewed(turn_app, "ann")
    assert answer["ice_servers"][2] == {**OURS, "username": "ann"}
    assert 0 < answer["ice_expires_in_ms"] <= 60_000
    # Each was asked for once, though the host was told three times.
    assert asked == [(*each, "a_turn_app", False) for each in (("room", "ann"), ("room", "bob"))]


def test_servers_that_do_not_end(p2p: P2PStreams, app: Flask) -> None:
    p2p.ice_servers(lambda session_id, peer_id: [GIVEN])
    ready = told(join(app, "room", "ann"), "ann")
    assert ready["ice_servers"] == [STUN, OURS]
    assert "ice_expires_in_ms" not in ready
    answer = renewed(app, "ann")
    assert answer["ice_servers"] == [STUN, OURS]
    assert "ice_expires_in_ms" not in answer


def test_nothing_extra(p2p: P2PStreams, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    asked = []
    p2p.ice_servers(lambda session_id, peer_id: asked.append(peer_id))
    ann = join(app, "room", "ann")
    ann.rejoin()
    assert [each["ice_servers"] for each in ann.received("session_ready")] == [[STUN]] * 2
    assert asked == ["ann"]
    assert lines(caplog) == []


def test_an_answer_is_kept_for_four_fifths_of_its_life(
    p2p: P2PStreams, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    @p2p.ice_servers
    def servers(session_id: str, peer_id: str) -> Any:
        asked.append(peer_id)
        return [GIVEN], 100

    now = time.monotonic()
    ice = app.extensions["p2p_streams"].ice_servers
    monkeypatch.setattr(ice.calls, "_clock", lambda: now)
    object.__setattr__(ice, "clock", lambda: now)
    left = []
    for wait in (0, 79, 1.5, 1):
        now += wait
        left.append(renewed(app, "ann")["ice_expires_in_ms"])
    assert left == pytest.approx([100_000, 21_000, 100_000, 99_000], abs=2)
    assert len(asked) == 2


def test_no_more_answers_are_kept_than_said(
    p2p: P2PStreams, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_calls, "ICE_ANSWERS", 3)
    asked = []

    @p2p.ice_servers
    def servers(session_id: str, peer_id: str) -> Any:
        asked.append(peer_id)
        return [GIVEN]

    calls = app.extensions["p2p_streams"].ice_servers.calls
    for peer_id in ("a", "b", "c", "d", "a"):
        calls.answer("room", peer_id)
    assert len(calls._answers) == 3
    assert asked == ["a", "b", "c", "d", "a"]
    assert (calls._calls, list(calls._waiting)) == ({}, [])
    until(lambda: calls._tasks == 0, "The tasks don't end.")


# A provider that fails


def raised(error: BaseException) -> Provider:
    def servers(session_id: str, peer_id: str) -> Any:
        raise error

    return servers


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log says of providers; other tests' tasks may still speak of other things."""
    said = [each.getMessage() for each in caplog.records if each.name == LOGGER]
    return [each for each in said if "p2p.ice_servers" in each]


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (raised(ValueError("geheim")), "raises ValueError in line"),
        (raised(KeyError("geheim")), "of test_ice_servers.py"),
        (raised(SystemExit()), "raises SystemExit"),
        (lambda *_: 7, "must be a list of dictionaries"),
        (lambda *_: "turn:geheim.example", "not a str"),
        (lambda *_: [{"urls": "turn:p.example"}], "without 'username'"),
        (lambda *_: [{**GIVEN, "urls": "https://geheim.example"}], "has a URL that is not written"),
        (lambda *_: ([GIVEN], -1), "not greater than 0"),
        (lambda *_: [GIVEN] * 1000, "more than 8192 bytes"),
    ],
)
def test_a_join_goes_on_without_it(
    p2p: P2PStreams,
    turn_app: Flask,
    caplog: pytest.LogCaptureFixture,
    provider: Provider,
    said: str,
) -> None:
    p2p.ice_servers(provider)
    ann, bob = join(turn_app, "room", "ann"), join(turn_app, "room", "bob")
    for ready in (told(ann, "ann"), told(ann, "bob"), told(bob, "bob")):
        assert [each["urls"] for each in ready["ice_servers"]] == [STUN["urls"], URLS]
        # The page asks again in a while.
        assert 299_000 < ready["ice_expires_in_ms"] <= 300_000
    assert renewed(turn_app, "eve")["ok"]
    # Four calls have failed, and the log says so once.
    [line] = lines(caplog)
    assert line.startswith("The function ")
    assert said in line
    assert "geheim" not in caplog.text


def test_one_that_hangs_does_not_make_a_connection_seem_dead(
    p2p: P2PStreams, app: Flask, hold: Event
) -> None:
    p2p.ice_servers(lambda *_: ([GIVEN], 60) if hold.wait(PATIENCE) else None)
    ann = join(app, "room", "ann")
    # As a few seconds later: nothing is known any more, and the function is asked again.
    app.extensions["p2p_streams"].ice_servers.calls.after_fork()
    began = time.monotonic()
    assert ann.rejoin()["role"] == "host"
    # After 1.5 s, its page would make another connection.
    assert time.monotonic() - began < 1.5


def test_one_that_hangs_holds_nobody_up_for_long(
    p2p: P2PStreams,
    app: Flask,
    hold: Event,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provider_calls, "ICE_CALL_TIMEOUT", 0.2)
    p2p.ice_servers(lambda *_: ([GIVEN], 60) if hold.wait(PATIENCE) else None)
    ann = join(app, "room", "ann")
    assert told(ann, "ann")["ice_servers"] == [STUN]
    [line] = lines(caplog)
    assert "takes longer than 0.2 s" in line
    # What comes later is kept for the next time.
    hold.set()
    until(lambda: renewed(app, "ann")["ice_servers"] == [STUN, OURS], "It isn't kept.")


def test_one_that_hangs_again_and_again_uses_up_nothing(
    p2p: P2PStreams,
    app: Flask,
    hold: Event,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provider_calls, "ICE_CALL_TIMEOUT", 0.05)
    monkeypatch.setattr(provider_calls, "ICE_CALLS", 4)
    monkeypatch.setattr(provider_calls, "QUIET", 0.0)
    asked: list[str] = []

    @p2p.ice_servers
    def servers(session_id: str, peer_id: str) -> Any:
        asked.append(peer_id)
        hold.wait(PATIENCE)

    calls = app.extensions["p2p_streams"].ice_servers.calls
    for number in range(10):
        assert calls.answer("room", str(number)).servers == ()
    # Beyond the tasks that there may be nobody is kept waiting.
    assert len(asked) == calls._tasks == 4
    assert (calls._calls, list(calls._waiting)) == ({}, [])
    assert "hangs in all 4 calls" in lines(caplog)[-1]
    hold.set()
    until(lambda: calls._tasks == 0 == calls._late, "The tasks don't end.")
    assert calls.answer("room", "later").servers == ()
    assert len(asked) == 5


def test_what_a_fork_leaves_behind(p2p: P2PStreams, app: Flask) -> None:
    p2p.ice_servers(lambda *_: [GIVEN])
    calls = app.extensions["p2p_streams"].ice_servers.calls
    calls.answer("room", "ann")
    calls._tasks = calls._late = ICE_CALLS
    calls.after_fork()
    # The tasks that hung are the parent's.
    assert calls.answer("room", "bob").servers == (OURS,)


def test_many_at_once_share_a_few_tasks(
    p2p: P2PStreams, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_calls, "ICE_CALLS", 2)
    monkeypatch.setattr(provider_calls, "ICE_CALL_TIMEOUT", PATIENCE)
    asked: list[str] = []
    both = Event()

    @p2p.ice_servers
    def servers(session_id: str, peer_id: str) -> Any:
        asked.append(peer_id)
        assert both.wait(PATIENCE)
        return [{**GIVEN, "username": peer_id}]

    calls = app.extensions["p2p_streams"].ice_servers.calls
    found: dict[tuple[str, int], str] = {}

    def ask(peer_id: str, number: int) -> None:
        [server] = calls.answer("room", peer_id).servers
        found[peer_id, number] = server["username"]

    threads = [Thread(target=ask, args=(each, n)) for each in "abcde" for n in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: len(asked) == 2 and len(calls._waiting) == 3, "They don't wait.")
    both.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == {(each, n): each for each in "abcde" for n in range(3)}
    assert sorted(asked) == list("abcde")


def test_an_older_answer_is_better_than_none(
    p2p: P2PStreams, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([([GIVEN], 100)])
    p2p.ice_servers(lambda *_: next(answers))
    now = time.monotonic()
    ice = app.extensions["p2p_streams"].ice_servers
    monkeypatch.setattr(ice.calls, "_clock", lambda: now)
    object.__setattr__(ice, "clock", lambda: now)
    found = []
    for wait in (0, 90, 20):
        now += wait
        answer = renewed(app, "ann")
        found.append((len(answer["ice_servers"]), round(answer["ice_expires_in_ms"], -3)))
    assert found == [(2, 100_000), (2, 10_000), (1, 300_000)]


# What can't be a provider


async def later(session_id: str, peer_id: str) -> list[Any]:
    return []


def generated(session_id: str, peer_id: str) -> Iterator[Any]:
    yield from ()


@pytest.mark.parametrize("wrong", [None, "provider", later, generated, partial(later)])
def test_what_returns_no_servers(p2p: P2PStreams, wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="ice_servers: needs a plain function"):
        p2p.ice_servers(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: [],
        lambda peer_id: [],
        lambda session_id, peer_id, request: [],
        lambda *_, key: [],
    ],
)
def test_what_takes_other_arguments(p2p: P2PStreams, wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="with a session id and a peer id"):
        p2p.ice_servers(wrong)


def test_a_second_one(p2p: P2PStreams) -> None:
    p2p.ice_servers(lambda *_: [])
    with pytest.raises(ArgumentError, match="only one function"):
        p2p.ice_servers(lambda *_: [])


def test_an_app_of_several_may_have_its_own(p2p: P2PStreams, app: Flask, turn_app: Flask) -> None:
    p2p.ice_servers(lambda *_: [GIVEN])
    p2p.of(turn_app).ice_servers(lambda *_: [{"urls": "stun:o.example"}])
    assert told(join(app, "room", "ann"), "ann")["ice_servers"][-1] == OURS
    last = told(join(turn_app, "room", "ann"), "ann")["ice_servers"][-1]
    assert last == {"urls": ["stun:o.example"]}
