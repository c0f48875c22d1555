"""The clocks of a case as people read them: time left, overdue, answered, or over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from classifier.calendar import open_seconds
from classifier.policy import Policy
from service.cases.file import CaseFile
from service.cases.tables import Case
from service.pages.words import STATES, duration

_SOON = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Clock:
    """What a clock says; `due_at` only while it runs."""

    kind: str  # overdue, soon, running, waiting, answered, closed, passed
    text: str
    due_at: datetime | None = None


def clock_of(case: Case, now: datetime, policy: Policy) -> Clock:
    """The clock of a case at a moment."""
    if not case.is_open:
        used = case.resolution_seconds
        took = f"，用时 {duration(used)}" if used is not None else ""
        return Clock("closed", f"{STATES[case.state]}{took}")
    if case.first_response_at is not None:
        late = case.first_response_at > case.due_at
        return Clock("answered", "已响应（超时）" if late else "已响应")
    if case.waiting_since is not None:
        _, hours = policy.first_response(case.priority, case.team)
        left = timedelta(seconds=open_seconds(case.waiting_since, case.due_at, hours))
        shown = f"，剩 {_rough(left)}" if left else "（已超时）"
        return Clock("waiting", f"等待客户{shown}")
    left = case.due_at - now
    if left < timedelta(0):
        return Clock("overdue", f"超时 {_rough(-left)}", case.due_at)
    kind = "soon" if left < _SOON else "running"
    return Clock(kind, f"剩 {_rough(left)}", case.due_at)


@dataclass(frozen=True, slots=True)
class Stage:
    """A period that a law sets, and its end."""

    name: str
    due_at: datetime
    clock: Clock


@dataclass(frozen=True, slots=True)
class StatutoryClock:
    """What a law asks for in a case."""

    name: str
    basis: str
    stages: tuple[Stage, ...]


def statutory_of(file: CaseFile, now: datetime) -> list[StatutoryClock]:
    """The clocks of the law that the policy found for a case when it came in."""
    found = file.decision.get("statutory")
    shown = []
    for one in found if isinstance(found, list) else []:
        stages = tuple(_stage(file.case, stage, now) for stage in one["stages"])
        shown.append(StatutoryClock(one["name"], one["basis"], stages))
    return shown


def _stage(case: Case, stage: dict[str, str], now: datetime) -> Stage:
    """A stage; what has passed is no fault, as a later stage may apply instead."""
    due_at = datetime.fromisoformat(stage["due_at"])
    left = due_at - now
    if not case.is_open:
        clock = Clock("closed", "")
    elif left < timedelta(0):
        clock = Clock("passed", f"已过 {_rough(-left)}")
    else:
        clock = Clock("running", f"剩 {_rough(left)}")
    return Stage(stage["name"], due_at, clock)


def _rough(left: timedelta) -> str:
    """From two days on in whole days: hours matter no longer."""
    seconds = left.total_seconds()
    return f"{left.days} 天" if left.days >= 2 else duration(seconds)
