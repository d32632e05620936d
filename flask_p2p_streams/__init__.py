"""One-to-many WebRTC connections between the browsers of a Flask app."""

from ._version import __version__ as __version__
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
from .stores.base import Store as Store
