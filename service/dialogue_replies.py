# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What the service says of a conversation, for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from service.reply_model import Reply

RoleName = Literal["customer", "agent", "system"]
TrendName = Literal["calmed", "rising", "steady", "too_few_turns"]
AnswerName = Literal["apology", "empathy", "feeling", "thanks"]
BandName = Literal["high", "medium", "low"]


class TurnIntensityReply(Reply):
    """客户一条消息的情绪强度。"""

    level: int
    name: str
    score: float = Field(ge=0, le=1)
    band: BandName = Field(description="可信程度；low 的不计入最高点、走势与整段的等级。")


class PeakReply(TurnIntensityReply):
    """客户情绪最激烈的一条。"""

    turn: int = Field(ge=0)


class TurnReply(Reply):
    """对话中的一条消息；turn 为它在 messages 中的位置，从 0 起。"""

    turn: int = Field(ge=0)
    role: RoleName
    start: int | None = Field(description="在客户各条消息以换行连接的文本中的位置；他人的为 null。")
    end: int | None = Field(description="不含。")
    intensity: TurnIntensityReply | None = Field(description="不是客户的，或无法判断的为 null。")
    repeated_share: float = Field(
        ge=0, le=1, description="其中的词有多少在客户先前的某一条消息中说过。"
    )
    says_again: bool = Field(description="客户明说已经说过，例如“我都说了三遍了”。")
    acknowledges: list[AnswerName] = Field(
        description="客服如何回应情绪：apology 道歉，empathy 共情，feeling 说出感受，thanks 感谢；"
        "只是客套地拒绝时没有。"
    )


class AcknowledgementReply(Reply):
    """客服是否回应了客户的情绪。"""

    acknowledged: bool | None = Field(description="客户一直平静，或说话后没有客服答复时为 null。")
    turn: int | None = Field(description="第一条回应情绪的消息。")
    kinds: list[AnswerName]
    after_customer_turns: int | None = Field(description="客户说到第几条时才得到回应。")


class RepetitionReply(Reply):
    """客户是否不得不重复。"""

    repeated: bool
    share: float = Field(ge=0, le=1, description="客户后来各条消息的词中重复的比例。")
    turns: list[int] = Field(description="大部分是重复的消息。")
    explicit_turns: list[int] = Field(description="客户明说已经说过的消息。")


class DialogueReply(Reply):
    """一段对话的经过；不含原文。"""

    turns: list[TurnReply]
    peak: PeakReply | None
    trend: TrendName = Field(
        description="客户情绪最后一次明显变化的方向：calmed 平息，rising 升级，steady 平稳；"
        "能判断的消息不足 3 条时为 too_few_turns。"
    )
    turning_point: int | None = Field(description="从哪一条消息起如此；平稳时为 null。")
    acknowledgement: AcknowledgementReply
    repetition: RepetitionReply


class CaseTurnReply(TurnReply):
    """对话中的一条消息，已脱敏；位置按案例的脱敏文本计算。"""

    at: datetime | None
    text: str


# Stored conversations are read by this too: what is added needs a default.
class CaseDialogueReply(DialogueReply):
    """一段对话，已脱敏，及其经过。"""

    turns: list[CaseTurnReply]  # type: ignore[assignment]  # each has more than in a reply
