"""What a test may choose of its app, as JSON on the way to its process."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Config:
    """What differs from the plainest app there is."""

    flask: dict[str, Any] = field(default_factory=dict)
    """What goes into the app's configuration."""
    mode: str | None = None
    """The async mode; by default the extension picks it."""
    patch: str | None = None
    """What patches the standard library: `eventlet` or `gevent`."""
    clock: float = 0
    """Seconds that this process's clock is wrong by."""
    cache: str | None = None
    """The URL of a Redis as cache."""
    caches: str = "one"
    """Who makes it: the app makes `one`, or `two`, or `none`, which leaves it to the extension."""
    queue: str | None = None
    """The URL of a Redis as message queue."""
    counting_store: bool = False
    """Whether the sessions are in a store that counts what it is asked."""
    most_sessions: int | None = None
    """How many sessions there may be in the process, so that they can be filled up in seconds."""
    options: dict[str, Any] = field(default_factory=dict)
    """For the `SocketIO`."""
    own_socketio: bool = False
    """Whether the app makes its `SocketIO` itself."""
    handlers: list[str] = field(default_factory=list)
    """What else the app uses Socket.IO for, by name: see `handlers`."""
    provider: str | None = None
    """What gets ICE servers for its peers, by name: see `providers`."""
    proxy: dict[str, int] | None = None
    """What a proxy in front says, as the arguments of `ProxyFix`."""
    log: str = "WARNING"
    """From which level on the log is written."""
    overheard: bool = False
    """Whether the app tells, at `/log`, what it has written."""
    controllers: bool = False
    """Whether `flask p2p controller` writes a controller for the pages."""
    host: str = "127.0.0.1"
    """Where it listens."""
    constants: dict[str, Any] = field(default_factory=dict)
    """Constants of the package by their whole names, and what takes their place."""
