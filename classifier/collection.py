"""How often Python looks for cycles of objects once everything is loaded."""

from __future__ import annotations

import gc

# New objects until the next look: a chunk of answers has 10,000 and no cycles. With Python's 700
# looking took an eighth of the time.
_NEW_OBJECTS = 50_000


def settle() -> None:
    """What is loaded stays: no look walks over it, or writes to what processes share."""
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
