"""Makes calls that may never return, side by side, for a limited time."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def in_parallel(
    calls: Sequence[Callable[[], Result]], seconds: float
) -> list[Result | TimeoutError]:
    """Run calls side by side and return what they return, each in its place.

    One that takes longer than ``seconds`` is left alone; a ``TimeoutError`` stands in its
    place. A call must not raise.
    """
    results: list[Result | TimeoutError] = [TimeoutError() for _ in calls]

    def run(place: int) -> None:
        results[place] = calls[place]()

    # Daemons: a thread that hangs must not keep the process from its end.
    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(results)
