"""The app's own function that gets ICE servers for a peer from whoever provides them."""

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

from ..errors import ArgumentError
from .authorization import name_of, returns_no_answer

IceFunction: TypeAlias = Callable[[str, str], Any]
AnyIceFunction = TypeVar("AnyIceFunction", bound=IceFunction)


class IceProvider:
    """The one function of an app that is asked for each peer's ICE servers; there may be none.

    :param common: holds the function that is asked where the app has none of its own.
    """

    def __init__(self, common: "IceProvider | None" = None) -> None:
        self._common = common
        self._function: IceFunction | None = None

    @property
    def function(self) -> IceFunction | None:
        """The function that is asked, or None."""
        return self._function or (self._common.function if self._common else None)

    @property
    def name(self) -> str:
        """What errors call it."""
        return name_of(self.function)

    def set(self, function: IceFunction) -> None:
        """Ask this function from now on.

        :raises ArgumentError: if there is one already; if it is an ``async def`` or a generator;
            or if it can't be called with a session id and a peer id.
        """
        if not callable(cast(object, function)) or returns_no_answer(function):
            raise ArgumentError("ice_servers", f"needs a plain function, not {name_of(function)}.")
        if not _takes_two(function):
            problem = f"calls {name_of(function)} with a session id and a peer id."
            raise ArgumentError("ice_servers", f"{problem} Let it take these two arguments.")
        if self._function is not None:
            raise ArgumentError(
                "ice_servers",
                f"{name_of(self._function)} is asked already, and only one function is. Let one "
                "function return the servers of both.",
            )
        self._function = function


def _takes_two(function: IceFunction) -> bool:
    try:
        signature = inspect.signature(function)
    except ValueError:
        # Some functions that are written in C have no signature.
        return True
    try:
        signature.bind("session", "peer")
    except TypeError:
        return False
    return True
