"""Whatever is sent, in whatever order: nobody else notices, and nothing is left behind."""

import contextlib
import gc
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_p2p_streams.errors import SignalingError
from flask_p2p_streams.protocol import messages
from flask_p2p_streams.protocol.relay import Batch, parse_relay, relay
from flask_p2p_streams.sessions import rosters
from tests.kit.fixtures import Open
from tests.kit.http import get
from tests.kit.wire import Wire
from tests.security.healthy import Healthy, name_of_a_session
from tests.security.odd_values import ANY, Frame, frames, nearly_good

MAX_BYTES = 65_536
MAX_CPU = 0.05
"""Seconds of the processor's time that one payload may take: many times what any needs."""
EPOCH = 1_700_000_000_000


def same(examples: int) -> settings:
    """Let hypothesis draw the same examples each time, so that a failure is everybody's."""
    return settings(max_examples=examples, derandomize=True, suppress_health_check=[*HealthCheck])


PARSERS: "dict[str, Callable[[Any], object]]" = {
    "sdp_offer": lambda value: messages.parse_offer(value, MAX_BYTES),
    "sdp_answer": lambda value: messages.parse_answer(value, MAX_BYTES),
    "ice_candidate": lambda value: messages.parse_candidates(value, MAX_BYTES),
    "relay": parse_relay,
    "session_leave": messages.parse_leave,
    "session_roster": rosters.parse,
    "session_join": messages.parse_join,
    "auth": messages.parse_auth,
    "host_probe": lambda value: messages.vouches(value, EPOCH),
}


def read(event: str, value: object) -> object:
    """Return what a parser makes of a value, or its refusal, in reasonable time."""
    result, cost = parsed(event, value)
    if cost >= MAX_CPU:
        # Python may have collected its garbage meanwhile, of which hypothesis makes much.
        gc.collect()
        cost = min(parsed(event, value)[1] for _ in range(3))
    assert cost < MAX_CPU
    return result


def parsed(event: str, value: object) -> tuple[object, float]:
    """Return what comes of it, and what it costs of the processor's time, in seconds."""
    begun = time.thread_time()
    try:
        result = PARSERS[event](value)
    except SignalingError as error:
        result = error.to_payload()
        assert len(json.dumps(result)) < 1_000
    return result, time.thread_time() - begun


@pytest.mark.parametrize("event", PARSERS)
def test_a_parser_refuses_whatever_makes_no_sense(event: str) -> None:
    @same(300)
    @given(ANY)
    def check(value: object) -> None:
        read(event, value)

    check()


@pytest.mark.parametrize("event", [each for each in PARSERS if each not in ("auth", "host_probe")])
def test_what_passes_can_be_passed_on(event: str) -> None:
    passed = []

    @same(500)
    @given(nearly_good(event, EPOCH))
    def check(value: object) -> None:
        result = read(event, value)
        if isinstance(result, messages.Signal):
            text = json.dumps(messages.relayed(result, "eve"), allow_nan=False, ensure_ascii=False)
            passed.append(text.encode())
        if isinstance(result, Batch):
            passed.append(json.dumps(relay(result, "eve"), allow_nan=False).encode())

    check()
    assert passed or event.startswith("session")


class Fuzzed:
    """A session of its own: somebody who sends anything, joined and not, and its poor host."""

    def __init__(self, open_wire: Open) -> None:
        self._open = open_wire
        self._id = name_of_a_session()
        self._host = open_wire().join(self._id, "host")
        self.epoch = int(self._host.wait_for("session_ready")["epoch"])

    def send(self, frames: "list[tuple[bool, Frame]]") -> None:
        wires = {True: self._open().join(self._id, "eve"), False: self._open()}
        for has_joined, (opcode, data) in frames:
            with contextlib.suppress(OSError):
                wires[has_joined].send_frame(data, opcode)
        for wire in wires.values():
            self._close(wire)
        # It is heard, and answered, whatever reached it.
        assert self._host.ask("hello", "{}")["error"]["code"] == "bad_request"

    def _close(self, wire: Wire) -> None:
        # The server has read all when it says goodbye, too.
        with contextlib.suppress(OSError):
            wire.close()


def test_whatever_is_sent_nobody_else_notices(open_wire: Open, healthy: Healthy, url: str) -> None:
    fuzzed = Fuzzed(open_wire)

    @same(120)
    @given(st.lists(st.tuples(st.booleans(), frames(EPOCH)), min_size=1, max_size=25))
    def check(frames: "list[tuple[bool, Frame]]") -> None:
        fuzzed.send([(joined, (opcode, with_epoch(data))) for joined, (opcode, data) in frames])

    def with_epoch(data: bytes) -> bytes:
        return data.replace(str(EPOCH).encode(), str(fuzzed.epoch).encode())

    check()
    assert "Traceback" not in get(f"{url}/log")
