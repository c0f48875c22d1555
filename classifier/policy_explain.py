"""Why a complaint is decided as it is, for people: every rule that fired and what it changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from classifier.calendar import DAY_SECONDS, BusinessHours
from classifier.clocks import Period, StatutoryClock, end_of_period
from classifier.policy import Context, Policy, Step, decide, routing_of, steps
from classifier.prediction import Decision, Outcome, Prediction, Routing
from classifier.reply import Json, reply
from classifier.review import case_reasons

_ROUTING = {
    Routing.AUTO: "直接分派，无需人工确认",
    Routing.SUGGEST: "建议团队，由人确认",
    Routing.MANUAL: "由人选择团队",
}
_CASE_REASONS = {
    "priority": "优先级",
    "intensity": "情绪强度",
    "grave_signal": "严重风险信号",
    "needs_human": "需要人工判断",
}
_BANDS = {"high": "高", "medium": "中", "low": "低"}


@dataclass(frozen=True, slots=True)
class Explained:
    """One complaint with what is known of it, and the policy that decides at a moment."""

    prediction: Prediction
    policy: Policy
    context: Context
    at: datetime

    @property
    def decision(self) -> Decision:
        """What the policy decides."""
        return decide(self.prediction, self.policy, self.context)


def as_json(explained: Explained) -> Json:
    """The reply of the API, and the steps with the priority before and after each."""
    answer = reply("explain", explained.prediction, explained.decision, received_at=explained.at)
    chain = steps(explained.prediction, explained.policy, explained.context)
    shown = [
        {
            "rule": step.reason.rule,
            "detail": step.reason.detail,
            "before": step.before.name if step.before is not None else None,
            "after": step.after.name,
        }
        for step in chain
    ]
    return {**answer, "steps": shown}


def as_lines(explained: Explained) -> Iterator[str]:
    """The explanation in Chinese; it does not repeat the text."""
    policy, decision = explained.policy, explained.decision
    yield f"策略 {policy.version}（{policy.content_hash}）"
    yield f"模型判断：{_found(explained.prediction)}"
    yield "起作用的规则："
    chain = steps(explained.prediction, policy, explained.context)
    for number, step in enumerate(chain, start=1):
        yield f"  {number}. {step.reason.detail}（{step.reason.rule}）——{_changed(step)}"
    yield f"优先级：{decision.priority.name}"
    yield f"首次响应：{_clock(explained)}"
    yield f"团队：{policy.team_name(decision.team)}（{decision.team}）——{_why_team(explained)}"
    yield f"层级：{_tier(explained)}"
    doubt = routing_of(explained.prediction, policy, decision.priority)[1]
    yield f"分派：{_ROUTING[decision.routing]}" + (f"——{doubt}" if doubt else "")
    yield f"进入案例队列：{_queue(explained)}"
    yield from _statutory(explained)


def _found(prediction: Prediction) -> str:
    parts = []
    if prediction.outcome is not Outcome.OK:
        parts.append("需要人工判断")
    if prediction.category:
        head = prediction.category
        band = _BANDS[head.band.value]
        parts.append(f"类别 {head.name}（{head.code}，概率 {head.prob:.2f}，把握{band}）")
    if prediction.intensity:
        level = prediction.intensity
        band = _BANDS[level.band.value]
        parts.append(f"情绪强度 {level.level}（{level.name}，把握{band}）")
    codes = dict.fromkeys(signal.code for signal in prediction.signals)
    parts.append(f"风险信号 {'、'.join(codes) or '无'}")
    return "；".join(parts)


def _changed(step: Step) -> str:
    if step.before is None:
        return f"起点 {step.after.name}"
    if step.before == step.after:
        return f"没有改变，仍为 {step.after.name}"
    return f"{step.before.name} 改为 {step.after.name}"


def _clock(explained: Explained) -> str:
    decision = explained.decision
    until = _moment(decision.due_at(explained.at), explained.policy)
    counted = _hours(decision.hours, explained.policy)
    return f"{_duration(decision.respond_within_seconds)}内（{counted}），最迟 {until}"


def _hours(hours: BusinessHours | None, policy: Policy) -> str:
    name = policy.hours_name(hours)
    return f"按{name}计时" if name else "全天计时"


def _why_team(explained: Explained) -> str:
    """Which rule named the team, in the order in which they go before each other."""
    policy, team = explained.policy, explained.decision.team
    signals = [s.code for s in explained.prediction.signals if s.code in policy.signals]
    for code in signals:
        if policy.signals[code].grave and policy.signals[code].team == team:
            return f"由严重风险信号 {code} 决定"
    channel = explained.context.channel
    if channel and channel in policy.channels and policy.channels[channel].team:
        return f"由渠道 {channel} 决定"
    category = explained.prediction.category
    if category and category.code in policy.categories:
        return f"由类别 {category.code} 决定"
    return "默认团队"


def _tier(explained: Explained) -> str:
    """Where the case starts, where it goes when its clock has ended, and for how long."""
    policy, decision = explained.policy, explained.decision
    if decision.tier not in policy.ladder:
        return decision.tier
    line = f"{decision.tier} {policy.tier_name(decision.tier)}"
    following = policy.next_tier(decision.tier)
    clock = policy.tier_clock(following, decision.team) if following else None
    if following is None or clock is None:
        return f"{line}（最高层）"
    line += f"；到期未响应则升级到 {following} {policy.tier_name(following)}"
    return f"{line}，{_duration(clock[0])}内（{_hours(clock[1], policy)}）"


def _queue(explained: Explained) -> str:
    policy, decision = explained.policy, explained.decision
    reasons = case_reasons(explained.prediction, decision, policy, draw=1.0)
    if reasons:
        return f"是——{'、'.join(_CASE_REASONS[reason] for reason in reasons)}"
    return f"否，另随机抽查 {policy.review.audit_share:.1%}"


def _statutory(explained: Explained) -> Iterator[str]:
    clocks = explained.decision.statutory
    yield "法定时限：" + ("" if clocks else "无")
    for clock in clocks:
        yield f"  {clock.name}，依据{clock.basis}"
        for period in clock.periods:
            yield f"    {period.name}：最迟 {_end(period, clock, explained)}"


def _moment(moment: datetime, policy: Policy) -> str:
    zone = policy.calendar.zone
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}（{zone.key}）"


def _end(period: Period, clock: StatutoryClock, explained: Explained) -> str:
    """When a period is over; one of days at 24:00 of its last day, as laws put it."""
    until = end_of_period(period, explained.at, clock.calendar)
    if period.seconds is not None:
        return _moment(until, explained.policy)
    zone = explained.policy.calendar.zone
    return f"{until.astimezone(zone) - timedelta(days=1):%Y-%m-%d} 24:00（{zone.key}）"


def _duration(seconds: int) -> str:
    if seconds >= 2 * DAY_SECONDS and seconds % DAY_SECONDS == 0:
        return f"{seconds // DAY_SECONDS} 天"
    return f"{seconds // 3600} 小时" if seconds % 3600 == 0 else f"{seconds / 60:g} 分钟"
