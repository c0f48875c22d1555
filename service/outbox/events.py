"""What happened to a case, as an event that other programs can read.

An event is written in the transaction of the change, so that there is none without the other. Its
payload has codes, ids, times and versions, and never text: the masked text is added on the way to a
target that asks for it. A surge names single words that many masked texts share.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from sqlalchemy import Connection, Table, insert
from sqlalchemy.orm import Session

from service.cases.plain import plain
from service.cases.tables import Case, Verdict
from service.outbox.tables import OutboxEvent
from service.prepared import Prepared, connection_of

Json = dict[str, object]
Values = Mapping[str, object]

_EVENTS = cast("Table", OutboxEvent.__table__)
_ADD = Prepared(insert(_EVENTS), [column.name for column in _EVENTS.c if column.name != "number"])


class EventType(StrEnum):
    """Every type of event.

    `ticket.triaged` goes to the ticket system that it names and to no subscriber.
    """

    CREATED = "case.created"
    CLAIMED = "case.claimed"
    RELEASED = "case.released"
    ASSIGNED = "case.assigned"
    SNOOZED = "case.snoozed"
    WAITING = "case.waiting"
    RESUMED = "case.resumed"
    NOTED = "case.noted"
    RESPONDED = "case.responded"
    RESOLVED = "case.resolved"
    DISMISSED = "case.dismissed"
    REOPENED = "case.reopened"
    REMINDER = "case.reminder"
    OVERDUE = "case.overdue"
    ESCALATED = "case.escalated"
    VERDICT = "verdict.recorded"
    MODEL_PROMOTED = "model.promoted"
    DRIFT_DETECTED = "drift.detected"
    SURGE_DETECTED = "surge.detected"
    TICKET = "ticket.triaged"


# The moves of a case and what they are called outside; verdicts and clocks make their own events.
OF_ACTION = {
    "claim": EventType.CLAIMED,
    "release": EventType.RELEASED,
    "assign": EventType.ASSIGNED,
    "snooze": EventType.SNOOZED,
    "wait_for_customer": EventType.WAITING,
    "resume": EventType.RESUMED,
    "note": EventType.NOTED,
    "respond": EventType.RESPONDED,
    "resolve": EventType.RESOLVED,
    "dismiss": EventType.DISMISSED,
    "reopen": EventType.REOPENED,
}
_CASE = ("outcome", "priority", "level", "category", "team", "tier", "channel", "product", "region",
         "customer_tier",
         "contacts", "state", "owner", "verdict_state", "created_at", "due_at", "snoozed_until",
         "waiting_since", "first_response_at", "resolved_at", "model_version", "policy_version",
         "version")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, before it has a number.

    With `addressee` it goes to that target alone. Events that share an `order_key`, which is below
    0, reach a target in order; without one those of a case do.
    """

    type: EventType
    case_id: int | None
    at: datetime
    content: Json
    addressee: str | None = None
    order_key: int | None = None


def record(session: Session | Connection, events: Sequence[Event]) -> None:
    """Adds events in the caller's transaction, which must hold the lock of the audit log."""
    rows = []
    for event in events:
        event_id = f"evt_{secrets.token_hex(16)}"
        payload = {
            "type": event.type.value,
            "timestamp": plain(event.at),
            "id": event_id,
            "data": event.content,
        }
        row = {"id": event_id, "type": event.type.value, "case_id": event.case_id}
        row |= {"addressee": event.addressee, "order_key": event.order_key}
        rows.append({**row, "at": event.at, "payload": payload, "is_routed": False})
    if rows:
        _ADD.run(connection_of(session), *rows)


def created(made: Iterable[tuple[int, Values]]) -> list[Event]:
    """New cases, each by its number and the values of its row."""
    return [
        Event(
            EventType.CREATED,
            case_id,
            cast("datetime", values["created_at"]),
            {"case": _case_content(case_id, values)},
        )
        for case_id, values in made
    ]


def of_case(case: Case, event_type: EventType, at: datetime, more: Values | None = None) -> Event:
    """Something that happened to a case, with the case as it is afterwards."""
    return Event(event_type, case.id, at, {"case": case_content(case), **(more or {})})


def changed(case: Case, action: str, actor: str, at: datetime, values: Values) -> list[Event]:
    """The event of a move; none for what makes its own. `values` are the columns that changed."""
    event_type = OF_ACTION.get(action)
    if event_type is None:
        return []
    shown = {name: value for name, value in values.items() if name in _CASE}
    return [of_case(case, event_type, at, {"actor": actor, "changed": shown})]


def verdict_given(case: Case, verdict: Verdict) -> Event:
    """A verdict on a case; without its reason, which is text."""
    content: Json = {
        "verdict_id": verdict.id,
        "kind": plain(verdict.kind),
        "is_correction": verdict.is_correction,
        "agrees": verdict.agrees,
        "category": verdict.category,
        "level": verdict.level,
        "signals": verdict.signals.split(),
        "priority": plain(verdict.priority),
        "predicted": {
            "category": verdict.predicted_category,
            "level": verdict.predicted_level,
            "signals": verdict.predicted_signals.split(),
            "priority": plain(verdict.predicted_priority),
        },
        "model_version": verdict.model_version,
    }
    more = {"actor": verdict.actor, "verdict": content}
    return of_case(case, EventType.VERDICT, verdict.at, more)


def case_content(case: Case) -> Json:
    """A case as events show it: codes, ids, times and versions."""
    names = ("client_id", "reasons", "signals", *_CASE)
    return _case_content(case.id, {name: getattr(case, name) for name in names})


def _case_content(case_id: int, values: Values) -> Json:
    return {
        "case_id": case_id,
        "id": values["client_id"],
        "reasons": str(values["reasons"]).split(),
        "signals": str(values["signals"]).split(),
        **{name: plain(values[name]) for name in _CASE},
    }
