"""Ports: finding a free one, and saying which one is taken."""

import argparse
import errno
import os
import socket


def add_address(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments `--host` and `--port`."""
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 or :: lets other devices in")
    port = os.environ.get("PORT", "5000")
    parser.add_argument("--port", type=_port, default=port, help="PORT in the environment, or 5000")


def free_port() -> int:
    """Return a port that is kept for a server, which listens with SO_REUSEADDR.

    Linux gives it to nobody else as long as this process lives.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    port = int(reserved.getsockname()[1])
    # So it stays open.
    reserved.detach()
    return port


def why_not(error: OSError, host: str, port: int, goal: str) -> str:
    """Say why what a goal of make starts can't listen there, and what to do about it."""
    if error.errno != errno.EADDRINUSE:
        return f"Can't listen on {host}, port {port}: {error.strerror}."
    return (
        f"Port {port} is taken by another program. Choose another one:"
        f" PORT={port % 65535 + 1} make {goal}"
    )


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text}")
    return int(text)
