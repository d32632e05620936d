"""Connections that are closed after a test, and what a server must not keep of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from tests.kit.http import get_json
from tests.kit.waiting import until
from tests.kit.wire import Wire

AnyWire = TypeVar("AnyWire", bound=Wire)


@contextmanager
def opening(url: str, kind: Callable[[str], AnyWire]) -> Iterator[Callable[[], AnyWire]]:
    """Open connections that are closed afterwards."""
    with ExitStack() as stack:

        def open_one() -> AnyWire:
            wire = kind(url)
            stack.callback(wire.close)
            return wire

        yield open_one


@contextmanager
def without_leaks(url: str, kind: Callable[[str], AnyWire]) -> Iterator[Callable[[], AnyWire]]:
    """Open connections that are closed afterwards; then the server must hold nothing of them."""
    with opening(url, kind) as open_one:
        yield open_one
    assert_nothing_is_held(url)


def assert_nothing_is_held(url: str) -> None:
    held: dict[str, int] = {}

    def nothing() -> bool:
        held.update(get_json(f"{url}/held"))
        return not any(held.values())

    until(nothing, lambda: f"The server still holds {held}.")
