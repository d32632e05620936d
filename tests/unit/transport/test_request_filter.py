import pytest
from engineio.payload import Payload

from flask_p2p_streams.transport.request_filter import _is_readable


@pytest.mark.parametrize("most", [16, 50])
def test_a_post_has_as_many_packets_as_engineio_takes(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(Payload, "max_decode_packets", most)
    packets = [b"42[]"] * (most + 1)
    assert _is_readable(None, b"\x1e".join(packets[1:]))
    assert not _is_readable(None, b"\x1e".join(packets))
