from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.errors import ErrorCode, SignalingError
from flask_p2p_streams.protocol.sdp import check_candidate, check_sdp

NAME = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local"
HEAD = "candidate:842163049 1 udp 1677729535"


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{HEAD} 192.0.2.1 9 typ host",
        f"{HEAD} {NAME} 54321 typ host generation 0 ufrag xIFg network-cost 999",
        f"{HEAD} 192.0.2.1 9 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag +/x network-id 1",
        f"{HEAD} 192.0.2.1 9 typ relay raddr {NAME} rport 9",
        "candidate:0 1 UDP 2122252543 2001:db8::1 54321 typ host",
        "candidate:1 1 tcp 1518280447 ::1 9 typ host tcptype active generation 0",
        "candidate:a+/b 1 TCP 2105458943 10.0.0.1 9 typ host tcptype active",
    ],
)
def test_what_browsers_send(text: str) -> None:
    check_candidate(text)
    check_sdp(f"v=0\r\na={text}\r\n" if text else "v=0\r\n")


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "candidate:1",
        "hello",
        f"{HEAD} evil.example 9 typ host",
        f"{HEAD} evil.local 9 typ host",
        f"{HEAD} {NAME}.evil.example 9 typ host",
        f"{HEAD} fe80::1%eth0 9 typ host",
        f"{HEAD} 127.1 9 typ host",
        f"{HEAD} 192.0.2.1 9 typ srflx raddr evil.example rport 0",
        f"{HEAD} 192.0.2.1 9 typ host\r\na=evil",
        f"{HEAD} 192.0.2.1 9 typ host\n",
        f"{HEAD} 192.0.2.1 -9 typ host",
        f"{HEAD} 192.0.2.1 9",
        f"a={HEAD} 192.0.2.1 9 typ host",
        f"{HEAD} 192.0.2.1 9 typ host \u00e9",
    ],
)
def test_what_no_browser_sends(text: str) -> None:
    with pytest.raises(SignalingError) as raised:
        check_candidate(text)
    assert raised.value.code is ErrorCode.BAD_REQUEST


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_name_within_a_description(end: str) -> None:
    with pytest.raises(SignalingError, match="bad_request"):
        check_sdp(end.join(["v=0", f"a={HEAD} evil.example 9 typ host", ""]))


def test_how_much_a_description_may_hold() -> None:
    check_sdp("a=x\r\n" * 2000)
    check_sdp("m=x\r\n" * 16)
    for sdp in ("a=x\r\n" * 2001, "m=x\n" * 17):
        with pytest.raises(SignalingError, match="too_large"):
            check_sdp(sdp)


@given(st.text(st.sampled_from("candidate: 1.udpthos\r\n%-::")))
def test_whatever_comes_is_accepted_or_refused(text: str) -> None:
    for check in (check_candidate, check_sdp):
        with suppress(SignalingError):
            check(text)
