"""Prints tables for a terminal, in which long texts are shortened if necessary."""

from collections.abc import Sequence

GAP = "  "
NARROWEST = 8
"""The least characters of a column, however narrow the terminal is."""


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], columns: int, right: Sequence[str] = ()
) -> list[str]:
    """Return the lines of a table that is at most ``columns`` characters wide, if possible.

    If it would be wider, the longest columns are shortened first. The columns in ``right`` are
    aligned to the right.
    """
    cells = [list(heads), *([printable(each) for each in row] for row in rows)]
    widths = _widths([max(map(len, column)) for column in zip(*cells, strict=True)], columns)
    return [_line(heads, row, widths, right) for row in cells]


def shortened(text: str, width: int) -> str:
    """Return a text of at most ``width`` characters; the middle is left out if it is longer."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def printable(text: str) -> str:
    """Return a text without characters that control a terminal, such as moving its cursor."""
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
