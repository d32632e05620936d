"""The counters of a worker as Prometheus reads them (text format 0.0.4)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The ``Content-Type`` of what :func:`prometheus_text` returns."""


class Family(NamedTuple):
    """One entry of a snapshot; where that is a dictionary, ``label`` says what its keys are."""

    key: str
    kind: str
    text: str
    label: str = "kind"

    @property
    def name(self) -> str:
        """The entry's name in Prometheus."""
        return f"p2p_{self.key}_total" if self.kind == "counter" else f"p2p_{self.key}"


FAMILIES = (
    Family("joins", "counter", "Joins that were accepted."),
    Family(
        "refused", "counter", "Joins, renewals and events that were refused, by error code.", "code"
    ),
    Family("limited", "counter", "Refusals for coming too fast, by limit.", "limit"),
    Family("relayed", "counter", "Signals that were passed on, by event.", "event"),
    Family("relay_links", "counter", "Links that began to talk over the server."),
    Family("relay_batches", "counter", "Batches of packets that were relayed."),
    Family("relay_bytes", "counter", "Bytes of the packets that were relayed."),
    Family("evicted", "counter", "Connections that were closed for flooding."),
    Family("bad_packets", "counter", "Packets that could not be read."),
    Family("elections", "counter", "Hosts that were elected."),
    Family("probes", "counter", "Hosts that were asked whether they are there, by outcome."),
    Family("store_failures", "counter", "Failures of the store of the sessions."),
    Family("sockets", "gauge", "Sockets that have joined and are open."),
    Family("sessions", "gauge", "Sessions that have a socket here."),
)


def prometheus_text(snapshot: Mapping[str, Any]) -> str:
    """Return a snapshot of ``p2p.metrics()`` in Prometheus' text exposition format.

    An entry that the snapshot doesn't have is left out.
    """
    lines = (line for each in FAMILIES if each.key in snapshot for line in _lines(each, snapshot))
    return "".join(f"{line}\n" for line in lines)


def _lines(family: Family, snapshot: Mapping[str, Any]) -> list[str]:
    value, name = snapshot[family.key], family.name
    head = [f"# HELP {name} {_help(family.text)}", f"# TYPE {name} {family.kind}"]
    if not isinstance(value, Mapping):
        return [*head, f"{name} {value}"]
    label = family.label
    return [*head, *(f'{name}{{{label}="{_label(key)}"}} {each}' for key, each in value.items())]


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _label(text: str) -> str:
    return _help(text).replace('"', r"\"")
