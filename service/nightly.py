"""Starts a command once a night, in a process of its own that gives way to all others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

CHECK_SECONDS = 300.0
NIGHT_HOUR = 3  # in China; a worker that was not running then makes up for it when it starts
_UTC_OFFSET_HOURS = 8


class Running(Protocol):
    """A process that was started."""

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""


class Nightly:
    """The event worker's part; where several workers share a database, each may have one.

    `is_due` says whether there is something to do, given the night hour that was last and the
    moment; what fails is logged as the event `failure`.
    """

    def __init__(
        self,
        start: Callable[[], Running],
        is_due: Callable[[datetime, datetime], bool],
        failure: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._start = start
        self._is_due = is_due
        self._failure = failure
        self._clock = clock
        self._running: Running | None = None
        self._night: datetime | None = None

    def check(self) -> None:
        """Starts the command if that has not been done since the last night hour.

        Raises:
            SQLAlchemyError: the database does not answer.
        """
        if self._running is not None:
            status = self._running.poll()
            if status is None:
                return
            self._running = None
            if status:
                structlog.get_logger().error(self._failure, exit_status=status)
        now = self._clock()
        night = _last_night(now)
        if night != self._night and self._is_due(night, now):
            self._running = self._start()
        self._night = night


def in_background(words: Sequence[str]) -> Callable[[], Running]:
    """What starts a command of the service; it is to be told `--in-background`."""

    def start() -> Running:
        return subprocess.Popen(  # noqa: S603  (our own command)
            [sys.executable, "-m", "service", *words, "--in-background"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    return start


def _last_night(now: datetime) -> datetime:
    """The night hour that was last.

    >>> _last_night(datetime(2026, 11, 22, 18, 59, tzinfo=UTC)).isoformat()
    '2026-11-21T19:00:00+00:00'
    """
    offset = timedelta(hours=NIGHT_HOUR - _UTC_OFFSET_HOURS)
    day = (now.astimezone(UTC) - offset).date()
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + offset
