from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.transport.websocket_frames import Frame, FrameReader
from tests.kit.frames import BINARY, CONTINUATION, FINAL, PING, TEXT, frame, head

SIZES = st.one_of(st.integers(0, 130), st.sampled_from([65_535, 65_536, 70_000]))


@given(
    st.lists(st.tuples(st.sampled_from([CONTINUATION, TEXT, BINARY, PING]), SIZES), max_size=6),
    st.lists(st.integers(1, 70_000), min_size=1),
)
def test_frames_are_found_however_the_bytes_come(
    frames: list[tuple[int, int]], steps: list[int]
) -> None:
    data = b"".join(frame(opcode, b"\xff" * size) for opcode, size in frames)
    reader = FrameReader()
    found: list[Frame] = []
    while data:
        step = steps[len(data) % len(steps)]
        found += reader.feed(data[:step])
        data = data[step:]
    assert found == [Frame(*each) for each in frames]


def test_a_frame_is_found_when_its_head_is_there_byte_by_byte() -> None:
    reader = FrameReader()
    *start, last = (bytes([each]) for each in head(BINARY, 10**12))
    assert not any(list(reader.feed(each)) for each in start)
    assert list(reader.feed(last)) == [Frame(BINARY, 10**12)]
    assert not list(reader.feed(b"\xff" * 100_000))


def test_a_frame_without_a_mask_has_a_shorter_head() -> None:
    reader = FrameReader()
    assert list(reader.feed(bytes([FINAL | TEXT, 1]) + b"x" + bytes([FINAL | PING, 0]))) == [
        Frame(TEXT, 1),
        Frame(PING, 0),
    ]


def test_what_begins_a_message() -> None:
    assert Frame(TEXT, 1).begins_message
    assert Frame(BINARY, 1).begins_message
    assert not Frame(CONTINUATION, 1).begins_message
    assert not Frame(PING, 1).begins_message
    assert Frame(PING, 1).is_control
    assert not Frame(CONTINUATION, 1).is_control
