# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What the insight endpoints answer, for the API document; `service.insight.shown` builds it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.reply_model import Reply


class IssueLevelReply(Reply):
    """一个情绪强度等级的案例数。"""

    level: int | None
    cases: int


class IssueReply(Reply):
    """一个反复出现的具体问题；只要还是同一个问题，编号不变。"""

    issue_id: int
    category: str
    name: str = Field(description="突出的词，按典型案例中的顺序。")
    words: list[str]
    team: str = Field(description="多数案例所属的团队。")
    cases: int = Field(description="所查天数内的案例数，至少 5。")
    daily: list[int] = Field(description="每天的案例数，最后一天是归纳当天。")
    last_7_days: int
    previous_7_days: int
    levels: list[IssueLevelReply] = Field(description="最近 90 天的情绪强度构成。")
    case_ids: list[int] = Field(description="最典型的案例在前。")
    found_at: datetime
    built_at: datetime


class IssueListReply(Reply):
    """常见问题，案例多的在前。"""

    items: list[IssueReply]


class EmergingWordReply(Reply):
    """一个比过去明显增多的词。"""

    word: str
    is_compound: bool = Field(description="词典中没有的新组合。")
    days: int = Field(description="与此前相比的天数，7 或 30。")
    cases: int
    cases_before: int
    of: int = Field(description="这段时间的案例总数。")
    of_before: int
    z: float = Field(description="对数优势比的变化是其标准误的几倍。")
    case_ids: list[int]
    built_at: datetime


class EmergingWordListReply(Reply):
    """新出现的词，最确定的在前；days 不超过 7 时与 7 天之前相比，否则与 30 天之前相比。"""

    items: list[EmergingWordReply]


class SurgeReply(Reply):
    """一次激增。"""

    surge_id: int
    kind: Literal["all", "category", "level", "team", "channel", "product", "region"]
    code: str
    detected_at: datetime
    last_alarm_at: datetime
    ended_at: datetime | None
    window_hours: int
    seen: int
    expected: float
    also: list[str] = Field(description="同一次激增也表现在哪些序列，如 team:logistics。")
    words: list[str]
    case_ids: list[int]


class SurgeListReply(Reply):
    """激增，最近的在前，最多 200 次。"""

    items: list[SurgeReply]


REPLIES: tuple[type[BaseModel], ...] = (IssueListReply, EmergingWordListReply, SurgeListReply)
