"""What a join says: the same descriptions and candidates to whichever server passes them on."""

import json
from typing import Any

# As Chromium describes a connection that has one data channel and nothing else.
SDP = "\r\n".join(
    (
        "v=0",
        "o=- 4215775240449105457 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:Rf5c",
        "a=ice-pwd:9Tz0aAk4mQ2vW8nYx3JrLb7d",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {':'.join(['5E'] * 32)}",
        "a=setup:actpass",
        "a=mid:0",
        "a=sctp-port:5000",
        "a=max-message-size:262144",
        "",
    )
)
Batch = list[dict[str, Any]]
Batches = list[Batch]
_LINE = "candidate:{0} 1 udp {1} {2} {3} typ {4} generation 0 ufrag Rf5c network-id 1"
_KINDS = (
    ("5f3c1a52-9d0e-4b63-8a7f-1c2d3e4f5a6b.local", "host"),
    ("203.0.113.7", "srflx raddr 0.0.0.0 rport 0"),
    ("198.51.100.23", "relay raddr 203.0.113.7 rport 50123"),
)


def _candidates(kind: int, count: int) -> Batch:
    address, suffix = _KINDS[kind]
    return [
        {
            "candidate": _LINE.format(
                842163049 + each, 2122260223 - each, address, 50_000 + each, suffix
            ),
            "sdpMid": "0",
            "sdpMLineIndex": 0,
            "usernameFragment": "Rf5c",
        }
        for each in range(count)
    ]


#: Candidates of one peer, in the batches in which a browser finds them: those of its own
#: networks at once, then what STUN and TURN servers answer.
INTERNET = [_candidates(0, 4), _candidates(1, 2), _candidates(2, 4)]
LOCAL = [_candidates(0, 2)]


def compact(value: object) -> str:
    """Return JSON as browsers write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
