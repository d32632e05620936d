"""``flask p2p kick``, ``unban``, ``close`` and ``lock``."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import with_appcontext

from ..limits.budgets import LONGEST_BAN
from ..signaling.moderation import Moderation, Removal
from .context import Id, app_state, check_store_is_shared, errors_shown, span


@click.command()
@click.argument("session", type=Id())
@click.argument("peer", type=Id())
@click.option("--ban-for", default=0.0, type=click.FloatRange(0, LONGEST_BAN), metavar="SECONDS")
@with_appcontext
def kick(session: str, peer: str, ban_for: float) -> None:
    """Remove PEER from SESSION, and refuse it for some seconds."""
    with _moderation() as moderation:
        removal = moderation.kick(session, peer, ban_for)
    if not removal.is_open:
        click.echo(_not_known(session))
    elif not removal.was_there:
        click.echo(f"{peer} isn't known to be in {session}.")
    else:
        click.echo(f"Removed {peer} from {session}.")
    for line in _bans(removal):
        click.echo(line)


@click.command()
@click.argument("session", type=Id())
@click.argument("peer", type=Id())
@with_appcontext
def unban(session: str, peer: str) -> None:
    """Lift the ban of PEER from SESSION, so that it may join again at once."""
    state = app_state()
    with errors_shown():
        check_store_is_shared(state)
        was_banned = state.moderation.unban(session, peer)
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
        was_open = moderation.close(session)
    if was_open:
        click.echo(f"Closed {session}.")
    else:
        click.echo(_not_known(session))
        click.echo(
            "Pages that were rendered before now can't join it all the same; later ones can."
        )


@click.command()
@click.argument("session", type=Id())
@click.option("--unlock", is_flag=True, help="Let everybody in again.")
@with_appcontext
def lock(session: str, unlock: bool) -> None:
    """Let nobody into SESSION who isn't in it now."""
    with _moderation() as moderation:
        is_known = moderation.lock(session, not unlock)
    if is_known:
        click.echo(f"{'Unlocked' if unlock else 'Locked'} {session}.")
    elif unlock:
        click.echo(f"No open session {session} is known, and none that is locked.")
    else:
        click.echo(_not_known(session))
        click.echo("Nobody new gets in all the same, not even to open it; --unlock ends that.")


def _not_known(session: str) -> str:
    return f"No open session {session} is known."


def _bans(removal: Removal) -> Iterator[str]:
    # For a peer that is known, nothing need be said, unless an earlier ban lasts longer.
    length = span(removal.refused_for)
    if removal.earlier_ban:
        yield f"An earlier ban refuses it for {length}; flask p2p unban lifts it."
    elif removal.is_open and removal.was_there:
        return
    elif removal.refused_for:
        yield f"Should it come, it is refused for {length} all the same."
    else:
        yield "It isn't banned, should it come; --ban-for SECONDS would ban it."


@contextmanager
def _moderation() -> Iterator[Moderation]:
    state = app_state()
    with errors_shown():
        state.workers.check_reach()
        yield state.moderation
