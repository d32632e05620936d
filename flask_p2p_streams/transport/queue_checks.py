"""Refuses a message queue over which no worker can be reached."""

from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from socketio import PubSubManager

from ..errors import ConfigurationError

PACKAGES = {"redis": "redis", "rediss": "redis", "unix": "redis"}
VALKEY = {"valkey": "valkey", "valkeys": "valkey", "unix": "valkey"}


def check_queue(manager: Any) -> None:
    """Refuse a queue whose client library is missing, or to which this process can't listen.

    :param manager: python-socketio's manager.
    :raises ConfigurationError: with a hint.
    """
    if not isinstance(manager, PubSubManager):
        return
    if manager.write_only:
        raise ConfigurationError(
            "The client manager of SocketIO is write_only, so that nothing from other workers "
            "arrives here. Leave write_only out."
        )
    if isinstance(getattr(manager, "redis_url", None), str):
        _check_client(urlsplit(manager.redis_url).scheme.partition("+")[0].lower())


def _check_client(scheme: str) -> None:
    packages = [each[scheme] for each in (PACKAGES, VALKEY) if scheme in each]
    if not packages:
        raise ConfigurationError(
            f"The address of the message queue begins with {scheme[:20]!r}. It must begin with "
            "redis://, rediss:// or unix://, or redis+sentinel:// for Sentinels.",
            key="message_queue",
        )
    # Without this check a missing package looks like a missing server, and the log says so.
    if not any(find_spec(package) for package in packages):
        extra = '"flask-p2p-streams[redis]"' if packages[0] == "redis" else packages[0]
        raise ConfigurationError(
            f"The message queue needs the package {packages[0]}, which isn't installed. Run "
            f"pip install {extra}.",
            key="message_queue",
        )
