"""The budgets: what one stranger, socket, peer or session may cost this process.

Each has a name, and is counted in ``metrics`` under the one that its comment gives where
it is exceeded. Those that an app may set are ``P2P_*`` keys of the configuration.
"""

from .buckets import Rate

# Joins (metrics: join, rejoin)

JOIN_BURST = 5.0
"""The seconds' worth of joins that an address may make at once."""
REJOINS = Rate(per_second=2.0, burst=20.0)
"""Joins of one peer of a session, on whichever sockets of this worker.

An honest one that has lost its host asks every 500 ms whether that is gone.
"""

# Signals (metrics: signal, session_signal, roster, candidates)

SIGNAL_BURST = 4.0
"""The seconds' worth of signals that a socket may send at once."""
SESSION_BURST = 2.0
"""The seconds' worth of signals that a session may send at once."""
ROSTERS = Rate(per_second=5.0, burst=20.0)
"""Rosters of one host, which are written to the store; a host of ours pauses for 300 ms."""
MAX_CANDIDATES = 100
"""Candidates of one peer that are passed on for one negotiation, and packets of them."""
MAX_DESCRIPTIONS = 30
"""Descriptions of one peer that are passed on for one negotiation; they count as candidates."""

# Frames, readable or not (metrics: frame, bad_packets)

FRAMES = Rate(per_second=200.0, burst=1000.0)
"""WebSocket messages of one socket, of whatever kind; more are read later."""
PATIENCE = Rate(per_second=1.0, burst=100.0)
"""The refusals of one connection that are put up with; one more, and it is closed."""
BAD_PACKET_COST = 10.0
"""The refusals that a packet counts for which no client of ours would send."""

# Bytes (metrics: unjoined, unread)

UNJOINED_BYTES = 65_536
"""Bytes of one socket that are kept for it before it has joined: what it sent, whole or not."""
READ_RATE = Rate(per_second=1024 * 1024, burst=2 * 1024 * 1024)
"""Bytes that are read from one socket; more are read later."""
UNREAD_BYTES = 1024 * 1024
"""Bytes that wait for one socket to read them; with more, it is closed."""

# Sessions (metrics: session)

MAX_SESSIONS = 100_000
"""Keys that the store in this process holds; what is new is refused beyond that."""
ROSTER_BYTES = 131_072
"""Bytes of a host's roster that are kept; 1,000 peers have room with ids of 128 letters each."""
MORE_PEERS = 100
"""Peers of a roster besides those that there is room for: clients show as many that have gone."""
