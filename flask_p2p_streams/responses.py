"""The responses that pages with a token travel in: who may keep them, and whether they work.

A token is one visitor's. Whoever gets a page from a cache that another visitor's request has
filled joins in that one's name.
"""

import logging
import re
from collections import deque

from flask import Response, has_request_context, request

MOST_TOKENS = 1000
"""Tokens of one request that are known again in its page."""
TOKENS = "flask_p2p_streams.tokens"
SENT = "flask_p2p_streams.sent"
PRIVATE = "private, no-store"
FRAME = b"<p2p-frame"
# In JSON a quotation mark has a backslash before it.
FRAME_TOKEN = re.compile(rb'<p2p-frame\b[^>]*? token=\\?"([^">\\]*)')
READABLE = ("html", "json")
"""Parts of the types of content in which frames are looked for."""
IMPORT_MAP = re.compile(rb'<script type="importmap"([^>]*)>')

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
    """What there is to do about the responses of one app.

    :param script: a part of the path of the client's script, as it stands in each page.
    """

    def __init__(self, script: str) -> None:
        self._script = script.encode()
        self._said: set[str] = set()

    def issued(self, token: str) -> None:
        """Take note of a token that is rendered for this request's visitor."""
        if not has_request_context():
            return
        guarded = request.environ.get(SENT)
        if guarded is None:
            tokens = request.environ.setdefault(TOKENS, deque(maxlen=MOST_TOKENS))
            tokens.append(token.encode())
        elif not guarded:
            self._say(STREAMED)

    def look(self, response: Response) -> Response:
        """Let nobody keep a page with a token, unless the app says otherwise."""
        body, issued = _body(response), set(request.environ.get(TOKENS, ()))
        shown = set(FRAME_TOKEN.findall(body))
        if issued or shown:
            self._guard(response)
        if shown - issued:
            self._say(EARLIER)
        if shown and self._script not in body:
            self._say(NO_CLIENT)
        if shown and not _has_nonce(response, body):
            self._say(OTHER_NONCE)
        request.environ[SENT] = "Cache-Control" in response.headers
        return response

    def _guard(self, response: Response) -> None:
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = PRIVATE
        elif response.cache_control.public or response.cache_control.s_maxage is not None:
            self._say(SHARED)

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            logger.error("The view %r %s (This is said once.)", request.endpoint, text)


def _has_nonce(response: Response, body: bytes) -> bool:
    # Where scripts need one, the import map has it, unless the app keeps it elsewhere.
    policy = response.headers.get("Content-Security-Policy", "")
    rules = {rule.split()[0].lower(): rule for rule in policy.split(";") if rule.strip()}
    kinds = ("script-src-elem", "script-src", "default-src")
    rule = next((rules[kind] for kind in kinds if kind in rules), "")
    nonces = [f'nonce="{each}"'.encode() for each in re.findall(r"'nonce-([^']+)'", rule)]
    maps = [] if response.is_json else IMPORT_MAP.findall(body)
    return not nonces or all(any(nonce in each for nonce in nonces) for each in maps)


def _body(response: Response) -> bytes:
    # What is streamed, a file or packed can't be read here, and most others have no frame.
    if not response.is_sequence or response.direct_passthrough:
        return b""
    is_readable = any(kind in (response.mimetype or "") for kind in READABLE)
    if not is_readable or "Content-Encoding" in response.headers:
        return b""
    body = response.get_data()
    return body if FRAME in body else b""
