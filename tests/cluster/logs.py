"""What may stand in a worker's log: no exception escapes, and an error names its cure."""

import re

CURE = re.compile(
    r"\b(check|set|start|restart|see|give|pass|run|use|look|make|wait|free|give|raise)\b", re.I
)
OF_THE_QUEUE = re.compile(r"ERROR:socketio\.server:Cannot (publish to|receive from) redis")
"""Flask-SocketIO's own words about its message queue, which name none."""


def complaints(log: str) -> list[str]:
    """Return what a log must not hold."""
    lines = log.splitlines()
    errors = [line for line in lines if line.startswith(("ERROR", "CRITICAL"))]
    cured = [line for line in errors if CURE.search(line)]
    found = [line for line in errors if line not in cured and not OF_THE_QUEUE.match(line)]
    if any(OF_THE_QUEUE.match(line) for line in errors) and not _explains_queue(lines):
        found.append("Nothing in the log says what to do about the message queue.")
    return found + _tracebacks(lines)


def _explains_queue(lines: list[str]) -> bool:
    ours = [line for line in lines if ":flask_p2p_streams" in line]
    return any("message queue" in line and CURE.search(line) for line in ours)


def _tracebacks(lines: list[str]) -> list[str]:
    """Return each traceback's last line, which names the exception."""
    found = []
    for number, line in enumerate(lines):
        if line.lstrip().startswith("Traceback (most recent call last)"):
            rest = (each for each in lines[number + 1 :] if each and not each[0].isspace())
            found.append(f"A traceback: {next(rest, '')}")
    return found
