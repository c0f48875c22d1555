# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What the case endpoints answer, for the OpenAPI document; `service.cases.shown` builds it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from service.dialogue_replies import CaseDialogueReply
from service.replies import (
    CategoryReply,
    EvidenceReply,
    IntensityReply,
    PriorityReply,
    RouteReply,
    SignalReply,
    StatutoryReply,
    SuggestionReply,
)
from service.reply_model import Reply

PriorityName = Literal["P0", "P1", "P2", "P3"]
StateName = Literal["new", "claimed", "resolved", "dismissed"]


_TEXT_NOTE = Field(description="没有保存原文时的说明；否则为 null。")


class CaseReply(Reply):
    """一个案例。"""

    case_id: int = Field(description="案例编号，用于地址。")
    id: str | None = Field(description="贵方的编号。")
    reasons: list[str] = Field(
        description="为何需要人工：priority、intensity、grave_signal、needs_human、audit（抽查）。"
    )
    outcome: Literal["ok", "needs_human"]
    level: int | None = Field(description="情绪强度；有复核结论时以其为准。")
    category: str | None = Field(description="类别；有复核结论时以其为准。")
    signals: list[str] = Field(description="风险信号；有复核结论时以其为准。")
    priority: PriorityName
    score: float | None
    uncertainty: float = Field(ge=0, le=1, description="模型的不确定程度，1 为无法判断。")
    team: str
    tier: str
    channel: str | None
    product: str | None
    region: str | None
    customer_tier: str | None
    contacts: int = Field(description="该客户近期第几次联系。")
    state: StateName
    owner: str | None
    verdict_state: Literal["none", "reviewed", "disputed", "final"]
    created_at: datetime
    due_at: datetime = Field(description="首次响应的时限。")
    snoozed_until: datetime | None
    waiting_since: datetime | None = Field(description="从何时起等待客户；期间时限暂停。")
    first_response_at: datetime | None
    resolved_at: datetime | None
    response_seconds: int | None
    resolution_seconds: int | None
    model_version: str
    policy_version: str
    tokeniser: str
    version: int = Field(description="每次更改加一；更改时带上可避免覆盖他人的更改。")


class ListedCaseReply(CaseReply):
    """列表中的一个案例。"""

    text: str = Field(description="脱敏文本，最多 2000 个字符。")
    text_is_cut: bool
    text_note: str | None = _TEXT_NOTE


class CaseListReply(Reply):
    """一页案例。"""

    items: list[ListedCaseReply]
    next_cursor: str | None = Field(description="下一页的 cursor；null 表示没有更多。")
    search_note: str | None = Field(description="按文字搜索受保存方式限制时的说明；否则为 null。")


class CasePredictionReply(Reply):
    """模型的判断；位置按脱敏文本计算。"""

    outcome: Literal["ok", "needs_human"]
    outcome_reasons: list[str]
    intensity: IntensityReply | None
    category: CategoryReply | None
    signals: list[SignalReply]
    evidence: list[EvidenceReply]
    language: str
    chars_used: int
    truncated: bool
    model_version: str
    tokeniser: str


class CaseDecisionReply(Reply):
    """策略的决定。"""

    priority: PriorityReply
    route: RouteReply
    statutory: list[StatutoryReply] = Field([], description="法定时限；较早的案例没有。")
    policy_version: str
    policy_hash: str | None = Field(None, description="策略文件内容的摘要；较早的案例没有。")


class NoteReply(Reply):
    """一条备注。"""

    at: datetime
    actor: str
    text: str


class PredictedReply(Reply):
    """复核时模型与策略原来的判断。"""

    category: str | None
    level: int | None
    signals: list[str]
    priority: PriorityName


class VerdictReply(Reply):
    """一次复核。"""

    verdict_id: int
    kind: Literal["review", "second_review", "adjudication"]
    at: datetime
    actor: str
    category: str | None
    level: int | None
    signals: list[str]
    priority: PriorityName
    predicted: PredictedReply
    is_correction: bool = Field(description="是否与模型的判断不同。")
    agrees: bool | None = Field(description="第二次复核是否与第一次一致。")
    reason: str
    model_version: str


class RelatedCaseReply(Reply):
    """同一客户的另一个案例。"""

    case_id: int
    id: str | None
    created_at: datetime
    priority: PriorityName
    state: StateName
    category: str | None
    level: int | None


class CaseFileReply(CaseReply):
    """一个案例的全部内容。"""

    text: str = Field(description="脱敏文本；对话则是其中客户的话，每条一行。")
    text_note: str | None = _TEXT_NOTE
    prediction: CasePredictionReply
    decision: CaseDecisionReply
    dialogue: CaseDialogueReply | None = Field(description="对话；单条文本为 null。")
    suggestion: SuggestionReply = Field(
        description="建议的答复，查询时按当前 playbook.toml 生成；有复核结论时以其为准。"
    )
    notes: list[NoteReply]
    verdicts: list[VerdictReply]
    customer_cases: list[RelatedCaseReply] = Field(description="同一客户的其他案例。")


class HistoryEntryReply(Reply):
    """一次更改。"""

    at: datetime
    actor: str
    source: str = Field(description="来自哪个地址。")
    action: str
    version: int | None
    before: dict[str, object]
    after: dict[str, object]


class HistoryReply(Reply):
    """案例的更改记录，从早到晚，最多 200 条。"""

    items: list[HistoryEntryReply]


class ClaimReply(Reply):
    """批量认领中的一个。"""

    case_id: int
    claimed: bool
    reason: str | None = Field(description="未能认领的原因。")


class ClaimManyReply(Reply):
    """批量认领的结果，顺序与请求一致。"""

    results: list[ClaimReply]


class LevelVolumeReply(Reply):
    """一个情绪强度等级每天的案例数。"""

    level: int | None
    cases: list[int]


class CategoryVolumeReply(Reply):
    """一个类别每天的案例数。"""

    category: str | None
    cases: list[int]


class TrendReply(Reply):
    """一个类别最近 7 个整天（不含今天）的案例数，与之前 7 天相比。"""

    category: str | None
    last_7_days: int
    previous_7_days: int


class BucketReply(Reply):
    """时长在此范围内的案例数。"""

    up_to_seconds: int | None = Field(description="上限；null 为更长。")
    cases: int


class TimesReply(Reply):
    """时长的分布。"""

    cases: int
    mean_seconds: float | None
    median_seconds: int | None = Field(description="中位数，向上取整到分钟、10 分钟、小时或天。")
    buckets: list[BucketReply]


class OverrideReply(Reply):
    """一个预测类别被复核人改判的比例。"""

    category: str | None
    reviewed: int
    overridden: int
    rate: float


class StatisticsReply(Reply):
    """一段时间的统计。"""

    days: list[date]
    volume_by_level: list[LevelVolumeReply]
    volume_by_category: list[CategoryVolumeReply]
    trends: list[TrendReply]
    cases: int
    overdue: int
    overdue_share: float | None = Field(description="首次响应超时（含尚未响应）的比例。")
    first_response: TimesReply
    resolution: TimesReply
    overrides: list[OverrideReply]
    second_reviews: int
    agreement: float | None = Field(description="第二次复核与第一次一致的比例。")
