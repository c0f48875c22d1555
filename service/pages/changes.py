"""Changes in words: the history of a case, and what others did since a page was loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from markupsafe import Markup

from service.cases.desk import Claim
from service.cases.faults import CaseConflictError, FieldChange
from service.pages.names import Names
from service.pages.words import ACTIONS, FIELDS, STATES, VERDICT_STATES, duration, moment
from service.tables import AuditEntry

# What a change of state brings along, and people need not read.
_IMPLIED = {
    "paused_seconds",
    "escalation_step",
    "is_open",
    "response_seconds",
    "resolution_seconds",
    "resolved_at",
}
_MOMENTS = {"waiting_since", "due_at", "snoozed_until", "first_response_at", "resolved_at"}
_NOTHING = "无"


@dataclass(frozen=True, slots=True)
class Line:
    """One field that changed, in words."""

    field: str
    before: str | Markup
    after: str | Markup
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the history in words."""

    at: datetime
    actor: str
    action: str
    version: int | None
    lines: tuple[Line, ...]


def event_of(entry: AuditEntry, called: Names) -> Event:
    """An entry of the audit log; a case that comes in shows what it came in as."""
    before, after = orjson.loads(entry.before), orjson.loads(entry.after)
    names = [name for name in after if name not in _IMPLIED]
    if not after.get("step"):  # a reminder and the end of the clock are not escalated yet
        names = [name for name in names if name != "step"]
    if entry.action in {"claim", "release"}:
        names = [name for name in names if name not in {"state", "snoozed_until"}]
    lines = tuple(
        Line(
            FIELDS.get(name, name),
            value_of(name, before.get(name), called) if name in before else "",
            value_of(name, after[name], called),
        )
        for name in names
        if before.get(name) != after[name] or name not in before
    )
    action = ACTIONS.get(entry.action, entry.action)
    return Event(entry.at, called.person(entry.actor), action, entry.subject_version, lines)


def conflict_lines(conflict: CaseConflictError, called: Names) -> list[Line]:
    """What others changed."""
    return [_line(change, called) for change in conflict.changes if change.field not in _IMPLIED]


def claim_reason(claim: Claim, called: Names) -> str:
    """Why a case could not be claimed."""
    if isinstance(claim.error, CaseConflictError):
        owners = [c.after for c in claim.error.changes if c.field == "owner" and c.after]
        if owners:
            return f"已由 {called.person(str(owners[-1]))} 认领"
    return str(claim.error)


def value_of(name: str, value: object, called: Names) -> str | Markup:
    """One value as people read it."""
    if value is None or value == "":
        return {"owner": "无人", "category": "未判定", "level": "未判定"}.get(name, _NOTHING)
    if name in _MOMENTS:
        return moment(datetime.fromisoformat(str(value)))
    if name.endswith("_seconds") and isinstance(value, int):
        return duration(value)
    tables: Mapping[str, Mapping[str, str]] = {
        "state": {state.name.lower(): word for state, word in STATES.items()},
        "verdict_state": {state.name.lower(): word for state, word in VERDICT_STATES.items()},
    }
    if name in tables:
        return tables[name].get(str(value), str(value))
    if name == "level" and isinstance(value, int):
        return f"{value} {called.level(value)}"
    calls = {
        "owner": called.person,
        "category": called.category,
        "signals": called.signals,
        "team": called.team,
        "tier": called.tier,
    }
    return calls[name](str(value)) if name in calls else str(value)


def _line(change: FieldChange, called: Names) -> Line:
    return Line(
        FIELDS.get(change.field, change.field),
        value_of(change.field, change.before, called),
        value_of(change.field, change.after, called),
        called.person(change.actor),
    )
