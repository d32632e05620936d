"""What a server must not keep of those who have left."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from tests.server.wire import Wire, get, until

AnyWire = TypeVar("AnyWire", bound=Wire)


@contextmanager
def without_leaks(url: str, kind: Callable[[str], AnyWire]) -> Iterator[Callable[[], AnyWire]]:
    """Open WebSockets that are closed afterwards; then the server must hold nothing of them."""
    with ExitStack() as stack:

        def open_one() -> AnyWire:
            wire = kind(url)
            stack.callback(wire.close)
            return wire

        yield open_one
    assert_nothing_is_held(url)


def assert_nothing_is_held(url: str) -> None:
    held: dict[str, int] = {}

    def nothing() -> bool:
        held.update(json.loads(get(f"{url}/held")))
        return not any(held.values())

    until(nothing, lambda: f"The server still holds {held}.")
