"""What happens to sessions, as blinker signals that an app can listen to.

The sender is always the Flask app. A receiver runs in the server's event handler, or in a
background task, so it should be quick; one that raises is logged and harms nobody.
"""

from blinker import Namespace

_signals = Namespace()

session_opened = _signals.signal("p2p-session-opened")
"""A session has its first host: ``session_id``."""

peer_joined = _signals.signal("p2p-peer-joined")
"""A peer has come: ``session_id``, ``peer_id``, ``host`` (True if it hosts)."""

host_elected = _signals.signal("p2p-host-elected")
"""A peer has become host: ``session_id``, ``peer_id``, ``epoch``."""

host_lost = _signals.signal("p2p-host-lost")
"""The seat is empty: ``session_id``, ``peer_id``, ``epoch``, ``reason`` (``left`` or ``lost``)."""

peer_connected = _signals.signal("p2p-peer-connected")
"""A peer that has come is connected, or hosts: ``session_id``, ``peer_id``."""

peer_kicked = _signals.signal("p2p-peer-kicked")
"""The app has removed a peer: ``session_id``, ``peer_id``, ``ban_for`` (seconds)."""

session_closed = _signals.signal("p2p-session-closed")
"""The app has closed a session: ``session_id``."""

peer_left = _signals.signal("p2p-peer-left")
"""A peer has gone, and not come back within ``P2P_HOST_GRACE``: ``session_id``, ``peer_id``."""
