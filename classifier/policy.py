"""From prediction to decision: urgency, clock, owner and tier, by a policy that people can read.

Every rule may only raise the priority, so that no finding can hide another; each raise states its
rule. The decision is a pure function of its arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from classifier.prediction import Band, Decision, Outcome, Prediction, Priority, Reason

_BAND_ORDER = (Band.LOW, Band.MEDIUM, Band.HIGH)


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """Owner and starting priority of a category."""

    team: str
    priority: Priority


@dataclass(frozen=True, slots=True)
class SignalRule:
    """What a risk signal asks for; a grave one never goes without a person."""

    priority: Priority
    grave: bool
    team: str | None


@dataclass(frozen=True, slots=True)
class Combination:
    """A rule over findings that only together are urgent; empty conditions hold."""

    name: str
    priority: Priority
    min_rank: float
    signals: frozenset[str]
    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class Review:
    """Which complaints become cases; `classifier.review` applies it."""

    priority: Priority
    min_rank: float
    grave_signals: bool
    needs_human: bool
    audit_share: float


@dataclass(frozen=True, slots=True)
class Policy:
    """A checked policy file; `classifier.policy_file` reads it."""

    version: str
    clocks: Mapping[Priority, int]
    default: CategoryRule
    categories: Mapping[str, CategoryRule]
    intensity: tuple[tuple[float, Priority], ...]
    signals: Mapping[str, SignalRule]
    raising_tiers: frozenset[str]
    repeat_contacts: int
    repeat_days: int
    combinations: tuple[Combination, ...]
    tiers: Mapping[Priority, str]
    auto_min_band: Band
    auto_most_urgent: Priority
    review: Review

    def has_grave(self, codes: Iterable[str]) -> bool:
        """Whether one of the signals is grave."""
        return any(self.signals[code].grave for code in codes if code in self.signals)


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the customer besides the text; `contacts` counts this one."""

    customer_tier: str | None = None
    contacts: int = 1


def decide(prediction: Prediction, policy: Policy, context: Context | None = None) -> Decision:
    """The decision on one prediction, with a reason for every rule that fired.

    `auto` is true only for an outcome "ok", heads in the policy's band or better, no grave signal
    and a priority that the policy lets go without a person.
    """
    context = context or Context()
    rule = _category_rule(prediction, policy)
    priority = rule.priority
    about = f"类别 {prediction.category.code}" if prediction.category else "类别未判定"
    reasons = [Reason("category", f"{about}：从 {priority.name} 起")]
    for raised, reason in _rules(prediction, policy):
        reasons.append(reason)
        priority = min(priority, raised)
    for reason in _steps(policy, context):
        reasons.append(reason)
        priority = Priority(max(Priority.P0, priority - 1))
    return Decision(
        priority=priority,
        respond_within_seconds=policy.clocks[priority],
        reasons=tuple(reasons),
        team=team_for(
            prediction.category.code if prediction.category else None,
            [signal.code for signal in prediction.signals],
            policy,
        ),
        tier=policy.tiers[priority],
        auto=_is_auto(prediction, policy, priority),
        policy_version=policy.version,
    )


def _category_rule(prediction: Prediction, policy: Policy) -> CategoryRule:
    if prediction.category is None:
        return policy.default
    return policy.categories.get(prediction.category.code, policy.default)


def _rules(prediction: Prediction, policy: Policy) -> Iterator[tuple[Priority, Reason]]:
    """Every rule that holds, with the priority it asks for."""
    rank = prediction.intensity.rank if prediction.intensity else 0.0
    for min_rank, priority in policy.intensity:
        if prediction.intensity and rank >= min_rank:
            level = f"情绪强度 {prediction.intensity.level}（{prediction.intensity.name}）"
            yield priority, Reason("intensity", f"{level}：至少 {priority.name}")
            break
    codes = {signal.code for signal in prediction.signals}
    for code in sorted(codes & policy.signals.keys()):
        asked = policy.signals[code].priority
        yield asked, Reason(f"signal:{code}", f"风险信号 {code}：至少 {asked.name}")
    category = prediction.category.code if prediction.category else None
    for rule in policy.combinations:
        if (
            rank >= rule.min_rank
            and rule.signals <= codes
            and (not rule.categories or category in rule.categories)
        ):
            yield (
                rule.priority,
                Reason(
                    f"combination:{rule.name}", f"组合规则 {rule.name}：至少 {rule.priority.name}"
                ),
            )


def _steps(policy: Policy, context: Context) -> Iterator[Reason]:
    """Reasons that each raise the priority by one step."""
    if context.customer_tier in policy.raising_tiers:
        yield Reason("customer_tier", f"客户等级 {context.customer_tier}：提高一级")
    if context.contacts >= policy.repeat_contacts:
        yield Reason("repeat_contacts", f"第 {context.contacts} 次联系：提高一级")


def team_for(category: str | None, signals: Iterable[str], policy: Policy) -> str:
    """The team of the most urgent grave signal that names one, else of the category."""
    rule = policy.categories.get(category, policy.default) if category else policy.default
    rules = [policy.signals[code] for code in signals if code in policy.signals]
    grave = [found for found in rules if found.grave and found.team]
    return min(grave, key=lambda found: found.priority).team or rule.team if grave else rule.team


def _is_auto(prediction: Prediction, policy: Policy, priority: Priority) -> bool:
    heads = [head for head in (prediction.category, prediction.intensity) if head]
    needed = _BAND_ORDER.index(policy.auto_min_band)
    return (
        prediction.outcome is Outcome.OK
        and prediction.category is not None
        and all(_BAND_ORDER.index(head.band) >= needed for head in heads)
        and not policy.has_grave(signal.code for signal in prediction.signals)
        and priority >= policy.auto_most_urgent
    )
