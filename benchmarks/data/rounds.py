"""Rounds in which all systems take turns, so that the machine's moods meet all of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from benchmarks.results import Figures, summary

SYSTEMS = {"bare": "bare", "ours": "ours", "peerjs": "PeerJS", "simple": "simple-peer"}
"""How each is called in the pages, and in what is written."""
Way = TypeVar("Way")
Value = TypeVar("Value")


def turns(
    ways: Mapping[str, Way], measure: Callable[[Way], Value], rounds: int
) -> dict[str, list[Value]]:
    """Return what each way came to in each round after the first, in which V8 compiles it."""
    values: dict[str, list[Value]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            value = measure(way)
            if number > 0:
                values[name].append(value)
    return values


def summaries(samples: Mapping[str, Sequence[float]], *bases: str) -> Figures:
    """Return a summary of each, with its ratios to some of them."""
    others = {base: samples[base] for base in bases}
    return {name: summary(values, **others) for name, values in samples.items()}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that so large a share of them doesn't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
