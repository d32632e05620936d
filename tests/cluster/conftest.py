import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.cluster.claims import Claims
from tests.cluster.cluster import MODES, Cluster, Worker, running_cluster
from tests.cluster.line import Address
from tests.cluster.pages import Session
from tests.cluster.peers import Peer
from tests.kit.waiting import PATIENCE

Join = Callable[..., Peer]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[Cluster]:
    with running_cluster(*MODES) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Iterator[Cluster]:
    """Four workers of all modes; whatever the test ends is started again."""
    yield shared_cluster
    complaints = shared_cluster.new_complaints()
    shared_cluster.heal()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def eventlet(cluster: Cluster) -> Worker:
    return cluster.of_mode("eventlet")


@pytest.fixture
def gevent(cluster: Cluster) -> Worker:
    return cluster.of_mode("gevent")


@pytest.fixture
def threading(cluster: Cluster) -> Worker:
    return cluster.of_mode("threading")


@pytest.fixture
def claims() -> Iterator[Claims]:
    claims = Claims()
    yield claims
    claims.check()


@pytest.fixture
def session_id() -> str:
    return f"session-{next(_numbers)}"


@pytest.fixture
def join(claims: Claims, session_id: str) -> Iterator[Join]:
    """Let a peer of the wire join the test's session."""
    peers: list[Peer] = []

    def join_one(peer_id: str, *workers: Address, **options: Any) -> Peer:
        peer = Peer(claims, session_id, peer_id, workers, **options)
        peers.append(peer)
        peer.start()
        return peer

    yield join_one
    for peer in peers:
        peer.close()
    for peer in peers:
        peer.join(PATIENCE)
        assert peer.trouble is None, peer.trouble


@pytest.fixture
def session(browser: Browser, claims: Claims, session_id: str) -> Iterator[Session]:
    """The test's session, for pages."""
    session = Session(browser, claims, session_id)
    yield session
    session.close()
