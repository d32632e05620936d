from threading import Event

from flask_p2p_streams.doctor.parallel import in_parallel


def test_each_result_is_in_its_place() -> None:
    met = Event()

    def meet() -> bool:
        met.set()
        return False

    assert in_parallel([lambda: met.wait(10), meet], 10) == [True, False]
    assert in_parallel([], 10) == []


def test_what_takes_too_long_is_left_alone() -> None:
    end = Event()
    # Long enough for the quick one to get its turn.
    slow, quick = in_parallel([end.wait, lambda: True], 2)
    end.set()
    assert isinstance(slow, TimeoutError)
    assert quick is True
