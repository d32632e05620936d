"""A line that delays and loses packets: `python -m tests.kit.bad_line ONE OTHER SECONDS LOSS`.

It is a TUN device `bad0` in each of two namespaces, and lasts until its input ends. The kernel's
own means for it, netem, is missing in many kernels.
"""

import contextlib
import ctypes
import fcntl
import heapq
import itertools
import os
import random
import selectors
import struct
import sys
import time
from pathlib import Path

# See linux/if_tun.h and linux/sched.h.
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
PACKET = 65_536


def open_tun(namespace: str) -> int:
    """Make the device in a namespace; its packets are read and written from here."""
    with Path("/run/netns", namespace).open("rb") as file:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"bad0", IFF_TUN | IFF_NO_PI))
    return tun


def carry(one: int, other: int, delay: float, loss: float) -> None:
    """Pass packets on, late, until the input ends."""
    dice = random.Random(7)
    order = itertools.count()
    due: list[tuple[float, int, int, bytes]] = []
    ways = {one: other, other: one}
    with selectors.DefaultSelector() as selector:
        for source in (one, other, sys.stdin.fileno()):
            selector.register(source, selectors.EVENT_READ)
        while True:
            wait = max(0.0, due[0][0] - time.monotonic()) if due else None
            for key, _ in selector.select(wait):
                if key.fd not in ways:
                    return
                packet = os.read(key.fd, PACKET)
                if dice.random() >= loss:
                    entry = (time.monotonic() + delay, next(order), ways[key.fd], packet)
                    heapq.heappush(due, entry)
            while due and due[0][0] <= time.monotonic():
                _, _, target, packet = heapq.heappop(due)
                # It is lost if that end isn't up yet: the kernel of this one speaks at once.
                with contextlib.suppress(OSError):
                    os.write(target, packet)


if __name__ == "__main__":
    tuns = [open_tun(name) for name in sys.argv[1:3]]
    print("ready", flush=True)
    carry(tuns[0], tuns[1], float(sys.argv[3]), float(sys.argv[4]))
