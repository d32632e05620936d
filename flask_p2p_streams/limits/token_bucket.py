"""Token buckets: limit how often something may happen, with one bucket for each key.

A bucket holds at most ``burst`` tokens and gets ``per_second`` new ones a second. Each event
takes a token, or a part of one. A bucket is refilled when it is looked at, so an idle one costs
nothing, and a full one need not be remembered.
"""

import math
import threading
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

MAX_BUCKETS = 10_000
"""The most buckets that a limit remembers."""
KEPT_BUCKETS = MAX_BUCKETS * 9 // 10
"""The buckets that are kept when there were too many."""


class Rate(NamedTuple):
    """The new tokens of each second, and the tokens that a full bucket holds."""

    per_second: float
    burst: float


class Bucket(NamedTuple):
    """The tokens that were left at a time, which is in seconds.

    ``turn`` is the time at which the last one that was refused has been asked to come again.
    """

    tokens: float
    at: float
    turn: float = -math.inf


def refilled(bucket: Bucket, rate: Rate, now: float) -> Bucket:
    """Return a bucket with the tokens that it has got since it was looked at last."""
    gained = max(0.0, now - bucket.at) * rate.per_second
    return Bucket(min(rate.burst, bucket.tokens + gained), now, bucket.turn)


def full_at(bucket: Bucket, rate: Rate) -> float:
    """Return the time, in seconds, at which a bucket will be full if nothing is taken."""
    return bucket.at + (rate.burst - bucket.tokens) / rate.per_second


class Limit:
    """One rate for many keys: sockets, sessions, addresses.

    Its mutex is held for arithmetic only, and no greenlet switches in that time: so it works with
    threads, eventlet and gevent.

    :param rate: the rate of each key; None switches the limit off.
    :param clock: a monotonic clock, in seconds.
    :param queue: the seconds over which those that are refused under one key are asked to come
        again one after the other; 0.0 if they may all come at once.
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
        """Take tokens from a key's bucket, and return 0.0.

        If it has too few, take none, and return the seconds until it has enough; with a queue,
        the seconds until it is this one's turn.
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
        """Forget a key that won't be used again."""
        with self._mutex:
            self._buckets.pop(key, None)

    def _wait(self, least: float, behind: float) -> float:
        # A full queue begins anew, so that a flood keeps nobody waiting for longer than that.
        return behind if least < behind <= self._queue else least

    def _keep(self, key: Hashable, bucket: Bucket, rate: Rate) -> None:
        self._buckets[key] = bucket
        if len(self._buckets) > MAX_BUCKETS:
            self._forget_some(rate, bucket.at)

    def _forget_some(self, rate: Rate, now: float) -> None:
        # Full buckets are forgotten first, then those that will be full soonest. So nobody can
        # empty a bucket and have it forgotten by using many new keys.
        by_debt = sorted(self._buckets.items(), key=lambda item: full_at(item[1], rate))
        indebted = [item for item in by_debt if full_at(item[1], rate) > now]
        self._buckets = dict(indebted[-KEPT_BUCKETS:])
