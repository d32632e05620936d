"""The rules of a session, as functions that take values and return values; no I/O."""
