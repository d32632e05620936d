import pytest

from tests.hostile.tally import Figures, Tally


def test_what_is_missing_and_what_comes_twice_is_seen() -> None:
    tally = Tally()
    for number in range(4):
        tally.sent("a-b", number, at=float(number))
    for number in (0, 1, 1, 3):
        tally.came("a-b", number, at=number + 0.25)
    tally.came("a-b", 99, at=4.0)
    assert tally.figures() == Figures(4, lost=1, duplicated=1, p50=250, p95=250, gap=2000)
    assert tally.missing == ["a-b 2"]
    assert not tally.is_complete


def test_each_way_has_its_own_gaps() -> None:
    tally = Tally()
    for way, at in (("a-b", 0.0), ("b-a", 5.0), ("a-b", 1.0), ("b-a", 5.5)):
        tally.sent(way, int(10 * at), at=at)
        tally.came(way, int(10 * at), at=at)
    assert tally.is_complete
    assert tally.figures().gap == pytest.approx(1000)


def test_without_probes_nothing_is_lost() -> None:
    assert Tally().figures() == Figures(0, 0, 0, 0, 0, 0)
