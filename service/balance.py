"""Who has fewest connections takes the next one.

All workers are told of a new connection, and whoever is first takes it: without this, one worker of
two had all connections of eight clients in a quarter of all cases, and one processor of two slept.
"""

from __future__ import annotations

import mmap

_SLOTS = 256  # more than twice as many as there can be workers
_BYTES = 4


class Balance:
    """How many connections each worker has; made before the fork, shared by all workers.

    A worker is known by its age, which counts all workers that were ever started.
    """

    def __init__(self) -> None:
        # One more than there are, so that 0 says that there is no such worker.
        self._counts = memoryview(mmap.mmap(-1, _SLOTS * _BYTES)).cast("i")

    def note(self, age: int, connections: int) -> None:
        """A worker has so many connections."""
        self._counts[age % _SLOTS] = connections + 1

    def forget(self, age: int) -> None:
        """A worker has ended."""
        self._counts[age % _SLOTS] = 0

    def is_anothers(self, age: int) -> bool:
        """Whether another worker has fewer connections than this one."""
        counts = self._counts.tolist()
        own = counts[age % _SLOTS]
        return any(0 < count < own for count in counts)
