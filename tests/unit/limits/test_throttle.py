import heapq
from contextlib import suppress
from typing import Any

import pytest

from flask_p2p_streams.config import Config
from flask_p2p_streams.errors import ErrorCode, SignalingError
from flask_p2p_streams.limits.budgets import (
    BATCH_BYTES,
    BATCHES,
    HOST_BATCHES,
    PATIENCE,
    REJOINS,
    RELAY_BURST,
    RELAY_PATIENCE,
    RENEWALS,
    SESSION_RELAY_BURST,
)
from flask_p2p_streams.limits.throttle import Throttle, address_group
from flask_p2p_streams.limits.token_bucket import Rate
from flask_p2p_streams.metrics import Metrics
from flask_p2p_streams.sessions.joining import DOUBTED_RETRY_MS
from tests.conftest import Clock

ADDRESS = "192.0.2.7"


def make(clock: Clock, **config: float | None) -> tuple[Throttle, Metrics]:
    metrics = Metrics()
    return Throttle(Config(**config), metrics, clock), metrics  # type: ignore[arg-type]


def joins(throttle: Throttle, attempts: int, address: str | None = ADDRESS) -> int:
    def join() -> bool:
        try:
            throttle.join("a", address)
        except SignalingError:
            return False
        return True

    return sum(join() for _ in range(attempts))


def signals(throttle: Throttle, eio_sid: str, attempts: int, share: float = 1.0) -> int:
    def signal() -> bool:
        try:
            throttle.signal(eio_sid, "room", share)
        except SignalingError:
            return False
        return True

    return sum(signal() for _ in range(attempts))


def test_a_class_behind_one_router_never_meets_the_default(clock: Clock) -> None:
    throttle, _ = make(clock)
    assert joins(throttle, 60) == 60
    clock.advance(1)
    assert joins(throttle, 60) == 60


def test_an_address_that_joins_too_often(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    throttle, metrics = make(clock)
    assert joins(throttle, 120) == 100
    with pytest.raises(SignalingError) as raised:
        throttle.join("b", ADDRESS)
    assert raised.value.code is ErrorCode.RATE_LIMITED
    # Behind the twenty before it.
    assert raised.value.retry_after_ms == 1050
    assert metrics.snapshot(sockets=0, sessions=0)["limited"]["join"] == 21
    assert joins(throttle, 1, "192.0.2.8") == 1
    assert len([each for each in caplog.records if "ProxyFix" in each.message]) == 1


@pytest.mark.parametrize("crowd", [150, 450, 1000])
def test_a_crowd_that_comes_again_when_told_to_doesnt_meet_itself(clock: Clock, crowd: int) -> None:
    throttle, _ = make(clock)
    start = clock()
    refusals = [0] * crowd
    coming = [(0, one) for one in range(crowd)]
    inside = 0
    while coming:
        at_ms, one = heapq.heappop(coming)
        clock.time = start + at_ms / 1000
        try:
            throttle.join(str(one), ADDRESS)
        except SignalingError as refusal:
            refusals[one] += 1
            heapq.heappush(coming, (at_ms + (refusal.retry_after_ms or 0), one))
        else:
            inside += 1
    # As soon as the rate lets them in, give or take a turn, and far from where patience ends.
    assert clock() - start <= (crowd - 100) / 20 + 5
    assert max(refusals) < PATIENCE.burst / 2
    assert inside == crowd


def test_who_has_no_address_may_always_join(clock: Clock) -> None:
    throttle, _ = make(clock, join_rate=0.001)
    assert joins(throttle, 10, None) == joins(throttle, 10, "") == 10


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::7", "20010db800010002/64"),
        ("2001:db8:1:2:ffff::", "20010db800010002/64"),
        ("2001:db8:1:3::7", "20010db800010003/64"),
        ("fe80::1%eth0", "fe80000000000000/64"),
        ("no address", "no address"),
    ],
)
def test_what_an_address_counts_as(address: str, group: str) -> None:
    assert address_group(address) == group


def test_a_socket_is_limited_by_itself(clock: Clock) -> None:
    throttle, metrics = make(clock)
    assert signals(throttle, "a", 250) == 200
    assert signals(throttle, "b", 200) == 200
    assert metrics.snapshot(sockets=0, sessions=0)["limited"]["signal"] == 50


def test_a_host_may_send_more(clock: Clock) -> None:
    throttle, _ = make(clock)
    assert signals(throttle, "host", 3000, share=1 / 16) == 3000


def test_a_session_is_limited_by_what_its_sockets_may_send(clock: Clock) -> None:
    throttle, metrics = make(clock, session_signal_rate=150.0)
    # What a flooding socket may not send is not its session's loss.
    assert signals(throttle, "a", 1000) == 200
    assert signals(throttle, "b", 150) == 100
    assert metrics.snapshot(sockets=0, sessions=0)["limited"]["session_signal"] == 50


@pytest.mark.parametrize("rate", [0.001, 0.2])
def test_the_slowest_rate_lets_one_through(clock: Clock, rate: float) -> None:
    throttle, _ = make(clock, signal_rate=rate)
    assert signals(throttle, "a", 3) == 1


def test_the_longest_wait_is_a_minute(clock: Clock) -> None:
    throttle, _ = make(clock, signal_rate=0.001)
    throttle.signal("a", None)
    with pytest.raises(SignalingError) as raised:
        throttle.signal("a", None)
    assert raised.value.retry_after_ms == 60_000


def test_limits_can_be_switched_off(clock: Clock) -> None:
    throttle, _ = make(clock, join_rate=None, signal_rate=None, session_signal_rate=None)
    assert joins(throttle, 10_000) == signals(throttle, "a", 10_000) == 10_000
    assert len(throttle) == 0


def test_who_goes_on_is_flooding(clock: Clock) -> None:
    throttle, _ = make(clock)
    signals(throttle, "a", 200 + int(PATIENCE.burst))
    assert throttle.pop_flooding("a") is None
    signals(throttle, "a", 1)
    assert throttle.pop_flooding("b") is None
    assert throttle.pop_flooding("a") is ErrorCode.RATE_LIMITED
    assert throttle.pop_flooding("a") is None


def test_some_refusals_are_forgiven(clock: Clock) -> None:
    throttle, _ = make(clock, signal_rate=0.001)
    for _ in range(500):
        signals(throttle, "a", 1)
        clock.advance(1)
    assert throttle.pop_flooding("a") is None


def test_bad_packets_are_put_up_with_ten_times(clock: Clock) -> None:
    throttle, metrics = make(clock)
    for _ in range(10):
        throttle.bad_packet("a")
    assert throttle.pop_flooding("a") is None
    throttle.bad_packet("a")
    assert throttle.pop_flooding("a") is ErrorCode.BAD_REQUEST
    assert metrics.snapshot(sockets=0, sessions=0)["bad_packets"] == 11


def test_nothing_is_kept_of_a_connection_that_has_ended(clock: Clock) -> None:
    throttle, _ = make(clock)
    signals(throttle, "a", 400)
    assert len(throttle) == 1
    throttle.forget("a")
    assert len(throttle) == 0
    assert throttle.pop_flooding("a") is None


# One peer


def rejoins(throttle: Throttle, session_id: str, peer_id: str, attempts: int) -> int:
    def rejoin() -> bool:
        try:
            throttle.rejoin(session_id, peer_id)
        except SignalingError:
            return False
        return True

    return sum(rejoin() for _ in range(attempts))


def test_who_has_lost_its_host_may_ask_for_as_long_as_that_may_stand_still(clock: Clock) -> None:
    throttle, metrics = make(clock)
    for _ in range(2 * 60):
        throttle.rejoin("room", "bob")
        clock.advance(DOUBTED_RETRY_MS / 1000)
    assert metrics.snapshot(sockets=0, sessions=0)["limited"]["rejoin"] == 0


def test_one_peer_s_joins_are_no_other_s(clock: Clock) -> None:
    throttle, _ = make(clock)
    burst = int(REJOINS.burst)
    assert rejoins(throttle, "room", "bob", burst + 5) == burst
    for session_id, peer_id in (("room", "cyd"), ("hall", "bob")):
        assert rejoins(throttle, session_id, peer_id, 1) == 1
    with pytest.raises(SignalingError) as raised:
        throttle.rejoin("room", "bob")
    assert (raised.value.code, raised.value.retry_after_ms) == (ErrorCode.RATE_LIMITED, 500)
    clock.advance(1)
    assert rejoins(throttle, "room", "bob", 5) == 2


def test_a_host_tells_of_each_change(clock: Clock) -> None:
    throttle, _ = make(clock)
    for _ in range(200):
        throttle.roster("room", "ann")
        clock.advance(0.3)


# Renewals


def test_a_peer_that_renews_too_often_takes_nothing_from_its_address(clock: Clock) -> None:
    throttle, metrics = make(clock)

    def renewals(peer_id: str, attempts: int) -> int:
        count = 0
        for _ in range(attempts):
            with suppress(SignalingError):
                throttle.renewal("room", peer_id, ADDRESS)
                count += 1
        return count

    assert renewals("eve", 1000) == RENEWALS.burst
    assert joins(throttle, 1000) == 100 - RENEWALS.burst
    limited = metrics.snapshot(sockets=0, sessions=0)["limited"]
    assert limited["rejoin"] == 1000 - RENEWALS.burst
    clock.advance(1)
    assert renewals("eve", 10) == 1


# What the log says of addresses


@pytest.mark.parametrize(
    ("address", "text"),
    [("10.0.0.1", "either all of them come from one machine"), ("8.8.8.8", "one visitor's, or")],
)
def test_an_address_that_joins_too_often_is_named(
    clock: Clock, caplog: pytest.LogCaptureFixture, address: str, text: str
) -> None:
    throttle, _ = make(clock)
    joins(throttle, 200, address)
    (record,) = caplog.records
    assert address in record.message
    assert text in record.message


@pytest.mark.parametrize(("rate", "count"), [(20.0, 1), (None, 0)])
def test_a_proxy_is_named_where_addresses_count(
    clock: Clock, caplog: pytest.LogCaptureFixture, rate: float | None, count: int
) -> None:
    throttle, _ = make(clock, join_rate=rate)
    for _ in range(3):
        throttle.look_for_proxy({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=8.8.8.8"})
    # It has been said which of the two it is.
    joins(throttle, 200, "127.0.0.1")
    assert [("Forwarded" in each.message) for each in caplog.records] == [True] * count


# What is relayed


def relays(throttle: Throttle, attempts: int, size: int, **other: Any) -> int:
    how = {"session_id": "room", "client": "bob", "is_host": False, **other}

    def relay() -> bool:
        try:
            throttle.relay(size=size, **how)
        except SignalingError:
            return False
        return True

    return sum(relay() for _ in range(attempts))


def test_a_link_relays_a_whole_frame_at_once_and_then_its_rate(clock: Clock) -> None:
    throttle, metrics = make(clock, relay_rate=65_536, session_relay_rate=None)
    size = 32_768 - BATCH_BYTES
    assert relays(throttle, 100, size) == RELAY_BURST // 32_768 >= 262_144 // 32_768
    with pytest.raises(SignalingError) as raised:
        throttle.relay("room", "bob", size, is_host=False)
    assert raised.value.code is ErrorCode.RELAY_FULL
    assert raised.value.retry_after_ms == 500
    assert metrics.snapshot(sockets=0, sessions=0)["limited"]["relay"] > 80
    clock.advance(0.5)
    assert relays(throttle, 100, size) == 1
    # Each direction and each link has its own.
    assert relays(throttle, 1, size, is_host=True) == relays(throttle, 1, size, client="eve") == 1


def test_a_session_relays_its_rate(clock: Clock) -> None:
    throttle, _ = make(clock, relay_rate=None, session_relay_rate=524_288)
    size = 32_768 - BATCH_BYTES
    assert relays(throttle, 1000, size) == 524_288 * SESSION_RELAY_BURST // 32_768
    assert relays(throttle, 1, size, client="eve") == 0
    assert relays(throttle, 1, size, session_id="elsewhere") == 1
    clock.advance(1)
    assert relays(throttle, 100, size) == 16


def test_no_limit_for_what_is_relayed(clock: Clock) -> None:
    throttle, _ = make(clock, relay_rate=None, session_relay_rate=None)
    assert relays(throttle, 1000, 32_768) == 1000


def test_what_only_acknowledges_counts_too(clock: Clock) -> None:
    throttle, _ = make(clock, relay_rate=1024, session_relay_rate=None)
    assert relays(throttle, 10_000, 0) == RELAY_BURST // BATCH_BYTES


@pytest.mark.parametrize(("is_host", "rate"), [(False, BATCHES), (True, HOST_BATCHES)])
def test_a_socket_that_relays_too_often(clock: Clock, is_host: bool, rate: Rate) -> None:
    throttle, _ = make(clock)
    for _ in range(int(rate.burst)):
        throttle.batch("a", is_host=is_host)
    with pytest.raises(SignalingError) as raised:
        throttle.batch("a", is_host=is_host)
    assert raised.value.code is ErrorCode.RELAY_FULL
    throttle.batch("b", is_host=is_host)
    assert len(throttle) == 2
    for eio_sid in "ab":
        throttle.forget(eio_sid)
    assert len(throttle) == 0


def test_who_relays_too_often_again_and_again_is_closed(clock: Clock) -> None:
    throttle, _ = make(clock)
    for _ in range(int(BATCHES.burst + PATIENCE.burst)):
        with suppress(SignalingError):
            throttle.batch("a", is_host=False)
    assert throttle.pop_flooding("a") is None
    with suppress(SignalingError):
        throttle.batch("a", is_host=False)
    assert throttle.pop_flooding("a") is ErrorCode.RATE_LIMITED


@pytest.mark.parametrize("code", ["bad_request", "too_large", "forbidden"])
def test_who_relays_rubbish_is_closed(clock: Clock, code: str) -> None:
    throttle, _ = make(clock)
    for _ in range(int(PATIENCE.burst)):
        throttle.refused_batch("a", ErrorCode(code), 0)
    assert throttle.pop_flooding("a") is None
    throttle.refused_batch("a", ErrorCode(code), 0)
    assert throttle.pop_flooding("a") is ErrorCode.BAD_REQUEST


def test_who_relays_too_much_again_and_again_is_closed(clock: Clock) -> None:
    throttle, _ = make(clock)
    for _ in range(round(PATIENCE.burst / RELAY_PATIENCE)):
        throttle.refused_batch("a", ErrorCode.RELAY_FULL, 32_768)
    assert throttle.pop_flooding("a") is None
    # What is small costs next to nothing; how often it comes has a limit of its own.
    throttle.refused_batch("a", ErrorCode.RELAY_FULL, 0)
    assert throttle.pop_flooding("a") is None
    throttle.refused_batch("a", ErrorCode.RELAY_FULL, 32_768)
    assert throttle.pop_flooding("a") is ErrorCode.RATE_LIMITED


def test_who_fills_its_link_all_the_time_may_stay(clock: Clock) -> None:
    # As one that sends a file: four batches are under way, and each comes again when it is told to.
    throttle, metrics = make(clock, relay_rate=65_536)
    start, taken = clock(), 0
    coming = [(0.0, one) for one in range(4)]
    while taken < 400:
        at, one = heapq.heappop(coming)
        clock.time = max(clock.time, start + at)
        try:
            throttle.batch("a", is_host=False)
            throttle.relay("room", "bob", 32_768, is_host=False)
        except SignalingError as refusal:
            throttle.refused_batch("a", refusal.code, 32_768)
            heapq.heappush(coming, (at + (refusal.retry_after_ms or 0) / 1000, one))
        else:
            taken += 1
            heapq.heappush(coming, (at + 0.02, one))
    assert metrics.snapshot(sockets=0, sessions=0)["limited"]["relay"] > 100
    assert throttle.pop_flooding("a") is None
