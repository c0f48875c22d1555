"""The risk of one customer, and the customers to call today: from cases, by the customer's hash."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, load_only

from classifier.policy import Policy
from service.cases.conditions import awake, is_awake
from service.cases.labels import Labels
from service.cases.tables import Case, CaseContent
from service.customers.risk import Risk, Scale, assess
from service.db import Database, in_parts
from service.quality.ratings import unhappy_cases

MAX_AT_RISK, AT_RISK = 200, 50
_LOOKED_AT = 2000  # open cases, the most urgent first; the customers of these are scored
_TEXT_CHARS = 300
# What a score is made of: of thousands of cases the other columns would take most of the time.
_SCORED = load_only(
    Case.customer_hash, Case.customer_tier, Case.contacts, Case.signals, Case.level, Case.priority,
    Case.created_at, Case.due_at, Case.first_response_at, Case.is_open, Case.waiting_since,
    Case.snoozed_until,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A customer who should be called, by the newest open case; the id itself is never known."""

    case: Case
    text: str
    risk: Risk
    cases: int
    open_cases: int


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Customers to call, the likeliest to leave first, and how many in all were found."""

    items: tuple[AtRisk, ...]
    found: int
    is_scored: bool  # False when the policy says nothing of who may leave


def scale_of(labels: Labels) -> Scale:
    """The levels of the model that serves."""
    return Scale(
        tuple(sorted(level for level in labels.levels if level is not None)),
        dict(labels.level_names),
    )


def risk_of(
    database: Database, case: Case, policy: Policy, scale: Scale, *, now: datetime
) -> Risk | None:
    """The risk of a case's customer; None when the customer is unknown or nobody is scored.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    if case.customer_hash is None or policy.churn is None:
        return None
    with database.session() as session:
        cases = _cases_of(session, [case.customer_hash], now - timedelta(days=policy.churn.days))
        own = cases.get(case.customer_hash, [])
        unhappy = unhappy_cases(session, [one.id for one in own])
    return assess(own, max(unhappy, default=None), policy, scale, now)


def callbacks(
    database: Database, policy: Policy, scale: Scale, *, now: datetime, limit: int = AT_RISK
) -> Callbacks:
    """Customers with an open case whose risk is high and whom nobody has answered today.

    Cases that are put off or wait for the customer are left alone. Of a very long queue the most
    urgent cases are looked at, and those with a sign that alone makes a medium risk.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    if policy.churn is None:
        return Callbacks((), 0, is_scored=False)
    with database.session() as session:
        hashes = _waiting_customers(session, policy, now)
        cases = _cases_of(session, hashes, now - timedelta(days=policy.churn.days))
        unhappy = unhappy_cases(session, [case.id for own in cases.values() for case in own])
        found = []
        for own in cases.values():
            risk = assess(
                own, max((c.id for c in own if c.id in unhappy), default=None), policy, scale, now
            )
            open_ones = [case for case in own if case.is_open]
            acting = [c for c in open_ones if c.waiting_since is None and awake(c, now)]
            if not risk or risk.band != "high" or not acting:
                continue
            if not _is_answered_today(open_ones, policy, now):
                found.append((risk, acting[-1], len(own), len(open_ones)))
        found.sort(key=lambda one: (-one[0].points, one[1].priority, one[1].due_at, one[1].id))
        shown = _shown(session, [one[1].id for one in found[:limit]])
    items = tuple(
        AtRisk(*shown[case.id], risk, number, open_number)
        for risk, case, number, open_number in found[:limit]
    )
    return Callbacks(items, len(found), is_scored=True)


def _waiting_customers(session: Session, policy: Policy, now: datetime) -> list[bytes]:
    """Whose open cases are somebody's to act on, each once."""
    acting = select(Case.customer_hash).where(
        Case.is_open.is_(True),
        Case.customer_hash.is_not(None),
        Case.waiting_since.is_(None),
        is_awake(now),
    )
    urgent = acting.order_by(Case.priority, Case.due_at, Case.id).limit(_LOOKED_AT)
    rules = policy.churn
    grave = [c for c, points in rules.signals.items() if points >= rules.medium] if rules else []
    found: dict[bytes | None, None] = dict.fromkeys(session.scalars(urgent))
    if grave:
        said = or_(*(Case.signals.contains(f" {code} ", autoescape=True) for code in grave))
        newest = acting.where(said).order_by(Case.created_at.desc()).limit(_LOOKED_AT)
        found |= dict.fromkeys(session.scalars(newest))
    return [one for one in found if one is not None]


def _cases_of(
    session: Session, hashes: Sequence[bytes], since: datetime
) -> dict[bytes, list[Case]]:
    """The cases of customers since a moment, the oldest first."""
    found: dict[bytes, list[Case]] = defaultdict(list)
    for part in in_parts(hashes):
        statement = select(Case).where(Case.customer_hash.in_(part), Case.created_at > since)
        for case in session.scalars(statement.order_by(Case.id).options(_SCORED)):
            if case.customer_hash is not None:
                found[case.customer_hash].append(case)
    return found


def _is_answered_today(cases: Iterable[Case], policy: Policy, now: datetime) -> bool:
    """Whether somebody has spoken to the customer today, by the policy's clock."""
    zone = policy.calendar.zone
    today = now.astimezone(zone).date()
    return any(
        case.first_response_at and case.first_response_at.astimezone(zone).date() == today
        for case in cases
    )


def _shown(session: Session, numbers: Collection[int]) -> dict[int, tuple[Case, str]]:
    """The cases with all their columns, and the beginning of their texts."""
    statement = (
        select(Case, CaseContent.text)
        .join(CaseContent, CaseContent.case_id == Case.id)
        .where(Case.id.in_(numbers))
        .execution_options(populate_existing=True)
    )
    return {case.id: (case, text[:_TEXT_CHARS]) for case, text in session.execute(statement)}
