import pytest
from flask import Flask

from flask_p2p_streams.testing import P2PTestPeer, join


@pytest.fixture
def ann(app: Flask) -> P2PTestPeer:
    return join(app, "room", "ann")


@pytest.fixture
def bob(app: Flask, ann: P2PTestPeer) -> P2PTestPeer:
    return join(app, "room", "bob")
