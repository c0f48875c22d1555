# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What `GET /v1/customers/at-risk` answers, and the endpoint in the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.cases.replies import PriorityName
from service.customers.find import AT_RISK, MAX_AT_RISK
from service.operations import ACTOR, Operations, Parameter, replying
from service.reply_model import Reply

Json = dict[str, object]


class SignReply(Reply):
    """一个流失迹象。"""

    code: str
    points: int = Field(description="加多少分，见策略的 [churn]。")
    detail: str


class RiskReply(Reply):
    """流失风险：各迹象的分数之和，100 分为 1。"""

    score: float = Field(ge=0, le=1)
    points: int
    band: Literal["high", "medium", "low"]
    reasons: list[SignReply]


class AtRiskReply(Reply):
    """一位今天应当回访的客户，以其最新的未结束案例表示；客户编号不会返回。"""

    case_id: int = Field(description="最新的未结束案例。")
    id: str | None = Field(description="贵方的编号。")
    risk: RiskReply
    customer_tier: str | None
    cases: int = Field(description="该客户近期的案例数。")
    open_cases: int
    contacts: int
    category: str | None
    level: int | None
    priority: PriorityName
    team: str
    owner: str | None
    created_at: datetime
    due_at: datetime
    text: str = Field(description="脱敏文本，最多 300 个字符。")


class AtRiskListReply(Reply):
    """今天应当回访的客户，从风险最高的开始。"""

    items: list[AtRiskReply]
    found: int = Field(description="共找到多少位；items 最多 limit 位。")
    is_scored: bool = Field(description="false 表示策略没有 [churn]，不评估流失风险。")


REPLIES: tuple[type[BaseModel], ...] = (AtRiskListReply,)
TAG = {"name": "customers", "description": "客户：需要 cases 权限的密钥"}
_PARAMETERS = (
    Parameter(
        "limit",
        f"最多几位，1–{MAX_AT_RISK}，默认 {AT_RISK}。",
        kind="integer",
        bounds=(1, MAX_AT_RISK),
    ),
    ACTOR,
)


def paths() -> Json:
    """The endpoint."""
    operation = Operations("customers").reading(
        "getCustomersAtRisk",
        "今天应当回访的客户",
        replying(AtRiskListReply),
        parameters=[parameter.described() for parameter in _PARAMETERS],
    )
    return {"/v1/customers/at-risk": {"get": operation}}
