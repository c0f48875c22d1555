"""Deletes what is too old once a night, if anything may be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from service.nightly import Nightly, Running, in_background
from service.privacy.days import RetentionDays

_START = in_background(["purge"])


class NightlyPurge(Nightly):
    """The event worker's part; two at once share the work, batch by batch."""

    def __init__(
        self,
        days: RetentionDays,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        start: Callable[[], Running] = _START,
    ) -> None:
        has_limits = bool(days.shown())
        super().__init__(start, lambda _night, _now: has_limits, "purge_failed", clock=clock)
