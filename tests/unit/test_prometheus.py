import re

import pytest

from flask_p2p_streams import metrics, prometheus
from flask_p2p_streams.errors import ErrorCode
from flask_p2p_streams.metrics import Metrics, Snapshot
from flask_p2p_streams.prometheus import FAMILIES, Family, prometheus_text

LINE = re.compile(
    r"# (HELP|TYPE) p2p_[a-z_]+ .+|p2p_[a-z_]+(\{[a-z]+=\"([^\"\\\n]|\\[\\n\"])*\"\})? \d+"
)


def test_a_counter_a_label_and_a_gauge() -> None:
    counts = Metrics()
    counts.joined()
    counts.refused(ErrorCode.FORBIDDEN)
    text = prometheus_text(counts.snapshot(sockets=3, sessions=2))
    assert text.startswith(
        "# HELP p2p_joins_total Joins that were accepted.\n"
        "# TYPE p2p_joins_total counter\n"
        "p2p_joins_total 1\n"
    )
    assert '\np2p_refused_total{code="forbidden"} 1\n' in text
    assert '\np2p_relayed_total{event="sdp_offer"} 0\n' in text
    assert text.endswith("# TYPE p2p_sessions gauge\np2p_sessions 2\n")
    assert all(LINE.fullmatch(line) for line in text.splitlines())


def test_every_counter_is_told() -> None:
    assert set(Snapshot.__annotations__) <= {family.key for family in FAMILIES}
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    text = prometheus_text(metrics.Metrics().snapshot(sockets=0, sessions=0))
    assert text.count("# TYPE") == len(Snapshot.__annotations__)


def test_what_would_break_a_line_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, "FAMILIES", (Family("odd", "gauge", "a\\b\nc", "what"),))
    assert prometheus_text({"odd": {'x"y\\z\n': 1}}) == (
        '# HELP p2p_odd a\\\\b\\nc\n# TYPE p2p_odd gauge\np2p_odd{what="x\\"y\\\\z\\n"} 1\n'
    )
