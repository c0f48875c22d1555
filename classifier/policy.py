"""From prediction to decision: urgency, clock, owner and tier, by a policy that people can read.

Every rule may only raise the priority, so that no finding can hide another; each raise states its
rule. The decision is a pure function of its arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from classifier.clocks import StatutoryClock
from classifier.policy_rules import CategoryRule, Policy, Raise, Trust
from classifier.prediction import (
    Decision,
    Outcome,
    Prediction,
    Priority,
    Reason,
    Routing,
)

__all__ = ["Context", "Policy", "Step", "decide", "routing_of", "statutory_clocks", "steps",
           "team_for"]  # fmt: skip

Metadata = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the complaint besides its text; `contacts` counts this one."""

    customer_tier: str | None = None
    contacts: int = 1
    channel: str | None = None
    metadata: Metadata = field(default_factory=dict)


class Step(NamedTuple):
    """A rule that held, and the priority before and after it."""

    reason: Reason
    before: Priority | None
    after: Priority


def decide(prediction: Prediction, policy: Policy, context: Context | None = None) -> Decision:
    """The decision on one prediction, with a reason for every rule that fired.

    It is routed without a person only for an outcome "ok", heads as sure as the policy asks, no
    grave signal and a priority that the policy lets go.
    """
    context = context or Context()
    fired = list(steps(prediction, policy, context))
    priority = fired[-1].after
    team = team_for(
        prediction.category.code if prediction.category else None,
        [signal.code for signal in prediction.signals],
        policy,
        channel=context.channel,
    )
    seconds, hours = policy.first_response(priority, team)
    return Decision(
        priority=priority,
        respond_within_seconds=seconds,
        reasons=tuple(step.reason for step in fired),
        team=team,
        tier=policy.tiers[priority],
        routing=routing_of(prediction, policy, priority)[0],
        policy_version=policy.version,
        policy_hash=policy.content_hash,
        hours=hours,
        statutory=statutory_clocks(policy, context, priority),
    )


def steps(prediction: Prediction, policy: Policy, context: Context) -> Iterator[Step]:
    """Every rule that holds, in order, with what it changes; the first one is the category's."""
    rule = _category_rule(prediction, policy)
    priority = rule.priority
    about = f"类别 {prediction.category.code}" if prediction.category else "类别未判定"
    yield Step(Reason("category", f"{about}：从 {priority.name} 起"), None, priority)
    for asked, reason in (*_findings(prediction, policy), *_least(policy, context)):
        before, priority = priority, min(priority, asked)
        yield Step(reason, before, priority)
    for number, reason in _raises(policy, context):
        before, priority = priority, Priority(max(Priority.P0, priority - number))
        yield Step(reason, before, priority)


def team_for(
    category: str | None, signals: Iterable[str], policy: Policy, *, channel: str | None = None
) -> str:
    """The team of the most urgent grave signal that names one, else of the channel or category."""
    rules = [policy.signals[code] for code in signals if code in policy.signals]
    grave = [found for found in rules if found.grave and found.team]
    if grave:
        return min(grave, key=lambda found: found.priority).team or policy.default.team
    by_channel = policy.channels[channel].team if channel and channel in policy.channels else None
    rule = policy.categories.get(category, policy.default) if category else policy.default
    return by_channel or rule.team


def routing_of(
    prediction: Prediction, policy: Policy, priority: Priority
) -> tuple[Routing, str | None]:
    """How the case reaches its team, and, in Chinese, why a person is asked; None if nobody is."""
    if prediction.outcome is not Outcome.OK or prediction.category is None:
        return Routing.MANUAL, "模型没有给出可用的判断"
    doubt = _doubt(prediction, policy.suggest)
    if doubt:
        return Routing.MANUAL, doubt
    if policy.has_grave(signal.code for signal in prediction.signals):
        return Routing.SUGGEST, "有严重风险信号"
    if priority < policy.auto_most_urgent:
        return Routing.SUGGEST, f"{priority.name} 比 {policy.auto_most_urgent.name} 更紧急"
    doubt = _doubt(prediction, policy.auto)
    return (Routing.SUGGEST, doubt) if doubt else (Routing.AUTO, None)


def statutory_clocks(
    policy: Policy, context: Context, priority: Priority
) -> tuple[StatutoryClock, ...]:
    """The clocks of the law that run for a complaint of this channel and metadata."""
    found = []
    for code, rule in policy.statutory.items():
        if context.channel in rule.channels or any(
            key in context.metadata and _plain(context.metadata[key]) in values
            for key, values in rule.metadata.items()
        ):
            periods = tuple(
                stage.period
                for stage in rule.stages
                if not stage.priorities or priority in stage.priorities
            )
            found.append(StatutoryClock(code, rule.name, rule.basis, periods, policy.calendar))
    return tuple(found)


def _category_rule(prediction: Prediction, policy: Policy) -> CategoryRule:
    if prediction.category is None:
        return policy.default
    return policy.categories.get(prediction.category.code, policy.default)


def _findings(prediction: Prediction, policy: Policy) -> Iterator[tuple[Priority, Reason]]:
    """Every rule over what was found in the text that holds, with the priority it asks for."""
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
            detail = f"组合规则 {rule.name}：至少 {rule.priority.name}"
            yield rule.priority, Reason(f"combination:{rule.name}", detail)


def _asked(policy: Policy, context: Context) -> Iterator[tuple[str, str, Raise]]:
    """The rules of the customer's tier and of the channel: name of the rule, subject, rule."""
    tier, channel = context.customer_tier, context.channel
    if tier and tier in policy.customer_tiers:
        yield "customer_tier", f"客户等级 {tier}", policy.customer_tiers[tier]
    if channel and channel in policy.channels:
        yield "channel", f"渠道 {channel}", policy.channels[channel]


def _least(policy: Policy, context: Context) -> Iterator[tuple[Priority, Reason]]:
    for name, subject, rule in _asked(policy, context):
        if rule.priority is not None:
            yield rule.priority, Reason(name, f"{subject}：至少 {rule.priority.name}")


def _raises(policy: Policy, context: Context) -> Iterator[tuple[int, Reason]]:
    """Reasons that each raise the priority by a number of steps."""
    for name, subject, rule in _asked(policy, context):
        if rule.steps:
            yield rule.steps, Reason(name, f"{subject}：提高{'一二三'[rule.steps - 1]}级")
    if context.contacts >= policy.repeat_contacts:
        yield 1, Reason("repeat_contacts", f"第 {context.contacts} 次联系：提高一级")


def _plain(value: str | float | bool | None) -> str:
    """A metadata value as a policy writes it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _doubt(prediction: Prediction, trust: Trust) -> str | None:
    """Which head is less sure than asked for; None when all are sure enough."""
    for name, head in (("类别", prediction.category), ("情绪强度", prediction.intensity)):
        if head and head.band not in trust.bands:
            return f"{name}的把握为 {head.band.value}，低于 {trust.min_band.value}"
    if prediction.category and prediction.category.prob < trust.min_prob:
        return f"类别概率 {prediction.category.prob:.2f} 低于 {trust.min_prob:g}"
    return None
