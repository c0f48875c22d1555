"""How likely a customer is to leave, as points that can be added up by hand.

The signs are those that studies of complaining find before customers go: saying so, complaining
again, complaining elsewhere, anger that rises, waiting (Hirschman, *Exit, Voice, and Loyalty*,
1970; Tax, Brown & Chandrashekaran, Journal of Marketing 62, 1998). The weights are the policy's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from classifier.lexicon import signal_names
from classifier.policy import Policy
from classifier.policy_service import CERTAIN, Churn
from service.cases.conditions import overdue
from service.cases.tables import Case


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign with the points that it adds, in words for people."""

    code: str
    points: int
    detail: str


@dataclass(frozen=True, slots=True)
class Risk:
    """The signs, the heaviest first; `score` is their sum as a share of `CERTAIN`, 0-1."""

    points: int
    band: str  # high, medium or low
    signs: tuple[Sign, ...]

    @property
    def score(self) -> float:
        """The points as 0-1."""
        return min(self.points, CERTAIN) / CERTAIN


@dataclass(frozen=True, slots=True)
class Scale:
    """The levels of the model that serves, the calmest first, with their names."""

    levels: tuple[int, ...]
    names: dict[int, str]

    def rank(self, level: int | None) -> float | None:
        """The place of a level, 0 calmest to 1 angriest; None for one of another model."""
        if level not in self.levels or len(self.levels) < 2:
            return None
        return self.levels.index(level) / (len(self.levels) - 1)

    def name(self, level: int | None) -> str:
        """What people call a level."""
        return "未判定" if level is None else self.names.get(level, f"{level} 级")


def assess(
    cases: Sequence[Case], unhappy: int | None, policy: Policy, scale: Scale, now: datetime
) -> Risk | None:
    """The risk of the customer whose cases these are, the oldest first; None without any.

    `unhappy` is the case whose handling the customer was asked about and disliked.
    """
    rules = policy.churn
    known = [case for case in cases if rules and case.created_at > now - timedelta(days=rules.days)]
    if rules is None or not known:
        return None
    signs = [
        *_said(known, rules),
        *_contacts(known, policy, rules),
        *_anger(known, rules, scale),
        *_waiting(known, rules, now),
        *_tier(known, policy, rules),
    ]
    if unhappy is not None:
        signs.append(Sign("dissatisfied", rules.dissatisfied, f"对案例 #{unhappy} 的处理不满意"))
    signs = sorted((sign for sign in signs if sign.points), key=lambda sign: -sign.points)
    points = sum(sign.points for sign in signs)
    band = "high" if points >= rules.high else "medium" if points >= rules.medium else "low"
    return Risk(points, band, tuple(signs))


def _said(cases: Sequence[Case], rules: Churn) -> Iterator[Sign]:
    """Each signal once, with the newest case that has it."""
    newest = {code: case.id for case in cases for code in case.signals.split()}
    for code, number in newest.items():
        name = signal_names().get(code, code)
        yield Sign(
            f"signal:{code}", rules.signals.get(code, 0), f"有“{name}”信号（案例 #{number}）"
        )


def _contacts(cases: Sequence[Case], policy: Policy, rules: Churn) -> Iterator[Sign]:
    most = max(case.contacts for case in cases)
    points = min(rules.most_contacts, rules.each_contact * (most - 1))
    yield Sign("contacts", points, f"{policy.repeat_days} 天内联系了 {most} 次")


def _anger(cases: Sequence[Case], rules: Churn, scale: Scale) -> Iterator[Sign]:
    ranked = [(rank, case) for case in cases if (rank := scale.rank(case.level)) is not None]
    if not ranked:
        return
    (before, first), (rank, newest) = ranked[0], ranked[-1]
    if rank >= rules.min_rank:
        yield Sign("angry", rules.angry, f"最近一次情绪激烈（{scale.name(newest.level)}）")
    if rank > before:
        shown = f"{scale.name(first.level)} → {scale.name(newest.level)}"
        yield Sign("rising", rules.rising, f"情绪在升级（{shown}）")


def _waiting(cases: Sequence[Case], rules: Churn, now: datetime) -> Iterator[Sign]:
    waiting = [case for case in cases if overdue(case, now)]
    late = [
        case for case in cases if case.first_response_at and case.first_response_at > case.due_at
    ]
    if waiting:
        yield Sign("overdue", rules.overdue, f"案例 #{waiting[-1].id} 已超过响应时限，还在等")
    if late:
        yield Sign("late", rules.late, f"有 {len(late)} 次首次响应超时")


def _tier(cases: Sequence[Case], policy: Policy, rules: Churn) -> Iterator[Sign]:
    tier = next((case.customer_tier for case in reversed(cases) if case.customer_tier), None)
    if tier is not None and tier in rules.customer_tiers:
        name = policy.customer_tiers[tier].name if tier in policy.customer_tiers else tier
        yield Sign("tier", rules.customer_tiers[tier], f"客户等级：{name}")
