"""``flask p2p sessions``: who hosts what, at which worker."""

import json
import shutil
import sys
import time
from dataclasses import asdict
from typing import Any

import click
from flask.cli import with_appcontext

from ..protocol.errors import SignalingError
from ..stores.listing import SessionRow, incomplete, list_sessions
from ..stores.worker_registry import WorkerEntry, WorkerRegistry
from .context import Id, app_state, check_store_is_shared, errors_shown, span
from .table import table

HEADS = ("SESSION", "HOST", "EPOCH", "PEERS", "AGE", "STATE", "WORKER")
BAN_HEADS = ("BANNED FROM", "PEER", "FOR")
NUMBERS = ("EPOCH", "PEERS", "AGE")
STATES = {
    "hosted": "hosted",
    "dropped": "host dropped",
    "orphaned": "worker gone",
    "empty": "empty",
    "closed": "closed",
    "unknown": "unknown",
}


@click.command()
@click.argument("session", nargs=-1, type=Id())
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@click.option(
    "--watch",
    type=click.FloatRange(0.1, 3600),
    is_flag=False,
    flag_value=2.0,
    metavar="[SECONDS]",
    help="Show it anew every so many seconds (2), until Ctrl+C.",
)
@with_appcontext
def sessions(session: tuple[str, ...], as_json: bool, watch: float | None) -> None:
    """Show all sessions that have a host, or those that are named."""
    if as_json and watch is not None:
        raise click.UsageError("--watch draws a table; leave out --json.")
    state = app_state()
    with errors_shown():
        check_store_is_shared(state)
        if watch is None:
            _show(state, session, as_json)
        else:
            _watch(state, session, watch)


def _watch(state: Any, named: tuple[str, ...], interval: float) -> None:
    try:
        while True:
            click.clear()
            try:
                _show(state, named, as_json=False)
            except SignalingError as error:
                # The cache may just be restarting: when it is back, the table is shown again.
                click.echo(f"Error: {error}")
            click.echo(f"\nEvery {interval:g} s, until Ctrl+C.")
            sys.stdout.flush()
            time.sleep(interval)
    except KeyboardInterrupt:
        click.echo()


def _show(state: Any, named: tuple[str, ...], as_json: bool) -> None:
    workers = WorkerRegistry(state.store.guarded, time.monotonic).living()
    grace = state.config.host_grace
    rows = list_sessions(state.store.guarded, workers, time.time(), grace, named)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        _draw(rows, workers)
        _draw_bans(rows if named else [])
    for name in [] if named else incomplete(workers):
        click.echo(f"{name} has more sessions than it names here.", err=True)


def _draw(rows: list[SessionRow], workers: list[WorkerEntry]) -> None:
    if rows:
        columns = shutil.get_terminal_size().columns
        for line in table(HEADS, [_cells(row) for row in rows], columns, NUMBERS):
            click.echo(line)
        click.echo()
    click.echo(f"{_count(len(rows), 'session')}, {_count(len(workers), 'worker')} with sockets.")


def _draw_bans(rows: list[SessionRow]) -> None:
    bans = [(row.session, peer, span(left)) for row in rows for peer, left in row.banned.items()]
    if bans:
        click.echo()
        for line in table(BAN_HEADS, bans, shutil.get_terminal_size().columns):
            click.echo(line)


def _cells(row: SessionRow) -> tuple[str, ...]:
    state = STATES[row.state] + (", locked" if row.locked else "")
    epoch = str(row.epoch) if row.epoch else "-"
    return (
        row.session,
        row.host or "-",
        epoch,
        str(row.peers),
        _age(row.age),
        state,
        row.worker or "-",
    )


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else span(seconds)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
