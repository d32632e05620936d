"""Figures of several rounds, in which all systems take turns."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

SYSTEMS = {"bare": "bare", "ours": "ours", "peerjs": "PeerJS", "simple": "simple-peer"}
"""How each is called in the pages, and in what is written."""


@dataclass(frozen=True)
class Samples:
    """What one system made of each round."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def most(self) -> float:
        return max(self.values)

    def ratio(self, base: "Samples") -> float:
        """Return the median of the ratios of one round each, as a machine's speed drifts."""
        pairs = zip(self.values, base.values, strict=True)
        return statistics.median(one / other for one, other in pairs)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that so large a share of them doesn't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
