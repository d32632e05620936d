"""WebSocket frames of a client, as they are on the wire (RFC 6455, section 5.2), or must not be."""

import struct

CONTINUATION, TEXT, BINARY, PING, PONG = 0, 1, 2, 9, 10
FINAL, COMPRESSED = 0x80, 0x40


def head(opcode: int, size: int, first: int = FINAL) -> bytes:
    """Return the head of a frame, with a mask that changes nothing."""
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65_536:
        length = bytes([0x80 | 126]) + struct.pack("!H", size)
    else:
        length = bytes([0x80 | 127]) + struct.pack("!Q", size)
    return bytes([first | opcode]) + length + b"\0\0\0\0"


def frame(opcode: int, payload: bytes, first: int = FINAL, size: int | None = None) -> bytes:
    """Return a frame, which may promise another size than it has."""
    return head(opcode, len(payload) if size is None else size, first) + payload


def text(packet: str) -> bytes:
    return frame(TEXT, packet.encode())
