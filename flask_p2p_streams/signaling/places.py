"""The places of peers, kept in the store and changed in one atomic step."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from ..sessions.presence import News, Place, PlaceRule
from ..stores.guarded import GuardedStore
from ..stores.keys import place_key

TERM = 7 * 86_400
"""Seconds for which a place is kept that nobody changes."""
GONE_TERM = 600.0
"""Seconds for which a peer that has gone is remembered, as its host may report it again."""
TRIES = 20
"""How often a change of a place is tried while others change it as well."""

logger = logging.getLogger("flask_p2p_streams")


@dataclass(frozen=True)
class Changed:
    """A place after a change, and the news for the app.

    ``is_new`` tells whether the place has been written just now.
    """

    place: Place | None
    news: tuple[News, ...] = ()
    is_new: bool = False


@dataclass(frozen=True, kw_only=True)
class Places:
    """The places of an app's peers."""

    store: GuardedStore

    def read(self, session_id: str, peer_id: str) -> Place | None:
        """Return a peer's place, or None.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return Place.from_text(self.store.read(place_key(session_id, peer_id)))

    def read_many(self, session_id: str, peer_ids: Iterable[str]) -> dict[str, Place | None]:
        """Return the places of those peers that have one, in one round trip.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        peers = list(peer_ids)
        texts = self.store.read_many([place_key(session_id, peer) for peer in peers])
        pairs = zip(peers, texts, strict=True)
        return {peer: Place.from_text(text) for peer, text in pairs if text is not None}

    def change(
        self, session_id: str, peer_id: str, rule: PlaceRule, known: Place | None = None
    ) -> Changed:
        """Change a place by a rule; ``known`` is the place as this worker knows it.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        # What is known here is mostly right, and saves a round trip.
        key, text = place_key(session_id, peer_id), None if known is None else known.to_text()
        for tries in range(TRIES):
            before = Place.from_text(text)
            after, news = rule(before)
            if after is None or after is before:
                if tries or known is not None:
                    return Changed(before, news)
            elif self.store.replace(key, text, after.to_text(), _term(after)):
                return Changed(after, news, is_new=True)
            text = self.store.read(key)
        logger.error(
            "The place of a peer was changed by others %d times in a row, so that the app isn't "
            "told what became of it. Something joins again and again under one id.",
            TRIES,
        )
        return Changed(None)


def _term(place: Place) -> float:
    return TERM if place.is_taken else GONE_TERM
