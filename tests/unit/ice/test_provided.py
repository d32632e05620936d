from typing import Any

import pytest

from flask_p2p_streams.ice.provided import MOST_SECONDS, Provided, provided

TURN = {"urls": "turn:t.example", "username": "u", "credential": "geheim"}
READ = {**TURN, "urls": ["turn:t.example"]}


def read(answer: object) -> Provided:
    return provided(answer, 2000)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (None, Provided(())),
        ([], Provided(())),
        ([TURN], Provided((READ,))),
        ((TURN, TURN), Provided((READ, READ))),
        (([TURN], 60), Provided((READ,), 60.0)),
        (([TURN], None), Provided((READ,))),
        ((None, 0.5), Provided((), 0.5)),
        (([TURN], 1.7e308), Provided((READ,), MOST_SECONDS)),
        (([TURN], 10**400), Provided((READ,), MOST_SECONDS)),
        ([{**TURN, "url": "turn:t.example", "ttl": 60}], Provided((READ,))),
        ([{"urls": "stun:s.example", "username": None}], Provided(({"urls": ["stun:s.example"]},))),
    ],
)
def test_what_is_taken(answer: Any, found: Provided) -> None:
    assert read(answer) == found


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (TURN, "must be a list of dictionaries"),
        ("turn:t.example", "must be a list of dictionaries, each with 'urls', not a str"),
        (7, "must be a list"),
        ((7, 60), "must be a list"),
        (["turn:t.example"], "must hold dictionaries only"),
        ([{}], "has a server without 'urls'"),
        ([{"urls": "https://geheim.example"}], "has a URL that is not written as"),
        ([{"urls": "turn:t.example"}], "has a TURN server without 'username'"),
        ([{**TURN, "credential": b"geheim"}], "has a 'credential' that is not a string"),
        ([TURN] * 100, "has more than 2000 bytes"),
        (([TURN], "60"), "has seconds that are no number"),
        (([TURN], True), "has seconds that are no number"),
        (([TURN], 0), "has seconds that are not greater than 0"),
        (([TURN], float("inf")), "has seconds that are not greater than 0"),
        (([TURN], float("nan")), "has seconds that are not greater than 0"),
        (([TURN], 60, 60), "must hold dictionaries only"),
        ({"iceServers": [TURN]}, "must be a list of dictionaries, each with 'urls', not a dict"),
    ],
)
def test_what_is_refused_and_not_shown(answer: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as raised:
        read(answer)
    assert "geheim" not in str(raised.value)
