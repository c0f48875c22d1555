# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What `GET /v1/insight/weekly` answers, and its place in the document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.insight.shapes import EmergingWordReply, SurgeReply
from service.operations import Operations, replying
from service.reply_model import Reply
from service.weekly.asked import PARAMETERS

Json = dict[str, object]


class WeeklySentenceReply(Reply):
    """要点中的一句话；每个数字都出自本报告。"""

    text: str
    address: str = Field(description="在哪个页面能看到这些数字。")
    case_ids: list[int]


class WeeklyComparedReply(Reply):
    """一个序列的本周与此前各周相比；历史不足四周时 mean、usual 为 null。"""

    kind: Literal["all", "category", "team", "channel", "product", "region", "level", "dimension"]
    code: str
    name: str
    weeks: list[int] = Field(description="各周案例数，本周在最后。")
    cases: int
    before: int | None = Field(description="上一周。")
    mean: float | None = Field(description="此前各周的平均。")
    usual: list[float] | None = Field(description="平常范围的下限和上限。")
    verdict: Literal["above", "below", "usual", "unknown"]


class WeeklyLevelReply(Reply):
    """一个情绪强度等级的各周案例数；null 为未判定。"""

    level: int | None
    name: str
    weeks: list[int]


class WeeklyExampleReply(Reply):
    """一个案例脱敏文本的开头。"""

    case_id: int
    text: str


class WeeklySurgeReply(SurgeReply):
    """本周开始或仍在持续的一次激增。"""

    name: str
    team: str = Field(description="由哪个团队负责。")
    unowned_case_ids: list[int] = Field(description="所列案例中未结束且无人认领的。")


class WeeklyWordReply(EmergingWordReply):
    """本周新出现的词。"""

    examples: list[WeeklyExampleReply]


class WeeklyIssueReply(Reply):
    """本周满 5 件的常见问题，言辞激烈的多的在前。"""

    issue_id: int
    name: str
    category: str
    team: str
    cases: int
    before: int = Field(description="再前一周。")
    angry: float = Field(description="估计有多少件属于最激烈的两级。")
    days: int = Field(description="本周的几天已归纳，7 为全部。")
    examples: list[WeeklyExampleReply]


class WeeklyShownReply(Reply):
    """有共同点的案例；不足 5 件时没有例子。"""

    code: str
    name: str
    cases: int
    examples: list[WeeklyExampleReply]


class WeeklyTakenReply(Reply):
    """用时。"""

    cases: int
    median_seconds: int | None
    p90_seconds: int | None


class WeeklyTeamReply(Reply):
    """一个团队的案例与超时。"""

    team: str
    name: str
    cases: int
    overdue: int
    overdue_now: int = Field(description="此刻超时未响应的，不论何时进来。")


class WeeklyDoneReply(Reply):
    """做了什么；用时与超时只看本周进来的案例。"""

    cases: int
    responded: int = Field(description="本周给出首次响应的，不论何时进来；下两项同。")
    resolved: int
    dismissed: int
    overdue: int
    overdue_now: int
    response: WeeklyTakenReply
    resolution: WeeklyTakenReply
    reviews: int = Field(description="第一次复核的次数。")
    corrected: int = Field(description="其中更正了机器判断的。")
    recategorised: int = Field(description="其中改了类别的。")
    teams: list[WeeklyTeamReply]


class WeeklyAimReply(Reply):
    """一个服务指标与策略的目标。"""

    code: str
    name: str
    value: float | None
    target: float | None
    is_met: bool | None


class WeeklyCustomersReply(Reply):
    """客户，只有数目。"""

    repeated: int = Field(description="本周案例中，客户此前已联系过的。")
    at_risk: int | None = Field(description="此刻应当回访的客户；null 表示策略没有 [churn]。")
    csat: float | None
    csat_answers: int
    nps: float | None
    nps_answers: int


class WeeklyStepReply(Reply):
    """下一步的建议，由规则从数字得出。"""

    text: str
    team: str = Field(description="由谁。")
    reason: str = Field(description="依据哪个数字。")
    address: str
    case_ids: list[int]


class WeeklyReply(Reply):
    """一周的报告；没有案例的一周也是一份完整的报告。"""

    week: str = Field(description="ISO 周，如 2026-W46。")
    monday: date
    sunday: date
    begins_at: datetime
    ends_at: datetime = Field(description="未满一周时，为当前这个小时之末。")
    is_running: bool = Field(description="未满一周；各周只比较同一时段。")
    made_at: datetime
    summary: list[WeeklySentenceReply] = Field(description="本周要点，最重要的在前，最多五句。")
    mondays: list[date] = Field(description="所比较各周的周一，本周在最后。")
    whole: WeeklyComparedReply
    angry: WeeklyComparedReply | None = Field(description="最激烈的两级合计。")
    levels: list[WeeklyLevelReply]
    series: list[WeeklyComparedReply] = Field(
        description="类别、团队、渠道、商品或服务、地区或门店，多出最多的在前。"
    )
    dimensions: list[WeeklyComparedReply] = Field(description="SERVQUAL 的五个维度。")
    surges: list[WeeklySurgeReply]
    words: list[WeeklyWordReply]
    issues: list[WeeklyIssueReply]
    grave_signals: list[WeeklyShownReply]
    furious: WeeklyShownReply | None = Field(description="最激烈的一级。")
    done: WeeklyDoneReply
    aims: list[WeeklyAimReply]
    customers: WeeklyCustomersReply
    steps: list[WeeklyStepReply]


REPLIES: tuple[type[BaseModel], ...] = (WeeklyReply,)


def paths() -> Json:
    """The endpoint."""
    operation = Operations("insight").reading(
        "getWeeklyReport",
        "一周的报告",
        replying(WeeklyReply),
        parameters=[parameter.described() for parameter in PARAMETERS],
    )
    return {"/v1/insight/weekly": {"get": operation}}
