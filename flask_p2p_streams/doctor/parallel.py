"""Runs calls that may never return, in parallel and for a limited time."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def in_parallel(
    calls: Sequence[Callable[[], Result]], seconds: float
) -> list[Result | TimeoutError]:
    """Run calls in parallel and return their results, in the order of the calls.

    A call that takes longer than ``seconds`` isn't waited for; its result is a ``TimeoutError``.
    A call must not raise an error.
    """
    results: list[Result | TimeoutError] = [TimeoutError() for _ in calls]

    def run(place: int) -> None:
        results[place] = calls[place]()

    # Daemon threads, as a thread that hangs mustn't prevent the process from ending.
    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(results)
