"""The rules of a session: functions from values to values, without I/O."""
