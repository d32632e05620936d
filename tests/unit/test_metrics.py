from flask_p2p_streams.errors import ErrorCode
from flask_p2p_streams.metrics import LIMITS, Metrics


def test_nothing_has_happened_yet() -> None:
    assert Metrics().snapshot(sockets=0, sessions=0) == {
        "joins": 0,
        "refused": {},
        "limited": dict.fromkeys(LIMITS, 0),
        "relayed": {"sdp_offer": 0, "sdp_answer": 0, "ice_candidate": 0},
        "relay_links": 0,
        "relay_batches": 0,
        "relay_bytes": 0,
        "elections": 0,
        "probes": {"lives": 0, "silent": 0, "moved": 0, "unknown": 0},
        "store_failures": 0,
        "evicted": 0,
        "bad_packets": 0,
        "sockets": 0,
        "sessions": 0,
    }


def test_everything_is_counted_by_itself() -> None:
    metrics = Metrics()
    metrics.joined()
    metrics.refused(ErrorCode.FORBIDDEN)
    metrics.refused(ErrorCode.FORBIDDEN)
    metrics.limited("join")
    metrics.relayed("sdp_offer")
    metrics.evicted()
    metrics.bad_packet()
    metrics.elected()
    metrics.probed("silent")
    counted = metrics.snapshot(sockets=3, sessions=2, store_failures=4)
    assert (counted["elections"], counted["store_failures"]) == (1, 4)
    assert counted["probes"] == {"lives": 0, "silent": 1, "moved": 0, "unknown": 0}
    assert (counted["joins"], counted["evicted"], counted["bad_packets"]) == (1, 1, 1)
    assert counted["refused"] == {"forbidden": 2}
    assert counted["limited"] == {**dict.fromkeys(LIMITS, 0), "join": 1}
    assert counted["relayed"] == {"sdp_offer": 1, "sdp_answer": 0, "ice_candidate": 0}
    assert (counted["sockets"], counted["sessions"]) == (3, 2)


def test_a_snapshot_does_not_change() -> None:
    metrics = Metrics()
    before = metrics.snapshot(sockets=0, sessions=0)
    metrics.joined()
    assert before["joins"] == 0
