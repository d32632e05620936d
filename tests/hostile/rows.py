"""What an attack has done to those who stood by, and whether that is more than it may."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_P95 = 250.0
MAX_GAP = 1000.0
MAX_JOIN = 2000.0
MAX_GROWTH = 10.0
"""Mebibytes that a server may have more after an attack than before."""
MAX_HEARD = 120
"""Events that an attacker may make others hear of."""
HEADINGS = (
    "attack",
    "mode",
    "sent",
    "lost",
    "twice",
    "p50",
    "p95",
    "gap",
    "join",
    "MiB",
    "remarks",
)


@dataclass(frozen=True)
class Row:
    """One attack in one mode; times are in milliseconds, ``growth`` in mebibytes."""

    attack: str
    mode: str
    measured: Mapping[str, Any]
    growth: float
    harm: str | None = None

    @property
    def failures(self) -> list[str]:
        """What no slow machine is to blame for."""
        seen = self.measured
        found = [f"{seen[key]} {key}" for key in ("lost", "duplicated") if seen[key]]
        for name in ("missing", "disconnects", "changes", "sends_failed", "join_troubles"):
            found += _briefly(name.replace("_", " "), seen.get(name, []))
        loud = {name: count for name, count in seen["heard"].items() if count > MAX_HEARD}
        found += [f"heard {count} {name}" for name, count in loud.items()]
        found += [f"{self.growth:.0f} MiB"] if self.growth > MAX_GROWTH else []
        found += [f"join {seen['join']:.0f} ms"] if seen["join"] > MAX_JOIN else []
        return found + ([self.harm] if self.harm else [])

    @property
    def missed(self) -> list[str]:
        """The aims of time that were missed."""
        aims = {"p95": MAX_P95, "gap": MAX_GAP}
        return [name for name, most in aims.items() if self.measured[name] > most]

    def cells(self) -> tuple[str, ...]:
        seen = self.measured
        times = [_whole(seen[name]) for name in ("p50", "p95", "gap", "join")]
        remarks = [f"FAILED: {each}" for each in self.failures]
        remarks += [f"missed: {each}" for each in self.missed]
        counts = [str(seen[name]) for name in ("sent", "lost", "duplicated")]
        return (
            self.attack,
            self.mode,
            *counts,
            *times,
            f"{self.growth:.1f}",
            "; ".join(remarks) or "ok",
        )


def table(rows: list[Row]) -> str:
    """Return the rows as a table of Markdown."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _briefly(name: str, each: Sequence[Any]) -> list[str]:
    """Return what there are many of by the first one."""
    return [f"{len(each)} {name}: {each[0]!s:.60}"] if each else []


def _whole(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0f}"
