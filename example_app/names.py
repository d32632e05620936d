"""How people, rooms and peers are called."""

import re
import secrets
import unicodedata

MAX_NAME = 40
MAX_ROOM = 60


# What turns around the text that comes after it, in whatever it is shown with.
_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def clean_name(text: str) -> str:
    """Return a name on one line that can be seen, at most MAX_NAME long, or ""."""
    printable = "".join(c if unicodedata.category(c) != "Cc" else " " for c in text)
    upright = (c for c in printable if unicodedata.bidirectional(c) not in _TURNING)
    name = " ".join("".join(upright).split())[:MAX_NAME].strip()
    # Letters, digits, punctuation and symbols; spaces of no width and mere accents show nothing.
    return name if any(unicodedata.category(c)[0] in "LNPS" for c in name) else ""


def clean_room(text: str) -> str:
    """Return a room's name as it stands in addresses ("Tea & cake" is "tea-cake"), or ""."""
    lower = unicodedata.normalize("NFKC", text).casefold()
    # Letters and digits of any language stay; of ASCII nothing else does.
    words = re.split(r"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f\s]+", lower)
    return "-".join(filter(None, words))[:MAX_ROOM].strip("-")


def new_browser_id() -> str:
    """Return what the session cookie of one browser remembers it by."""
    return secrets.token_hex(6)


def new_peer_id(name: str, browser_id: str, colour: int) -> str:
    """Return the id of one more tab of this browser: its peers share a name, not an id.

    It ends with the number of its colour, from 0 to 255.
    """
    return f"{name}~{browser_id}{secrets.token_hex(2)}{colour:02x}"


def name_of(peer_id: str) -> str:
    """Return the name in a peer id."""
    return peer_id.rpartition("~")[0]


def colour_of(peer_id: str) -> int:
    """Return the number of the colour in a peer id; 0 where there is none."""
    match = re.search("~.*([0-9a-f]{2})$", peer_id)
    return int(match[1], 16) if match else 0


def is_peer_of(peer_id: str, browser_id: str) -> bool:
    """Tell whether new_peer_id() may have made this id for this browser."""
    name, _, suffix = peer_id.rpartition("~")
    is_own = re.fullmatch(f"{re.escape(browser_id)}[0-9a-f]{{6}}", suffix) is not None
    return is_own and name != "" and name == clean_name(name)
