"""The app's own functions that decide who may join."""

import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar, cast

from flask import Flask, Request, request
from werkzeug.exceptions import BadRequestKeyError, HTTPException

from ..errors import ArgumentError
from ..evidence import withheld
from ..protocol.errors import ErrorCode, SignalingError

Authorizer: TypeAlias = Callable[[str, str, Request], bool]
AnyAuthorizer = TypeVar("AnyAuthorizer", bound=Authorizer)

logger = logging.getLogger("flask_p2p_streams")


@contextmanager
def join_context(app: Flask, environ: dict[str, Any]) -> Iterator[None]:
    """Push the request context in which the app's functions run.

    It is the same at a join and at a renewal. A join has no response, so no ``before_request``
    runs for it, and ``g`` holds nothing that one would leave there.
    """
    with app.app_context(), app.request_context(environ):
        yield


class Authorizers:
    """The app's functions that are asked at each join and each renewal of a token.

    They are asked in the order of their registration, until one refuses.

    :param common: the functions that are asked first, and for other apps as well.
    """

    def __init__(self, common: "Authorizers | None" = None) -> None:
        self._common = common
        self._functions: list[Authorizer] = []

    def __len__(self) -> int:
        """Return how many functions are asked."""
        return len(self._all())

    def add(self, function: Authorizer) -> None:
        """Ask this function, too, from now on.

        :raises ArgumentError: if it is an ``async def`` or a generator, as what these return is
            no answer; or if it can't be called with a session id, a peer id and a request.
        """
        if not callable(cast(object, function)) or returns_no_answer(function):
            raise ArgumentError("authorize", f"needs a plain function, not {name_of(function)}.")
        if not _takes_three(function):
            problem = f"calls {name_of(function)} with a session id, a peer id and the request."
            raise ArgumentError("authorize", f"{problem} Let it take these three arguments.")
        self._functions.append(function)

    def ask(self, session_id: str, peer_id: str) -> None:
        """Ask the functions about the peer of the present request.

        :raises SignalingError: ``forbidden`` if one says no, ``internal`` if one fails,
            or whatever ``SignalingError`` one of them raises.
        """
        for function in self._all():
            try:
                reason = _refusal(function, session_id, peer_id)
            except SignalingError as error:
                _log(function, session_id, peer_id, f"raises {error.code.value}")
                raise
            if reason:
                _log(function, session_id, peer_id, reason)
                raise SignalingError(
                    ErrorCode.FORBIDDEN,
                    "The app doesn't let this peer into the session.",
                    hint="Ask whoever runs the app, or sign in again.",
                )

    def _all(self) -> list[Authorizer]:
        return [*(self._common._all() if self._common else ()), *self._functions]


def _refusal(function: Authorizer, session_id: str, peer_id: str) -> str | None:
    try:
        answer: object = function(session_id, peer_id, cast(Any, request)._get_current_object())
        # None counts as an error: a function that forgets to return its answer lets nobody in.
        if not isinstance(answer, bool):
            raise TypeError(f"It returned {type(answer).__name__}, not True or False.")
    except SignalingError:
        raise
    except HTTPException as error:
        # request.args["missing"] raises one of abort()'s errors, but is a mistake, not an answer.
        if not isinstance(error, BadRequestKeyError):
            return f"aborts with {type(error).__name__}"
        raise _failure(function) from error
    except Exception as error:
        raise _failure(function) from error
    return None if answer else "returns False"


def _failure(function: Authorizer) -> SignalingError:
    logger.exception("The function %s of p2p.authorize has failed.", name_of(function))
    return SignalingError(ErrorCode.INTERNAL)


def _log(function: Authorizer, session_id: str, peer_id: str, reason: str) -> None:
    logger.info(
        "Session %r: peer %r isn't let in, as %s %s.",
        session_id,
        peer_id,
        name_of(function),
        reason,
    )


def returns_no_answer(function: object) -> bool:
    """Tell whether a function of the app is an ``async def`` or a generator."""
    kinds = (
        inspect.iscoroutinefunction,
        inspect.isasyncgenfunction,
        inspect.isgeneratorfunction,
    )
    # For an object that can be called, its method __call__ counts. A plain function has such a
    # method as well, which changes nothing.
    called = getattr(function, "__call__", None)  # noqa: B004
    return any(is_kind(each) for is_kind in kinds for each in (function, called))


def _takes_three(function: Authorizer) -> bool:
    try:
        signature = inspect.signature(function)
    except ValueError:
        # Some functions that are written in C have no signature.
        return True
    try:
        signature.bind("session", "peer", None)
    except TypeError:
        return False
    return True


def name_of(function: object) -> str:
    """Return what errors and the log call a function of the app."""
    # Its repr isn't shown: that of a functools.partial has all arguments, which may be secrets.
    return str(getattr(function, "__qualname__", withheld(function)))
