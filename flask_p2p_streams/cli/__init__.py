"""The commands of ``flask p2p``."""

from .group import p2p as p2p
