"""What has already been rendered into the present page, and the page's CSP nonce."""

from collections import deque
from collections.abc import Callable
from typing import Any

from flask import (
    Flask,
    before_render_template,
    current_app,
    g,
    has_request_context,
    request,
    template_rendered,
)
from jinja2.runtime import Context
from markupsafe import Markup, escape

KEY = "flask_p2p_streams.pages"
MARK = "flask_p2p_streams.web.page"
MOST_BEGUN = 32
"""Templates that have begun and not ended: they have failed, or are inside each other."""


class Page:
    """What one template has rendered, with all templates that it includes.

    :param nonce: the template's ``csp_nonce``, a text or a function that returns one.
    """

    def __init__(self, nonce: Any = None) -> None:
        self._nonce = nonce
        self._emitted: set[str] = set()

    def anew(self) -> "Page":
        """Return a page of the same template that has nothing in it yet."""
        return Page(self._nonce)

    def first_time(self, part: str) -> bool:
        """Return True at the first call for a part of this page, and False later."""
        is_first = part not in self._emitted
        self._emitted.add(part)
        return is_first

    def nonce_attribute(self) -> Markup:
        """Return the page's CSP nonce as an HTML attribute; empty if the app has none.

        It is looked for in ``g.csp_nonce``, ``request.csp_nonce``, the template's variables
        and the Jinja global ``csp_nonce`` (which is where Flask-Talisman offers it), each a
        string or a function that returns one.
        """
        for nonce in self._nonces():
            text = nonce() if callable(nonce) else nonce
            if text:
                return Markup(' nonce="{}"').format(escape(str(text)))
        return Markup("")

    def _nonces(self) -> list[Any]:
        sources = [getattr(g, "csp_nonce", None), self._nonce]
        if has_request_context():
            sources.insert(1, getattr(request, "csp_nonce", None))
            sources.append(current_app.jinja_env.globals.get("csp_nonce"))
        return sources


class Shown(Markup):
    """HTML that is made only when a template shows it, as it depends on what the page has by then.

    As a string it is complete by itself.
    """

    _html: Callable[[], Markup] | None = None

    @classmethod
    def once(cls, whole: Markup, html: Callable[[], Markup]) -> "Shown":
        """Return HTML that is ``html()`` where a template shows it, and ``whole`` as a string."""
        shown = cls(whole)
        shown._html = html
        return shown

    def __html__(self) -> Any:
        """Return the HTML for this place."""
        return super().__html__() if self._html is None else self._html()

    def __reduce__(self) -> Any:
        """Pickle it as the complete text."""
        return Markup, (super().__str__(),)

    def __str__(self) -> str:
        """Return the HTML in a template that doesn't escape."""
        return super().__str__() if self._html is None else str(self._html())


def observe_pages(app: Flask) -> None:
    """Keep track of the pages that an app renders, from now on."""
    before_render_template.connect(_begin, app)
    template_rendered.connect(_end, app)


def page_of(context: Context | None) -> Page:
    """Return the page that a tag is in, or a new one if that can't be known.

    A macro that is imported without context belongs to the only page that is being rendered. For
    a template that Flask doesn't render, the page isn't known: then the client is rendered
    twice rather than not at all.
    """
    marked = None if context is None else context.get(MARK)
    if isinstance(marked, Page):
        return marked
    # If there are several, the templates of some may have failed.
    return _begun()[0] if len(_begun()) == 1 else Page()


def _begin(_: Flask, context: dict[str, Any], **__: object) -> None:
    page = context[MARK] = Page(context.get("csp_nonce"))
    _begun().append(page)


def _end(_: Flask, context: dict[str, Any], **__: object) -> None:
    begun, page = _begun(), context.get(MARK)
    while begun and begun.pop() is not page:
        pass


def _begun() -> deque[Page]:
    # Not in `g`: a test may make several requests in one app context, which share it.
    notes: Any = request.environ if has_request_context() else g.__dict__
    begun: deque[Page] = notes.setdefault(KEY, deque(maxlen=MOST_BEGUN))
    return begun
