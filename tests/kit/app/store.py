"""A store that tells how often it was asked for anything."""


class CountingStore:
    """Keeps values in the process."""

    # Else the worker's beat would ask it, too.
    is_shared = False

    def __init__(self) -> None:
        self.calls = 0
        self._values: dict[str, str] = {}

    def fetch(self, key: str, expires_in: float, default: str) -> str:
        self.calls += 1
        return self._values.setdefault(key, default)

    def write(self, key: str, value: str, expires_in: float) -> None:
        self.calls += 1
        self._values[key] = value

    def read(self, key: str) -> str | None:
        self.calls += 1
        return self._values.get(key)
