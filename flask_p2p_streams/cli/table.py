"""Tables for a terminal; long texts are shortened where they must be."""

from collections.abc import Sequence

GAP = "  "
NARROWEST = 8
"""Characters that a column keeps, however narrow the terminal is."""


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], columns: int, right: Sequence[str] = ()
) -> list[str]:
    """Return the lines of a table that is at most ``columns`` wide, if that can be.

    Where it would be wider, the longest columns get shortened first. Those that are
    named in ``right`` are aligned there.
    """
    cells = [list(heads), *([printable(each) for each in row] for row in rows)]
    widths = _widths([max(map(len, column)) for column in zip(*cells, strict=True)], columns)
    return [_line(heads, row, widths, right) for row in cells]


def shortened(text: str, width: int) -> str:
    """Return a text of at most ``width`` characters; what is left out is in its middle."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def printable(text: str) -> str:
    """Return a text without what would move a terminal's cursor, or worse."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _widths(natural: list[int], columns: int) -> list[int]:
    widths = list(natural)
    room = columns - len(GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _line(
    heads: Sequence[str], row: Sequence[str], widths: Sequence[int], right: Sequence[str]
) -> str:
    cells = [
        shortened(text, width).rjust(width)
        if head in right
        else shortened(text, width).ljust(width)
        for head, text, width in zip(heads, row, widths, strict=True)
    ]
    return GAP.join(cells).rstrip()
