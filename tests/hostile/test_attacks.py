"""A few seconds of `make hostile`, so that it works when it is needed."""

from collections.abc import Iterator

import pytest

from tests.hostile import on_pages
from tests.hostile.__main__ import ALL_MODES, chosen
from tests.hostile.on_the_wire import CALM, OF_THE_CLUSTER, attacked, serving
from tests.hostile.rows import MAX_GROWTH, Row, table
from tests.hostile.wire_attacks import ATTACKS
from tests.kit.servers import Server

TIMES = 200


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Server]]:
    # Who gets no turn for a while between coming and joining isn't closed.
    with serving("threading", P2P_JOIN_TIMEOUT=60) as servers:
        # Nothing that the first who come make a server load is growth.
        attacked("threading", servers, CALM, 0)
        yield servers


def assert_unharmed(row: Row) -> None:
    """Look at everything but times, for which the machine may be to blame."""
    measured = row.measured
    assert measured["sent"] > 0
    for each in ("lost", "duplicated", "disconnects", "changes", "join_troubles"):
        assert not measured[each], table([row])
    assert row.growth <= MAX_GROWTH, table([row])
    assert row.harm is None


@pytest.mark.parametrize("name", [CALM, "attachments-of-a-client", "events-that-nobody-knows"])
def test_those_who_talk_notice_nothing(servers: list[Server], name: str) -> None:
    assert_unharmed(attacked("threading", servers, name, TIMES))


def test_harm_is_noticed(servers: list[Server]) -> None:
    row = attacked("threading", servers, "the-place-of-another", TIMES)
    assert any("bob" in each for each in row.measured["disconnects"])
    assert row.measured["lost"] > 0
    assert "FAILED" in table([row])


def test_names_of_attacks_are_found() -> None:
    assert set(OF_THE_CLUSTER) <= set(ATTACKS)
    assert {*on_pages.FROM_THE_WIRE.values()} <= set(ATTACKS)
    roles = {name.partition(":")[0] for name in on_pages.names()}
    assert roles == {"clients", "hosts", "wire"}
    assert len(on_pages.names()) > 20


def test_one_attack_is_chosen_and_modes_without_any_are_left_out() -> None:
    assert [*chosen([]).wanted] == [*ALL_MODES]
    assert chosen(["--mode", "gevent", "--attack", "rejoins"]).wanted == {"gevent": ["rejoins"]}
    name = "clients: odd-values"
    assert chosen(["--attack", name]).wanted == {"pages": [name]}


def test_an_attack_that_there_is_not_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        chosen(["--mode", "pages", "--attack", "rejoins"])
    assert "no attack 'rejoins' in pages" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        chosen(["--help"])
    assert "  rejoins\n" in capsys.readouterr().out
