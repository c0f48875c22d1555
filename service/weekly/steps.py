"""What to do next: proposals by rule, each with the figure that it comes from and the team to act.

Nothing is proposed that no figure of the report asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from urllib.parse import quote

from service.pages.names import Names
from service.weekly.report import Step, WeeklyReport
from service.weekly.wording import (
    CALLED,
    aim_target,
    aim_value,
    cases_of,
    series_name,
    usual_range,
)

MOST = 8
_MOST_OF_A_KIND = 2
_EVERYBODY = "各团队负责人"
_MEANS = {
    "first_response_seconds": "查首次响应慢在哪里，先看案例多的时段",
    "resolution_seconds": "查解决用时长在哪里，先看等待最久的案例",
    "overdue_share": "查为什么来不及响应：是人手、班次还是分派",
    "first_contact_share": "看再次来联系的客户当初没有解决什么",
    "reopened_share": "抽查重新打开的案例，看结束得是否过早",
    "csat": "读最近的低分评价，挑出能马上改的",
    "nps": "联系贬损者，问清原因",
}


def steps(report: WeeklyReport, names: Names) -> tuple[Step, ...]:
    """The proposals, the most pressing first."""
    return tuple(islice(chain.from_iterable(rule(report, names) for rule in _RULES), MOST))


def _waiting(report: WeeklyReport, _: Names) -> Iterator[Step]:
    """Teams whose cases wait beyond their time just now."""
    for one in [team for team in report.done.teams if team.overdue_now][:_MOST_OF_A_KIND]:
        text = f"先响应已过时限的 {one.overdue_now:,} 件"
        reason = f"此刻超时未响应：{one.name} {one.overdue_now:,} 件"
        yield Step(text, one.name, reason, f"/cases?overdue=true&team={quote(one.team)}")


def _callbacks(report: WeeklyReport, _: Names) -> Iterator[Step]:
    number = report.customers.at_risk
    if number:
        reason = f"此刻流失风险高、今天还没有人答复的客户：{number:,} 位"
        team = report.customers.team or _EVERYBODY
        yield Step(f"今天回访 {number:,} 位客户", team, reason, "/callbacks")


def _unowned(report: WeeklyReport, _: Names) -> Iterator[Step]:
    """Surges that go on while nobody has taken their cases."""
    going = [one for one in report.news.surges if one.surge.ended_at is None and one.unowned]
    for one in going[:_MOST_OF_A_KIND]:
        text = f"为激增“{one.name}”指定负责人，认领列出的案例"
        reason = (
            f"激增仍在持续，所列 {len(one.surge.case_ids)} 件中 {len(one.unowned)} 件还没有人认领"
        )
        yield Step(text, one.team or _EVERYBODY, reason, "/insight", one.unowned)


def _risen(report: WeeklyReport, names: Names) -> Iterator[Step]:
    for one in report.volumes.risen[:_MOST_OF_A_KIND]:
        reason = f"{CALLED[one.kind]}{one.name} {one.cases:,} 件，平常 {usual_range(one.usual)} 件"
        team = _team_of(one.kind, one.code, names)
        text = f"查清{series_name(one)}为什么变多"
        yield Step(text, team, reason, cases_of(report.week, **{one.kind: one.code}))


def _missed(report: WeeklyReport, _: Names) -> Iterator[Step]:
    """Figures of service that miss their target."""
    for one in [aim for aim in report.aims if aim.is_met is False][:_MOST_OF_A_KIND]:
        reason = f"{one.name} {aim_value(one, one.value)}，目标{aim_target(one)}"
        late = max(report.done.teams, key=lambda team: team.overdue, default=None)
        is_theirs = one.code == "overdue_share" and late is not None and late.overdue
        team = late.name if is_theirs and late is not None else _EVERYBODY
        yield Step(_MEANS[one.code], team, reason, "/quality")


def _trouble(report: WeeklyReport, _: Names) -> Iterator[Step]:
    for one in report.pain.troubles[:1]:
        reason = (
            f"常见问题“{one.found.issue.name}”{one.found.cases:,} 件，"
            f"约 {one.found.angry:.0f} 件言辞激烈，为各问题之首"
        )
        numbers = tuple(example.case_id for example in one.examples)
        text = f"把“{one.found.issue.name}”作为专项，找出根本原因"
        yield Step(text, one.team, reason, "/insight", numbers)


def _team_of(kind: str, code: str, names: Names) -> str:
    """Who answers for a series: the policy's team of a category or channel, a team itself."""
    if kind == "team":
        return names.team(code)
    policy = names.policy
    if kind == "category":
        return names.team(policy.categories.get(code, policy.default).team)
    rule = policy.channels.get(code) if kind == "channel" else None
    return names.team(rule.team) if rule and rule.team else _EVERYBODY


_RULES: tuple[Callable[[WeeklyReport, Names], Iterator[Step]], ...] = (
    _waiting, _callbacks, _unowned, _risen, _missed, _trouble,
)  # fmt: skip
