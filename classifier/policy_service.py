"""What a policy says of service beyond one complaint: who may leave, and what is aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from classifier.policy_table import Table

CERTAIN = 100  # points that make a score of 1
Points = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Churn:
    """How many points each sign adds that a customer may leave; `CERTAIN` are a score of 1."""

    days: int  # cases that came in longer ago do not count
    medium: int  # from so many points on
    high: int
    signals: Points
    customer_tiers: Points
    each_contact: int  # beyond the first, of those that `raises` counts
    most_contacts: int
    min_rank: float  # of the newest case's anger on the model's own scale
    angry: int
    rising: int
    overdue: int
    late: int
    dissatisfied: int


@dataclass(frozen=True, slots=True)
class Targets:
    """What service aims at: shares 0-1, seconds, and the means of what customers answer."""

    first_response_seconds: int
    resolution_seconds: int
    overdue_share: float
    first_contact_share: float
    reopened_share: float
    csat: float
    nps: int


def churn(root: Table) -> Churn | None:
    """The points of `[churn]`; None in a policy without it: nobody is scored."""
    if not root.has("churn"):
        return None
    table = root.table("churn").closed(
        "days", "medium", "high", "signals", "customer_tiers", "each_contact", "most_contacts",
        "min_rank", "angry", "rising", "overdue", "late", "dissatisfied",
    )  # fmt: skip

    def points(key: str) -> int:
        return table.whole(key, 0, CERTAIN)

    medium = table.whole("medium", 1, CERTAIN)
    return Churn(
        days=table.whole("days", 1, 3660),
        medium=medium,
        high=table.whole("high", medium, CERTAIN),
        signals=_points(table, "signals"),
        customer_tiers=_points(table, "customer_tiers"),
        each_contact=points("each_contact"),
        most_contacts=points("most_contacts"),
        min_rank=table.number("min_rank", 0, 1),
        angry=points("angry"),
        rising=points("rising"),
        overdue=points("overdue"),
        late=points("late"),
        dissatisfied=points("dissatisfied"),
    )


def targets(root: Table) -> Targets | None:
    """The aims of `[targets]`; None in a policy without it: figures stand for themselves."""
    if not root.has("targets"):
        return None
    table = root.table("targets").closed(
        "first_response", "resolution", "overdue_share", "first_contact_share", "reopened_share",
        "csat", "nps",
    )  # fmt: skip
    return Targets(
        first_response_seconds=table.seconds("first_response"),
        resolution_seconds=table.seconds("resolution"),
        overdue_share=table.number("overdue_share", 0, 1),
        first_contact_share=table.number("first_contact_share", 0, 1),
        reopened_share=table.number("reopened_share", 0, 1),
        csat=table.number("csat", 1, 5),
        nps=table.whole("nps", -100, 100),
    )


def _points(table: Table, key: str) -> Points:
    """Points by code; none when the table is not given."""
    if not table.has(key):
        return {}
    inside = table.table(key)
    return {code: inside.whole(code, 0, CERTAIN) for code in inside.values}
