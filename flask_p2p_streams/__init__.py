"""One-to-many WebRTC connections between the browsers of a Flask app.

The modules, in reading order; each imports only from those above it:

``errors``
    what can go wrong: codes, causes and cures
``evidence``
    what an error may show of the value that is at fault
``ice``
    ICE servers: what an app may name
``config``
    the ``P2P_*`` configuration
``buckets``
    how often something may happen: token buckets
``limits``
    the budgets: what one stranger, socket, peer or session may cost
``metrics``
    what has happened, in numbers
``prometheus``
    the same for Prometheus
``patching``
    whether the standard library is patched
``sharing``
    whether several processes can serve one app together
``webserver``
    the web server that loads the app
``proxies``
    whether a proxy stands before the app that it doesn't know of
``forks``
    what a process must not share with the one that it was forked from
``identity``
    what names this process among those that share a store and a message queue
``throttle``
    who comes too often: slowed first, then closed
``fields``
    the parts of a payload, checked one by one
``tokens``
    join tokens and host seats
``sdp``
    descriptions and candidates, as far as a server understands them
``messages``
    the wire: what browsers send and are sent
``signals``
    what an app can listen to
``gates``
    the door of a session: bans, closing, locks; no I/O
``records``
    what is kept of a session
``places``
    who is in a session, and what is news of it; no I/O
``rosters``
    what a host tells of its peers, and what that counts for; no I/O
``doubts``
    when a host is gone though its socket is there; no I/O
``decisions``
    what the rules decide
``sessions``
    the rules of joining; no I/O
``seats``
    the rules of the host's seat; no I/O
``removals``
    the rules of kick, unban, close and lock; no I/O
``atomic``
    what a store does in one step; the only place that locks
``outages``
    what cures an outage of a store whose server answers
``breaker``
    whether a store is worth asking, after it has failed
``guarded``
    a store whose failures are told, and cost little time
``store``
    sessions in a store
``issuer``
    the tokens of pages, signed with what is known of their session
``redis_client``
    connections of our own to an app's Redis
``redis_store``
    sessions in Redis
``memory_store``
    sessions in this process
``memcached_store``
    sessions in memcached
``memcached_client``
    which clients of memcached a store can use
``cache_types``
    the cache that ``CACHE_TYPE`` asks for
``caches``
    a store in the app's Flask-Caching cache
``directory``
    which workers live, and which hosts they hold
``overview``
    all sessions at a glance, in few round trips
``lines``
    the TCP connections beneath requests
``deadlines``
    what is due when its time is over
``frames``
    WebSocket frames, as far as they are counted
``metering``
    what comes in on one WebSocket, counted and paced
``metered_sockets``
    the socket beneath it, read no further
``websockets``
    the WebSockets of each server, with a meter
``sockets``
    what is asked of each new connection
``endings``
    the end of a WebSocket: nothing behind it is read as HTTP
``carriers``
    whether the server of a request can carry a WebSocket
``backlog``
    what waits for one connection until its client reads it
``pings``
    the pings of all connections
``outgoing``
    what goes out to each connection
``publisher``
    what goes over the message queue
``socket_rooms``
    how events reach sockets
``controls``
    Engine.IO's own packets
``attachments``
    packets with attachments
``packets``
    packets that no client of ours sends
``door``
    what stands before Engine.IO
``negotiations``
    what two peers may send each other to get connected
``rooms``
    who is here, on this worker
``released``
    who has let go of the server, and isn't in a roster yet
``receivers``
    the app's receivers of signals
``announcements``
    who is told what
``probes``
    whether a host lives
``workers``
    this process among the others
``attendance``
    who comes and goes, told to the app once
``authorization``
    the app's own say in a join
``admission``
    who is let in, and as what
``moderation``
    kick, unban, close and lock, carried out
``signaling``
    the order of a peer's life
``namespace``
    signaling as a Socket.IO namespace
``settings``
    what the configuration was when it was read
``latecomers``
    what comes to an app after the extension
``assets``
    where the client's files are, and how they are served
``options``
    the ``config`` of a frame
``page``
    what the present page has emitted already, and its CSP nonce
``responses``
    who may keep a page with a token, and whether it works
``renewals``
    the tokens of pages, renewed over HTTP
``routes``
    the extension's own routes, on every host
``arguments``
    the arguments of the tags
``tags``
    ``p2p_frame_tag`` and its companions
``parallel``
    calls that may hang, side by side for a limited time
``stun``
    whether STUN and TURN servers answer
``findings``
    what the doctor looks at, and what it may find
``doctor_setup``
    the settings of the app and its workers
``doctor_reach``
    what has to be reached
``doctor_workers``
    which workers live beyond doubt
``doctor``
    what is wrong with an app, and what cures it
``table``
    tables for a terminal
``cli_context``
    what the commands share
``cli_moderation``
    ``flask p2p kick``, ``unban``, ``close`` and ``lock``
``cli_sessions``
    ``flask p2p sessions``
``cli_doctor``
    ``flask p2p doctor``
``cli``
    ``flask p2p``
``server_options``
    the options of the ``SocketIO`` that the extension makes
``unspoken``
    the Socket.IO server: refused where no browser could speak to it
``queues``
    the message queue: refused where it can reach nobody
``servers``
    the Socket.IO server: found, made, refused
``wiring``
    what serves one app, and how its parts are put together
``extension``
    ``P2PStreams`` wires it all
``testing``
    helpers for the tests of an app
"""

__version__ = "0.1.0"

from .errors import ArgumentError as ArgumentError
from .errors import ConfigurationError as ConfigurationError
from .errors import ErrorCode as ErrorCode
from .errors import P2PStreamsError as P2PStreamsError
from .errors import SignalingError as SignalingError
from .extension import P2PStreams as P2PStreams
from .extension import SessionInfo as SessionInfo
from .signals import host_elected as host_elected
from .signals import host_lost as host_lost
from .signals import peer_connected as peer_connected
from .signals import peer_joined as peer_joined
from .signals import peer_kicked as peer_kicked
from .signals import peer_left as peer_left
from .signals import session_closed as session_closed
from .signals import session_opened as session_opened
