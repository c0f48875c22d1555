# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What `GET /v1/cases/{id}/similar` answers, and the endpoint in the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.cases.replies import NoteReply, PriorityName, VerdictReply
from service.operations import ACTOR, CASE_ID, READ_ERRORS, Operations, Parameter, replying
from service.reply_model import Reply
from service.similar.find import LEAST_LIKENESS, MAX_SIMILAR, SIMILAR

Json = dict[str, object]


class SimilarCaseReply(Reply):
    """一个相似的已结束案例，以及它是怎样处理的。"""

    case_id: int
    id: str | None = Field(description="贵方的编号。")
    likeness: float = Field(ge=0, le=1, description="相似度：模型特征（TF-IDF）的余弦。")
    terms: list[str] = Field(description="两段文本共有的关键词语。")
    text: str = Field(description="脱敏文本，最多 300 个字符。")
    text_is_cut: bool
    category: str | None
    level: int | None
    priority: PriorityName
    team: str
    state: Literal["resolved", "dismissed"]
    created_at: datetime
    resolved_at: datetime | None
    resolution_seconds: int | None
    last_note: NoteReply | None
    last_verdict: VerdictReply | None


class SimilarReply(Reply):
    """相似的已结束案例，从最相似的开始。"""

    items: list[SimilarCaseReply] = Field(
        description=f"相似度至少 {LEAST_LIKENESS} 的案例；没有则为空。"
    )
    compared: int = Field(description="逐字比较过的已结束案例数。")
    model_version: str = Field(description="用哪个模型的特征比较；所有文本都由它读取。")


REPLIES: tuple[type[BaseModel], ...] = (SimilarReply,)
PARAMETERS = (
    Parameter(
        "limit",
        f"最多几个，1–{MAX_SIMILAR}，默认 {SIMILAR}。",
        kind="integer",
        bounds=(1, MAX_SIMILAR),
    ),
    ACTOR,
)


def paths() -> Json:
    """The endpoint."""
    operation = Operations("cases").reading(
        "getSimilarCases",
        "相似的已结束案例，以及它们是怎样处理的",
        replying(SimilarReply),
        parameters=[CASE_ID, *(parameter.described() for parameter in PARAMETERS)],
        errors=(*READ_ERRORS, 404),
    )
    return {"/v1/cases/{case_id}/similar": {"get": operation}}
