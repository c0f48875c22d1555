# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What the service answers, for the OpenAPI document; `classifier.reply` builds the values."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.dialogue_replies import DialogueReply
from service.reply_model import Reply

BandName = Literal["high", "medium", "low"]


class IntensityReply(Reply):
    """情绪强度。"""

    level: int = Field(description="等级，数字越大情绪越激烈。")
    name: str
    score: float = Field(ge=0, le=1, description="0 最平静，1 最激烈。")
    probs: list[float] = Field(description="每个等级的概率，从低到高。")
    band: BandName = Field(description="可信程度。")


class RankedCategoryReply(Reply):
    """一个候选类别。"""

    code: str
    prob: float


class CategoryReply(Reply):
    """投诉类别。"""

    code: str
    name: str
    prob: float = Field(ge=0, le=1)
    band: BandName = Field(description="可信程度。")
    top: list[RankedCategoryReply] = Field(description="最可能的三个类别，从高到低。")


class SignalReply(Reply):
    """一个风险信号，位置按发送的原文计算。"""

    code: str
    start: int = Field(ge=0)
    end: int = Field(ge=0, description="不含。")
    text: str


class EvidenceReply(Reply):
    """一段原文对一个判断的精确贡献。"""

    head: str
    start: int = Field(ge=0)
    end: int = Field(ge=0, description="不含。")
    text: str
    weight: float


class ReasonReply(Reply):
    """一条起作用的策略规则。"""

    rule: str
    detail: str


class PriorityReply(Reply):
    """优先级与时限。"""

    level: Literal["P0", "P1", "P2", "P3"]
    respond_within_seconds: int = Field(gt=0)
    due_at: datetime
    reasons: list[ReasonReply]


class RouteReply(Reply):
    """处理团队；auto 为 true 时无需人工确认即可分派。"""

    team: str
    tier: str
    auto: bool
    mode: Literal["auto", "suggest", "manual"] | None = Field(
        None,
        description="auto：直接分派；suggest：建议团队，由人确认；manual：由人选择。"
        "此字段出现之前存入的案例没有它。",
    )


class StatutoryStageReply(Reply):
    """法定时限的一个阶段。"""

    name: str
    due_at: datetime


class StatutoryReply(Reply):
    """按渠道或 metadata 适用的法定时限；仅供对照，不改变优先级。"""

    code: str
    name: str
    basis: str = Field(description="依据。")
    stages: list[StatutoryStageReply]


class SuggestionReply(Reply):
    """按 playbook.toml 建议的答复；由人决定是否使用，从不自动发送。"""

    opening: str = Field(description="对客户说的第一段话：先回应感受，不承诺结果、金额或时间。")
    steps: list[str] = Field(description="给处理人的步骤，2–5 条；有安全风险时安全在前。")
    sources: list[str] = Field(description="取自 playbook.toml 的哪些条目。")


class ComplaintReply(Reply):
    """一条投诉的分诊结果。"""

    request_id: str
    id: str | None = Field(description="请求中的 id。")
    outcome: Literal["ok", "needs_human", "error"] = Field(
        description="needs_human：文本为空、过短、非中文或把握不足，请由人工判断。"
    )
    outcome_reasons: list[str]
    intensity: IntensityReply | None
    category: CategoryReply | None
    signals: list[SignalReply]
    priority: PriorityReply
    route: RouteReply
    statutory: list[StatutoryReply]
    evidence: list[EvidenceReply]
    language: str
    chars_used: int = Field(ge=0)
    truncated: bool = Field(description="原文过长，只读取了前一部分。")
    model_version: str
    tokeniser: str
    policy_version: str
    policy_hash: str = Field(description="策略文件内容的 SHA-256 前 16 位。")
    stored: bool = Field(
        description="是否已存入案例队列；策略要求人工查看、store 不为 false 且数据库可用时存入。"
    )
    case_id: int | None = Field(description="案例编号；未存入时为 null。")
    suggestion: SuggestionReply | None = Field(
        None, description="建议的答复；请求中 suggest 为 true 时才有。"
    )
    dialogue: DialogueReply | None = Field(
        None, description="对话的经过；请求中有 messages 时才有。"
    )


class ErrorBody(Reply):
    """错误的内容。"""

    code: str = Field(description="机器可读的错误代码。")
    message: str = Field(description="给人看的一句话，不含投诉原文。")
    field: str | None = Field(None, description="有误的字段，例如 items[3].text。")
    request_id: str


class ErrorReply(Reply):
    """所有错误的统一格式。"""

    error: ErrorBody


class ItemErrorReply(Reply):
    """批量请求中有误的一条。"""

    id: str | None
    outcome: Literal["error"]
    error: ErrorBody


class BatchReply(Reply):
    """批量结果，顺序与请求一致。"""

    request_id: str
    results: list[ComplaintReply | ItemErrorReply]


class ModelReply(BaseModel):
    """当前模型与策略；其余字段来自模型的 manifest。"""

    model_config = ConfigDict(extra="allow")

    version: str
    policy_version: str
    policy_hash: str


class LiveReply(Reply):
    """进程在运行。"""

    status: Literal["alive"]


class ReadyChecks(Reply):
    """每项检查的结果。"""

    model: Literal["ok"]
    database: Literal["ok"]


class ReadyReply(Reply):
    """可以接收请求。"""

    status: Literal["ready"]
    checks: ReadyChecks
    model_version: str
    policy_version: str
