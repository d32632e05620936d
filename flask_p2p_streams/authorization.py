"""The app's own say in who may join."""

import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

from flask import Request, request
from werkzeug.exceptions import HTTPException

from .errors import ArgumentError, ErrorCode, SignalingError
from .evidence import withheld

Authorizer: TypeAlias = Callable[[str, str, Request], bool]
AnyAuthorizer = TypeVar("AnyAuthorizer", bound=Authorizer)

logger = logging.getLogger("flask_p2p_streams")


class Authorizers:
    """The app's functions that are asked at each join and each renewal of a token.

    All of them are asked, in the order of their registration, until one refuses.
    """

    def __init__(self) -> None:
        self._functions: list[Authorizer] = []

    def __len__(self) -> int:
        """Return how many functions are asked."""
        return len(self._functions)

    def add(self, function: Authorizer) -> None:
        """Ask this function too, from now on.

        :raises ArgumentError: if it isn't a plain function; what ``async def`` returns
            would count as a yes.
        """
        if not callable(cast(object, function)) or inspect.iscoroutinefunction(function):
            raise ArgumentError("authorize", f"needs a plain function, not {_name(function)}.")
        self._functions.append(function)

    def ask(self, session_id: str, peer_id: str) -> None:
        """Ask them all about the peer of the present request.

        :raises SignalingError: ``forbidden`` if one says no, ``internal`` if one fails,
            or whatever ``SignalingError`` one of them raises.
        """
        for function in self._functions:
            if not _says_yes(function, session_id, peer_id):
                raise SignalingError(
                    ErrorCode.FORBIDDEN,
                    "The app doesn't let this peer into the session.",
                    hint="Ask whoever runs the app, or sign in again.",
                )


def _says_yes(function: Authorizer, session_id: str, peer_id: str) -> bool:
    try:
        answer: object = function(session_id, peer_id, cast(Any, request)._get_current_object())
        # Nor does None: a check whose end was forgotten, or says nothing, lets nobody in.
        if not isinstance(answer, bool):
            raise TypeError(f"It returned {type(answer).__name__}, not True or False.")
    except SignalingError:
        raise
    except HTTPException:
        return False
    except Exception as error:
        logger.exception("The function %s of p2p.authorize has failed.", _name(function))
        raise SignalingError(ErrorCode.INTERNAL) from error
    return answer


def _name(function: object) -> str:
    # Not its repr: that of a functools.partial shows the arguments, and a key among them.
    return str(getattr(function, "__qualname__", withheld(function)))
