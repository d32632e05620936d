"""What happens to sessions, as blinker signals that an app can listen to.

The sender is always the Flask app. A receiver runs in the server's event handler, or in a
background task, so it should be quick. An error in a receiver is logged, and changes nothing.
"""

from blinker import Namespace

_signals = Namespace()

# Each text becomes the signal's docstring; without one, that of blinker's class would be shown.

session_opened = _signals.signal(
    "p2p-session-opened",
    """A session has its first host: ``session_id``.

    Sent before the ``peer_joined`` and ``host_elected`` of that host; again where a session that
    was closed, or that the cache has forgotten, begins anew.
    """,
)

peer_joined = _signals.signal(
    "p2p-peer-joined",
    """A peer has come: ``session_id``, ``peer_id``, ``host`` (True if it hosts).

    Sent at its join, before it is connected to the host.
    """,
)

host_elected = _signals.signal(
    "p2p-host-elected",
    """A peer has become host: ``session_id``, ``peer_id``, ``epoch`` (a whole number).

    Sent for the first host and for each that follows another, also by ``handOver()``; not where
    a host comes back and takes its own seat again.
    """,
)

host_lost = _signals.signal(
    "p2p-host-lost",
    """The seat is empty: ``session_id``, ``peer_id``, ``epoch``, ``reason``.

    The reason is ``"left"`` where the host has said goodbye, handed over or been removed by the
    app, and ``"lost"`` where its socket has dropped, so that the seat is reserved for
    ``P2P_HOST_GRACE``.
    """,
)

peer_connected = _signals.signal(
    "p2p-peer-connected",
    """A peer that has come is connected, or hosts: ``session_id``, ``peer_id``.

    Sent once its connection to the host is open.
    """,
)

peer_kicked = _signals.signal(
    "p2p-peer-kicked",
    """The app has removed a peer: ``session_id``, ``peer_id``, ``ban_for`` (seconds; 0 for none).

    Sent by each ``p2p.kick`` and ``flask p2p kick``, also where that peer isn't in the session.
    """,
)

session_closed = _signals.signal(
    "p2p-session-closed",
    """The app has closed a session: ``session_id``.

    Sent by each ``p2p.close`` and ``flask p2p close``, also where nobody is in the session.
    """,
)

peer_left = _signals.signal(
    "p2p-peer-left",
    """A peer has gone, and not come back in time: ``session_id``, ``peer_id``.

    The time is ``P2P_HOST_GRACE``, in seconds.
    """,
)
