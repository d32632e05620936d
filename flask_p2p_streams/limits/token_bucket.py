"""Token buckets: how often something may happen, one bucket for each key.

A bucket holds ``burst`` tokens and gets ``per_second`` new ones; whatever happens
takes one, or a part of one. It is filled when it is looked at, so that an idle
bucket costs nothing, and one that is full again need not be remembered.
"""

import math
import threading
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

MAX_BUCKETS = 10_000
"""The buckets that a limit remembers."""
KEPT_BUCKETS = MAX_BUCKETS * 9 // 10
"""The buckets that are left when there were too many."""


class Rate(NamedTuple):
    """Tokens a second, and the tokens that a full bucket holds."""

    per_second: float
    burst: float


class Bucket(NamedTuple):
    """The tokens that were left at a time, in seconds.

    ``turn`` is the time for which the last who was refused has been asked to come again.
    """

    tokens: float
    at: float
    turn: float = -math.inf


def refilled(bucket: Bucket, rate: Rate, now: float) -> Bucket:
    """Return a bucket with what it has got since it was looked at last."""
    gained = max(0.0, now - bucket.at) * rate.per_second
    return Bucket(min(rate.burst, bucket.tokens + gained), now, bucket.turn)


def full_at(bucket: Bucket, rate: Rate) -> float:
    """Return the time, in seconds, from which on a bucket is full if it is left alone."""
    return bucket.at + (rate.burst - bucket.tokens) / rate.per_second


class Limit:
    """One rate for many keys: sockets, sessions, addresses.

    Its lock is held for arithmetic only, where no greenlet gives way, so that it
    serves threads, eventlet and gevent alike.

    :param rate: what each key may take; None switches the limit off.
    :param clock: seconds that never go back.
    :param queue: where many share a key, the seconds over which those that are refused are
        asked to come one after the other; 0.0 where they may all come at once.
    """

    def __init__(
        self,
        rate: Rate | None,
        clock: Callable[[], float] = time.monotonic,
        queue: float = 0.0,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._queue = queue
        self._buckets: dict[Hashable, Bucket] = {}
        self._mutex = threading.Lock()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: Hashable, tokens: float = 1.0) -> float:
        """Take tokens from a key's bucket and return 0.0.

        If it has too few, take none, and return the seconds until it has enough, or, where
        there is a queue, until it is this one's turn.
        """
        rate = self._rate
        if rate is None:
            return 0.0
        with self._mutex:
            now = self._clock()
            bucket = refilled(self._buckets.get(key, Bucket(rate.burst, now)), rate, now)
            lacking = max(0.0, tokens - bucket.tokens)
            wait = lacking / rate.per_second
            if lacking:
                wait = self._wait(wait, bucket.turn - now + tokens / rate.per_second)
                bucket = bucket._replace(turn=now + wait)
            else:
                bucket = bucket._replace(tokens=bucket.tokens - tokens)
            self._keep(key, bucket, rate)
        return wait

    def forget(self, key: Hashable) -> None:
        """Forget a key that will not come again."""
        with self._mutex:
            self._buckets.pop(key, None)

    def _wait(self, least: float, behind: float) -> float:
        # A queue that is full begins anew: whoever floods it keeps nobody waiting for longer.
        return behind if least < behind <= self._queue else least

    def _keep(self, key: Hashable, bucket: Bucket, rate: Rate) -> None:
        self._buckets[key] = bucket
        if len(self._buckets) > MAX_BUCKETS:
            self._forget_some(rate, bucket.at)

    def _forget_some(self, rate: Rate, now: float) -> None:
        # Those that are full first, then those that are full soonest: who has taken most
        # can't make itself forgotten by means of many new keys.
        by_debt = sorted(self._buckets.items(), key=lambda item: full_at(item[1], rate))
        indebted = [item for item in by_debt if full_at(item[1], rate) > now]
        self._buckets = dict(indebted[-KEPT_BUCKETS:])
