"""The limits: what one stranger, socket, peer or session may cost this process.

Each has a name, and is counted in ``metrics`` under the one that its comment gives where
it is exceeded. Those that an app may set are ``P2P_*`` keys of the configuration.
"""

from .token_bucket import Rate

# Joins and renewals of tokens (metrics: join, rejoin)

JOIN_BURST = 5.0
"""The seconds' worth of joins that an address may make at once."""
JOIN_QUEUE = 5.0
"""The seconds over which joins that an address makes too early are asked to come again."""
REJOINS = Rate(per_second=2.0, burst=20.0)
"""Joins of one peer of a session, on whichever sockets of this worker.

An honest one that has lost its host asks every 500 ms whether that is gone.
"""
RENEWALS = Rate(per_second=1.0, burst=10.0)
"""Renewals of one peer's tokens at this worker (counted as rejoin)."""

# Tokens

CLOCK_SKEW = 20.0
"""Seconds that the clocks of two workers may differ by; a token of a later time is refused."""
SHORTEST_RENEWAL = 10.0
"""Seconds that a renewed token lasts at least; with fewer left, a new page is needed."""

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

CARRIED = Rate(per_second=16_384.0, burst=131_072.0)
"""Bytes of signals that one client sends its host, whatever negotiations they belong to.

An honest one sends some 5 kB for each, so that one client alone doesn't fill what waits for a
host on a slow line.
"""

# Frames, readable or not (metrics: frame, bad_packets)

FRAMES = Rate(per_second=500.0, burst=2000.0)
"""WebSocket frames of one socket, of whatever kind; more are read later.

A host whose thousand peers all come back at once sends some three thousand signals.
"""
PATIENCE = Rate(per_second=1.0, burst=100.0)
"""The refusals of one connection that are put up with; one more, and it is closed."""
BAD_PACKET_COST = 10.0
"""The refusals that a packet counts for which no client of ours would send."""

# Bytes (metrics: unjoined, unread)

UNJOINED_BYTES = 65_536
"""Bytes of one socket that are kept for it before it has joined: what it sent, whole or not."""
HANDSHAKE_BYTES = UNJOINED_BYTES // 4
"""The part of them that the head of its request may take: address and header fields."""
UNJOINED_MESSAGE_BYTES = UNJOINED_BYTES * 3 // 16
"""Bytes of one message before it has joined; a text may take four times as many in Python."""
FRAME_COST = 64
"""Bytes that a frame counts for beside what is in it, as its parts are kept one by one."""
READ_RATE = Rate(per_second=1024 * 1024, burst=2 * 1024 * 1024)
"""Bytes that are read from one socket; more are read later."""
READ_BYTES = 4096
"""Bytes that are read at once; of a socket that hasn't joined, a quarter of that."""
READ_AHEAD_BYTES = 65_536
"""Bytes of one socket that are read and wait for the messages before them to be handled."""
MAX_ATTACHMENTS = 100
"""Attachments of one packet, where the app takes any; together they are one message."""
UNREAD_BYTES = 1024 * 1024
"""Bytes that wait for one socket to read them; with more, it is closed."""
PACKET_BYTES = 512
"""Bytes that a packet takes beside its content, as long as it waits."""
APP_SHARE = 16
"""An app may send more than signals: its own packets count for one part of so many."""
GOODBYE_TIMEOUT = 5.0
"""Seconds that a client may take to end a connection to which the server has said goodbye."""

# Sessions (metrics: session)

LONGEST_BAN = 366 * 86_400
"""Seconds that a ban may last."""
MAX_SESSIONS = 100_000
"""Sessions that the store in this process holds; a new one is refused beyond that."""
OTHER_KEYS = 3 * MAX_SESSIONS
"""Its further keys: each session has a roster, and some have a few more."""
MAX_PLACES = 3 * MAX_SESSIONS
"""Peers of whom it knows what the app has heard; of further ones the app hears nothing."""
STORE_BYTES = 256 * 1024 * 1024
"""Bytes that all its keys and values take, beyond which only known sessions' records grow."""
ROSTER_BYTES = 131_072
"""Bytes of a host's roster that are kept; 1,000 peers have room with ids of 128 letters each."""
MORE_PEERS = 100
"""Peers of a roster besides those that there is room for: clients show as many that have gone."""
