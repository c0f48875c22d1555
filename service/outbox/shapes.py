# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""Deliveries, as clients ask for them and as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from service.cases.bodies import Acting
from service.reply_model import Reply


class ReplayBody(Acting):
    """重新投递；两项都省略时，重新投递所有已放弃的事件。"""

    target: str = Field("", max_length=64, description="只限这个目标。")
    event_id: str = Field("", max_length=40, description="只限这个事件，已送达的也重新投递。")


class LetterReply(Reply):
    """一个事件向一个目标的投递。"""

    event_id: str
    type: str
    case_id: int | None
    at: datetime
    target: str
    state: Literal["pending", "delivered", "dead"]
    attempts: int = Field(description="失败的次数。")
    next_at: datetime | None = Field(description="何时再试。")
    settled_at: datetime | None = Field(description="何时送达或放弃。")
    last_error: str | None


class LetterListReply(Reply):
    """一页投递，新的在前。"""

    items: list[LetterReply]
    next_after: str | None = Field(description="下一页的 after；null 表示没有更多。")


class ReplayReply(Reply):
    """将重新投递的数量。"""

    replayed: int
