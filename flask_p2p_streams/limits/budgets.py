"""The limits: what one address, socket, peer or session may cost this process.

When a limit is exceeded, ``metrics`` counts that under the name in the comment above its group.
The limits that an app may set itself are ``P2P_*`` keys of the configuration.
"""

from .token_bucket import Rate

# Joins and renewals of tokens (metrics: join, rejoin)

JOIN_BURST = 5.0
"""An address may make as many joins at once as in this many seconds."""
JOIN_QUEUE = 5.0
"""Seconds over which an address' joins that come too early are told to come again."""
REJOINS = Rate(per_second=2.0, burst=20.0)
"""Joins of one peer of a session, on all its sockets at this worker.

An honest peer that has lost its host asks every 500 ms whether the host is gone.
"""
RENEWALS = Rate(per_second=1.0, burst=10.0)
"""Renewals of one peer's tokens at this worker (counted as rejoin)."""

# Tokens

CLOCK_SKEW = 20.0
"""Seconds by which the clocks of two workers may differ; a token from later is refused."""
SHORTEST_RENEWAL = 10.0
"""The least seconds that a renewed token lasts; with fewer left, a new page is needed."""

CHECK_LIFE = 120.0
"""Seconds for which the tokens of the check page's session last, and that session itself."""

# The app's function for ICE servers

ICE_CALL_TIMEOUT = 2.0
"""Seconds that a join or a renewal waits for it."""
ICE_REJOIN_TIMEOUT = 0.5
"""Seconds that a join on an open socket waits: by it pages see whether the connection is alive, and
make another one after 1.5 s; and what a host relays waits behind it."""
ICE_CALLS = 32
"""Calls of it that may run at once, those among them that hang."""
ICE_ANSWERS = 10_000
"""Its answers that are kept, one for each peer of a session."""
ICE_ANSWER_BYTES = 8192
"""Bytes of one answer, as JSON."""
ICE_LASTING = 60.0
"""Seconds for which an answer is kept that doesn't say how long it lasts."""
ICE_RETRY = 5.0
"""Seconds after which it is asked again for a peer for which it has failed."""
ICE_RECALL = 300.0
"""Seconds of which a page is told, after a failure, that its servers last: so it asks again."""

# Signals (metrics: signal, session_signal, roster, candidates)

SIGNAL_BURST = 4.0
"""A socket may send as many signals at once as in this many seconds."""
SESSION_BURST = 2.0
"""A session may send as many signals at once as in this many seconds."""
ROSTERS = Rate(per_second=5.0, burst=20.0)
"""Rosters of one host, which are written to the store; our client pauses for 300 ms between."""
MAX_CANDIDATES = 100
"""Candidates of one peer that are passed on for one negotiation; also packets of candidates."""
MAX_DESCRIPTIONS = 30
"""Descriptions of one peer that are passed on for one negotiation; they count as candidates."""

CARRIED = Rate(per_second=16_384.0, burst=131_072.0)
"""Bytes of signals that one client sends its host, whatever negotiations they belong to.

An honest client sends some 5 kB for each negotiation. The limit keeps a single client from
filling up what waits for a host with a slow connection.
"""

# What is relayed (metrics: relay, relay_unread)

RELAY_BURST = 393_216.0
"""Bytes that a link may send at once, in each direction: a frame of 256 KiB, also in base64."""
SESSION_RELAY_BURST = 4.0
"""A session may send as many bytes at once as in this many seconds."""
BATCH_BYTES = 64
"""Bytes that a batch counts beside its packets; so those without any have a limit as well."""
BATCHES = Rate(per_second=120.0, burst=240.0)
"""Batches of one client's socket, readable or not; a relayed link sends up to 100 a second."""
HOST_BATCHES = Rate(per_second=600.0, burst=2400.0)
"""The same for a host, which has many links: ``FRAMES`` slows it down before it is refused."""
RELAY_GAP = 16.0
"""After a batch, no other is handled for so many times as long as it took, at this worker. A batch
costs some four times that in all: so relaying takes a quarter of the worker's time, and joins go
on. What waits in a client meanwhile travels together."""
RELAY_TURN = 0.01
"""The most seconds that a batch counts for: with threads, and on a busy machine, others run, too,
while it is handled."""
RELAY_SAVED = 0.1
"""Seconds without batches for which as many may be handled at once later."""
RELAY_WAIT = 1.0
"""Seconds that a batch waits for its turn, and what its sender has sent after it; one that would
wait longer gets ``relay_full``."""
RELAY_PATIENCE = 0.1
"""The part of a refusal for which a client's full batch counts that can't be passed on now; smaller
ones count for less. Some are under way when the first one is refused, and a host has many links."""
RELAY_UNREAD_PART = 4
"""Nothing is relayed to a socket for which this part of ``UNREAD_BYTES`` waits, so that no peer
is closed for what others relay to it."""
RELAY_DROPPED_PART = 2
"""With this part, what another worker has relayed is dropped: there its sender can't be refused,
and sends again what isn't acknowledged."""
RELAY_PAUSE = 0.5
"""Seconds after which something may be relayed again to a socket or a queue that was full."""
RELAY_PUBLICATIONS = 256
"""Publications that wait for the message queue; with more, nothing is relayed over it."""

# Frames, readable or not (metrics: frame, bad_packets)

FRAMES = Rate(per_second=500.0, burst=2000.0)
"""WebSocket frames of one socket, of any kind; more of them are read later.

A host whose thousand peers all come back at once sends some three thousand signals.
"""
PATIENCE = Rate(per_second=1.0, burst=100.0)
"""The refusals that one connection may cause; at one more it is closed."""
BAD_PACKET_COST = 10.0
"""A packet that no client of ours would send counts as this many refusals."""

# Bytes (metrics: unjoined, unread)

UNJOINED_BYTES = 65_536
"""Bytes kept for one socket before it has joined: its requests and messages, also in part."""
HANDSHAKE_BYTES = UNJOINED_BYTES // 4
"""The part of ``UNJOINED_BYTES`` for the head of its request: address and header fields."""
UNJOINED_MESSAGE_BYTES = UNJOINED_BYTES * 3 // 16
"""Bytes of one message before its socket has joined; in Python a text may take four times that."""
FRAME_COST = 64
"""Bytes that a frame counts beside its content, as the parts of a message are kept one by one."""
READ_RATE = Rate(per_second=1024 * 1024, burst=2 * 1024 * 1024)
"""Bytes that are read from one socket; more of them are read later."""
READ_BYTES = 4096
"""Bytes that are read at once; a quarter of that from a socket that hasn't joined."""
READ_AHEAD_BYTES = 65_536
"""Bytes of one socket that were read and wait until the messages before are handled."""
MAX_ATTACHMENTS = 100
"""Attachments of one packet, if the app accepts any; together they are one message."""
UNREAD_BYTES = 1024 * 1024
"""Bytes that wait until one socket's client reads them; with more, it is closed."""
PACKET_BYTES = 512
"""Bytes that a waiting packet takes beside its content."""
APP_SHARE = 16
"""Packets of the app's own count for one sixteenth: an app may send more than signaling."""
GOODBYE_TIMEOUT = 5.0
"""Seconds that a client may take to end a connection after the server has said goodbye."""

# Sessions (metrics: session)

LONGEST_BAN = 366 * 86_400
"""Seconds that a ban may last."""
MAX_SESSIONS = 100_000
"""Sessions that the store in this process holds; beyond that a new one is refused."""
OTHER_KEYS = 3 * MAX_SESSIONS
"""That store's other keys: each session has a roster, and some have a few more keys."""
MAX_PLACES = 3 * MAX_SESSIONS
"""Places of peers in that store; of peers without a place the app is told nothing."""
STORE_BYTES = 256 * 1024 * 1024
"""Bytes of that store's keys and values; beyond that only records of known sessions grow."""
ROSTER_BYTES = 131_072
"""Bytes of a host's roster that are kept: room for 1,000 peers with ids of 128 letters."""
MORE_PEERS = 100
"""Peers of a roster beyond the session's limit: clients list so many that have gone."""
