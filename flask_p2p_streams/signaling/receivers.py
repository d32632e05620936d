"""Calls the app's receivers of signals: each gets all signals in order, even if one fails."""

import logging
import threading
from collections import deque
from contextlib import nullcontext
from typing import Any, TypeAlias

from blinker import NamedSignal
from flask import Flask, has_app_context

MOST_CAUSED = 1000
"""Signals that the receivers of one signal may cause in their turn."""

logger = logging.getLogger("flask_p2p_streams")

Message: TypeAlias = tuple[NamedSignal, dict[str, Any]]


class Receivers:
    """The functions that listen to the signals of one app."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        # By thread, the signals that receivers have caused. A kick in a receiver of a join is sent
        # after all receivers have been told of the join.
        self._waiting: dict[int, deque[Message]] = {}

    def send(self, *messages: Message) -> None:
        """Send signals with their details; what a receiver causes is sent after all of them."""
        thread = threading.get_ident()
        if thread in self._waiting:
            self._waiting[thread].extend(messages)
            return
        self._waiting[thread] = deque(messages)
        try:
            # Background tasks, and code of the app outside of its requests, have no app context.
            with nullcontext() if has_app_context() else self._app.app_context():
                self._deliver(self._waiting[thread], len(messages) + MOST_CAUSED)
        except Exception:
            logger.exception("What the app does at the end of its context has failed.")
        finally:
            del self._waiting[thread]

    def _deliver(self, waiting: deque[Message], most: int) -> None:
        for _ in range(most):
            if not waiting:
                return
            self._tell(*waiting.popleft())
        if waiting:
            logger.error(
                "The receivers of signals cause each other again and again, for example one of %s "
                "that kicks: %d more aren't told. Let it look whether there is anything to do.",
                waiting[0][0].name,
                len(waiting),
            )

    def _tell(self, signal: NamedSignal, details: dict[str, Any]) -> None:
        for receiver in [] if signal.is_muted else signal.receivers_for(self._app):
            try:
                self._app.ensure_sync(receiver)(self._app, **details)
            except Exception:
                name = getattr(receiver, "__qualname__", type(receiver).__name__)
                logger.exception("The receiver %s of %s has failed.", name, signal.name)
