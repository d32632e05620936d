"""Types, functions and checks that the commands of ``flask p2p`` share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask import current_app

from ..errors import ConfigurationError
from ..protocol.errors import P2PStreamsError
from ..protocol.fields import id_problem


class Id(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A session or peer id."""

    name = "id"

    def convert(self, value: str, param: object, ctx: object) -> str:
        """Return the id as it is.

        :raises click.BadParameter: if it can't be one.
        """
        problem = id_problem(value)
        if problem:
            raise click.BadParameter(f"{problem}.")
        return value


def span(seconds: float) -> str:
    """Return a duration as text, in its two largest units."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    while len(parts) > 1 and parts[0][0] == 0:
        parts.pop(0)
    return " ".join(f"{number}{unit}" for number, unit in parts[:2])


def app_state() -> Any:
    """Return the extension's state of the present app.

    :raises click.ClickException: if the app has no extension.
    """
    state = current_app.extensions.get("p2p_streams")
    if state is None:
        raise click.ClickException(
            "This app has no P2PStreams. Set it up: P2PStreams(app), or init_app(app)."
        )
    return state


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show the errors of this package as one line, with exit status 1."""
    try:
        yield
    except P2PStreamsError as error:
        raise click.ClickException(str(error)) from error


def check_store_is_shared(state: Any) -> None:
    """Make sure that this process, which isn't the server's, sees the sessions.

    :raises ConfigurationError: with a hint.
    """
    if not state.store.is_shared:
        raise ConfigurationError(
            "The sessions are in a cache of the server's own process, which this command "
            "can't reach. Set CACHE_TYPE to RedisCache.",
            key="CACHE_TYPE",
        )
