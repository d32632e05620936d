"""What the page that is being rendered already holds, and its CSP nonce."""

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
"""Templates that have begun and not ended, by having failed or one within the other."""


class Page:
    """What one template has emitted, with all that it includes.

    :param nonce: the template's ``csp_nonce``, a text or a function that returns one.
    """

    def __init__(self, nonce: Any = None) -> None:
        self._nonce = nonce
        self._emitted: set[str] = set()

    def anew(self) -> "Page":
        """Return a page of the same template that has nothing in it yet."""
        return Page(self._nonce)

    def first_time(self, part: str) -> bool:
        """Tell whether a part has not been emitted in this page yet; from now on it has."""
        is_first = part not in self._emitted
        self._emitted.add(part)
        return is_first

    def nonce_attribute(self) -> Markup:
        """Return the page's CSP nonce as an attribute; empty where the app has none.

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
    """HTML that is known only when a template shows it: what is never shown needs nothing.

    As a text it is the whole.
    """

    _html: Callable[[], Markup] | None = None

    @classmethod
    def once(cls, whole: Markup, html: Callable[[], Markup]) -> "Shown":
        """Return what is ``html()`` wherever it is shown."""
        shown = cls(whole)
        shown._html = html
        return shown

    def __html__(self) -> Any:
        """Return what to show here and now."""
        return super().__html__() if self._html is None else self._html()

    def __reduce__(self) -> Any:
        """Be kept as a text."""
        return Markup, (super().__str__(),)

    def __str__(self) -> str:
        """Show it in a template that doesn't escape."""
        return super().__str__() if self._html is None else str(self._html())


def observe_pages(app: Flask) -> None:
    """Tell the pages of an app apart, from now on."""
    before_render_template.connect(_begin, app)
    template_rendered.connect(_end, app)


def page_of(context: Context | None) -> Page:
    """Return the page that a tag is in; a new one where that can't be known.

    A macro that is imported without the context is in the only page that there is. Of a
    template that Flask doesn't render nothing is known: rather twice than never.
    """
    marked = None if context is None else context.get(MARK)
    if isinstance(marked, Page):
        return marked
    # Among several may be some whose template has failed.
    return _begun()[0] if len(_begun()) == 1 else Page()


def _begin(_: Flask, context: dict[str, Any], **__: object) -> None:
    page = context[MARK] = Page(context.get("csp_nonce"))
    _begun().append(page)


def _end(_: Flask, context: dict[str, Any], **__: object) -> None:
    begun, page = _begun(), context.get(MARK)
    while begun and begun.pop() is not page:
        pass


def _begun() -> deque[Page]:
    # A test may make several requests in one app context, which share `g`.
    notes: Any = request.environ if has_request_context() else g.__dict__
    begun: deque[Page] = notes.setdefault(KEY, deque(maxlen=MOST_BEGUN))
    return begun
