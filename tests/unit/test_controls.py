import pytest

from flask_p2p_streams.controls import FRAME


@pytest.mark.parametrize("frame", ["1", "2probe", "3", "3probe", "5", "40", "42[]", "40/p2p,{}"])
def test_what_engine_io_sends(frame: str) -> None:
    assert FRAME.match(frame)


@pytest.mark.parametrize(
    "frame",
    ["", "x", "7", "\u00b2", "\u0664", "4", "4[", "4x", "b", "b4AAA", "2[[", "3{", "3" * 20],
)
def test_what_it_does_not(frame: str) -> None:
    assert not FRAME.match(frame)
