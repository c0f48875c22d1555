"""Column values as JSON values."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum

from classifier.prediction import Priority


def plain(value: object) -> object:
    """A column's value as JSON: P1 for a priority, a lower-case name for a state, Z for UTC."""
    if isinstance(value, Priority):
        return value.name
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value
