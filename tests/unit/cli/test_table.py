import pytest

from flask_p2p_streams.cli.table import shortened, table


def test_columns_are_as_wide_as_they_need() -> None:
    rows = [("chat", "1"), ("a", "123")]
    assert table(("NAME", "N"), rows, 80, right=("N",)) == [
        "NAME    N",
        "chat    1",
        "a     123",
    ]


def test_the_longest_is_shortened_until_it_fits() -> None:
    lines = table(("NAME", "STATE"), [("x" * 50, "hosted"), ("y", "empty")], 30)
    assert lines[1] == f"{'x' * 11}…{'x' * 10}  hosted"
    assert max(map(len, lines)) == 30


def test_a_terminal_that_is_too_narrow() -> None:
    assert table(("A", "B"), [("x" * 9, "y" * 9)], 3)[1] == "xxxx…xxx  yyyy…yyy"


@pytest.mark.parametrize(
    ("width", "text"), [(6, "abcdef"), (5, "ab…ef"), (4, "ab…f"), (2, "a…"), (1, "…")]
)
def test_the_middle_is_left_out(width: int, text: str) -> None:
    assert shortened("abcdef", width) == text


def test_what_would_move_the_cursor_is_not_shown() -> None:
    assert table(("A",), [("a\x1b[2Jb\n",)], 80) == ["A", "a\ufffd[2Jb\ufffd"]
