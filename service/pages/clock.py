"""The clock of a case as people read it: time left, overdue, answered, or over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.cases.tables import Case
from service.pages.words import STATES, duration

_SOON = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Clock:
    """What the clock says; `due_at` only while it runs."""

    kind: str  # overdue, soon, running, waiting, answered, closed
    text: str
    due_at: datetime | None = None


def clock_of(case: Case, now: datetime) -> Clock:
    """The clock of a case at a moment."""
    if not case.is_open:
        used = case.resolution_seconds
        took = f"，用时 {duration(used)}" if used is not None else ""
        return Clock("closed", f"{STATES[case.state]}{took}")
    if case.first_response_at is not None:
        late = case.first_response_at > case.due_at
        return Clock("answered", "已响应（超时）" if late else "已响应")
    if case.waiting_since is not None:
        left = case.due_at - case.waiting_since
        shown = f"，剩 {_rough(left)}" if left >= timedelta(0) else "（已超时）"
        return Clock("waiting", f"等待客户{shown}")
    left = case.due_at - now
    if left < timedelta(0):
        return Clock("overdue", f"超时 {_rough(-left)}", case.due_at)
    kind = "soon" if left < _SOON else "running"
    return Clock(kind, f"剩 {_rough(left)}", case.due_at)


def _rough(left: timedelta) -> str:
    """From two days on in whole days: hours matter no longer."""
    seconds = left.total_seconds()
    return f"{left.days} 天" if left.days >= 2 else duration(seconds)
