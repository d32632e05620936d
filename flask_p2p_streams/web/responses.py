"""Checks the HTTP responses of pages with a token, which no shared cache may keep.

A token belongs to one visitor. A visitor who gets another visitor's page from a cache would join
as that other visitor.
"""

import logging
import re
from collections import deque
from collections.abc import Callable
from itertools import islice

from flask import Flask, Response, has_request_context, request

MOST_TOKENS = 1000
"""Tokens of one request that are remembered, to be found in its page."""
MOST_UNKNOWN = 100
"""Other tokens of a response for which it is checked whether the app has made them."""
TOKENS = "flask_p2p_streams.tokens"
BODY = "flask_p2p_streams.body"
SENT = "flask_p2p_streams.sent"
PRIVATE = "private, no-store"
FRAME = b"<p2p-frame"
# In JSON a backslash stands before a quotation mark. Pages may hold any text of visitors, so the
# pattern is such that each search ends where the next one begins: the time is linear.
FRAME_TOKEN = re.compile(rb'<p2p-frame\b[^<>]*? token=\\?"([^"<>\\]*)')
READABLE = ("html", "json")
"""Parts of the content types in which frames are looked for."""
IMPORT_MAP = re.compile(rb'<script type="importmap"([^<>]*)>')
NONCE = re.compile(rb"""\bnonce\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)

OTHER_NONCE = (
    "shows a frame, and its Content-Security-Policy asks for a nonce that the extension doesn't "
    "find, so that browsers refuse the import map. Put it into g.csp_nonce before the page is "
    "rendered."
)
STREAMED = (
    "streams a page with a p2p_frame_tag, whose headers were sent before, so that a cache may "
    f"keep it. Set them in the view: response.headers['Cache-Control'] = '{PRIVATE}'."
)
EARLIER = (
    "shows a frame with a token that an earlier request has made, perhaps another visitor's, in "
    "whose name this one joins. Leave what has a p2p_frame_tag out of caches: @cache.cached, "
    "@cache.memoize, {% cache %}, {% include … without context %}, variables of imported templates."
)
NO_CLIENT = (
    "shows a frame without the client's script, so that nothing happens there: a tag that had it "
    "was rendered, but not shown. Put {{ p2p_script_tag() }} into the page's head."
)
SHARED = (
    "has a p2p_frame_tag, whose token is for one visitor, and lets shared caches keep it. Set its "
    f"header Cache-Control to '{PRIVATE}'."
)

logger = logging.getLogger("flask_p2p_streams")


class Responses:
    """The checks of one app's responses.

    :param script: a part of the client's path that is in each page with its script.
    :param has_made: tells whether the app has made a token, now or earlier.
    """

    def __init__(self, script: str, has_made: Callable[[str], bool]) -> None:
        self._script = script.encode()
        self._has_made = has_made
        self._said: set[str] = set()

    def issued(self, token: str) -> None:
        """Take note of a token that is rendered for the visitor of this request."""
        if not has_request_context():
            return
        is_guarded = request.environ.get(SENT)
        if is_guarded is None:
            tokens = request.environ.setdefault(TOKENS, deque(maxlen=MOST_TOKENS))
            tokens.append(token.encode())
        elif not is_guarded:
            self._say(STREAMED)

    def look(self, response: Response) -> Response:
        """Look at what the view has returned; forbid caches to keep a page with a token."""
        body, issued = _body(response), set(request.environ.get(TOKENS, ()))
        shown, earlier = self._shown(body, issued)
        if issued or shown or earlier:
            request.environ[BODY] = body
            # The app's own functions may still set another value.
            response.headers.setdefault("Cache-Control", PRIVATE)
        if earlier:
            self._say(EARLIER)
        if (shown or earlier) and self._script not in body:
            self._say(NO_CLIENT)
        return response

    def finish(self, _: Flask, response: Response, **__: object) -> None:
        """Look at the headers as they are sent, after all functions of the app."""
        body = request.environ.pop(BODY, None)
        if body is not None and _is_for_all(response):
            self._say(SHARED)
        if body and not _has_nonce(response, body):
            self._say(OTHER_NONCE)
        request.environ[SENT] = "Cache-Control" in response.headers

    def _shown(self, body: bytes, issued: set[bytes]) -> tuple[set[bytes], set[bytes]]:
        # The tokens of this request, and those of earlier ones. Others in the text may just be
        # something that a visitor wrote.
        found = {each.group(1) for each in islice(FRAME_TOKEN.finditer(body), 2 * MOST_TOKENS)}
        # If this request made too many tokens, not all of them are known.
        unknown = found - issued if len(issued) < MOST_TOKENS else ()
        earlier = {each for each in islice(unknown, MOST_UNKNOWN) if self._has_made(each.decode())}
        return found & issued, earlier

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            logger.error("The view %r %s (This is said once.)", request.endpoint, text)


def _has_nonce(response: Response, body: bytes) -> bool:
    # If the policy asks for a nonce, the import map must have it. If it has another one, the app
    # keeps its nonce where the tags don't find it.
    policy = response.headers.get("Content-Security-Policy", "")
    rules = {rule.split()[0].lower(): rule for rule in policy.split(";") if rule.strip()}
    kinds = ("script-src-elem", "script-src", "default-src")
    rule = next((rules[kind] for kind in kinds if kind in rules), "")
    nonces = {each.encode() for each in re.findall(r"'nonce-([^']+)'", rule)}
    maps = [] if response.is_json else IMPORT_MAP.findall(body)
    return not nonces or all(nonces.intersection(NONCE.findall(each)) for each in maps)


def _is_for_all(response: Response) -> bool:
    said = response.cache_control
    if said.public or said.s_maxage is not None:
        return True
    # If nothing says that it is private, any cache may keep it for max-age (RFC 9111, section 3).
    return bool(said.max_age) and not (said.private or said.no_store or said.no_cache)


def _body(response: Response) -> bytes:
    # Streams, files and compressed bodies can't be read here; most other responses have no frame.
    if not response.is_sequence or response.direct_passthrough:
        return b""
    is_readable = any(kind in (response.mimetype or "") for kind in READABLE)
    if not is_readable or "Content-Encoding" in response.headers:
        return b""
    body = response.get_data()
    return body if FRAME in body else b""
