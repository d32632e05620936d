"""``flask p2p kick``, ``unban``, ``close`` and ``lock``."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import with_appcontext

from .cli_context import Id, app_state, check_store_is_shared, errors_shown
from .moderation import Moderation


@click.command()
@click.argument("session", type=Id())
@click.argument("peer", type=Id())
@click.option("--ban-for", default=0.0, type=click.FloatRange(0, 366 * 86_400), metavar="SECONDS")
@with_appcontext
def kick(session: str, peer: str, ban_for: float) -> None:
    """Remove PEER from SESSION, and refuse it for some seconds."""
    with _moderation() as moderation:
        moderation.kick(session, peer, ban_for)
    click.echo(f"Removed {peer} from {session}.")


@click.command()
@click.argument("session", type=Id())
@click.argument("peer", type=Id())
@with_appcontext
def unban(session: str, peer: str) -> None:
    """Lift the ban of PEER from SESSION, so that it may join again at once."""
    state = app_state()
    with errors_shown():
        check_store_is_shared(state)
        was_banned = state.signaling.moderation.unban(session, peer)
    if was_banned:
        click.echo(f"{peer} may join {session} again.")
    else:
        click.echo(f"{peer} isn't banned from {session}; nothing has changed.")


@click.command()
@click.argument("session", type=Id())
@with_appcontext
def close(session: str) -> None:
    """End SESSION for everybody; pages rendered from now on open it anew."""
    with _moderation() as moderation:
        moderation.close(session)
    click.echo(f"Closed {session}.")


@click.command()
@click.argument("session", type=Id())
@click.option("--unlock", is_flag=True, help="Let everybody in again.")
@with_appcontext
def lock(session: str, unlock: bool) -> None:
    """Let nobody into SESSION who isn't in it now."""
    with _moderation() as moderation:
        moderation.lock(session, not unlock)
    click.echo(f"{'Unlocked' if unlock else 'Locked'} {session}.")


@contextmanager
def _moderation() -> Iterator[Moderation]:
    moderation: Moderation = app_state().signaling.moderation
    with errors_shown():
        moderation.check_reach()
        yield moderation
