"""Errors that the app's developer meets: wrong configuration, wrong arguments.

What browsers are told is in ``protocol.errors``; its names can be imported from here, too.
"""

from .protocol.errors import ErrorCode as ErrorCode
from .protocol.errors import P2PStreamsError as P2PStreamsError
from .protocol.errors import SignalingError as SignalingError


class ConfigurationError(P2PStreamsError, ValueError):
    """The app is set up in a way that cannot work; the text says what to do.

    ``key`` is the configuration key that is wrong, or None where no key is. ``value`` is what was
    found there, or None where that may hold a secret.
    """

    def __init__(self, text: str, *, key: str | None = None, value: object = None) -> None:
        super().__init__(text)
        self.key = key
        self.value = value


class ArgumentError(P2PStreamsError, TypeError):
    """A template tag, a method of ``P2PStreams`` or a test peer was given a wrong argument.

    ``argument`` is the name of the argument.
    """

    def __init__(self, argument: str, problem: str) -> None:
        super().__init__(f"{argument}: {problem}")
        self.argument = argument
