from typing import Any

import pytest

from flask_p2p_streams.ice.servers import IceUrl, ice_server_list, ice_url
from tests.kit.ice import BAD_URLS, GOOD_URLS


@pytest.mark.parametrize("url", GOOD_URLS)
def test_what_is_written_by_the_grammar_is_taken(url: str) -> None:
    server = {"urls": [url], "username": "u", "credential": "c"}
    assert ice_server_list([server]) == (server,)


@pytest.mark.parametrize("url", BAD_URLS)
def test_anything_else_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="has a URL") as raised:
        ice_server_list([{"urls": ["stun:s.example", url], "username": "u", "credential": "c"}])
    # The shortest ones are words of the sentence, too.
    assert len(url) < 6 or url not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("stun:s.example", IceUrl("stun", "s.example", None, None)),
        ("turns:t.example:443?transport=tcp", IceUrl("turns", "t.example", 443, "tcp")),
        ("turn:[2001:db8::1]:3478", IceUrl("turn", "2001:db8::1", 3478, None)),
    ],
)
def test_the_parts_of_a_url(url: str, parts: IceUrl) -> None:
    assert ice_url(url) == parts


@pytest.mark.parametrize("value", ["stun:s.example", None, 7, {"urls": "stun:s.example"}])
def test_a_list_is_needed(value: Any) -> None:
    with pytest.raises(ValueError, match="must be a list"):
        ice_server_list(value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"username": ""}, "without 'username', or with an empty one"),
        ({"credential": ""}, "without 'credential', or with an empty one"),
        ({"username": "g" * 509}, "a 'username' of more than 508 bytes"),
        ({"username": "\u00e9" * 255}, "a 'username' of more than 508 bytes"),
        ({"username": "geheim\udce9"}, "a 'username' that is not a string, or that UTF-8"),
        ({"credential": "geheim\udce9"}, "a 'credential' that is not a string, or that UTF-8"),
    ],
)
def test_users_that_browsers_refuse(changes: dict[str, str], problem: str) -> None:
    server = {"urls": ["turn:t.example"], "username": "u" * 508, "credential": "c" * 5000}
    assert ice_server_list([server]) == (server,)
    with pytest.raises(ValueError, match=problem) as raised:
        ice_server_list([{**server, **changes}])
    assert "geheim" not in str(raised.value)


def test_a_stun_server_needs_no_user() -> None:
    server = {"urls": ["stun:s.example"], "username": "", "credential": ""}
    assert ice_server_list([server]) == (server,)
