# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What a client may send to change a case."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from service.cases.desk import MAX_BULK, MAX_NOTE_CHARS
from service.cases.verdicts import MAX_REASON_CHARS
from service.operations import NAME_CHAR
from service.schemas import READ_WHOLE, read_moment

Moment = Annotated[
    AwareDatetime, BeforeValidator(read_moment, json_schema_input_type=AwareDatetime)
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=f"^{NAME_CHAR}+$")]
CaseId = Annotated[int, Field(ge=1, le=2**63 - 1), READ_WHOLE]
Version = Annotated[int, Field(ge=1, le=2**31 - 1), READ_WHOLE]
Level = Annotated[int, Field(ge=-100, le=1000), READ_WHOLE]
Code = Annotated[str, StringConstraints(max_length=200)]


class Acting(BaseModel):
    """谁在操作。"""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    actor: Name | None = Field(
        None, description="代表贵方系统中的哪位操作人（编号，不含空格）；省略时为密钥本身。"
    )


class ChangeBody(Acting):
    """对一个案例的操作。"""

    version: Version | None = Field(
        None,
        description="所见的版本；期间被他人更新时返回 409，省略则不检查。",
    )


class ClosingBody(ChangeBody):
    """解决、驳回或重新打开。"""

    note: str | None = Field(None, max_length=MAX_NOTE_CHARS, description="备注，保存前脱敏。")


class AssignBody(ChangeBody):
    """转派。"""

    owner: Name = Field(
        description="新的负责人：贵方系统中的操作人编号，或 user:<编号>（页面用户）。"
    )


class SnoozeBody(ChangeBody):
    """延后。"""

    until: Moment | None = Field(description="延后到何时（90 天之内）；null 表示取消延后。")


class NoteBody(ChangeBody):
    """备注。"""

    note: str = Field(min_length=1, max_length=MAX_NOTE_CHARS, description="备注，保存前脱敏。")


class ClaimManyBody(Acting):
    """批量认领。"""

    case_ids: list[CaseId] = Field(min_length=1, max_length=MAX_BULK)


class VerdictBody(ChangeBody):
    """复核结论；省略的字段表示确认现有判断。"""

    category: Code | None = Field(None, description="正确的类别代码。")
    level: Level | None = Field(None, description="正确的情绪强度等级。")
    signals: Annotated[dict[Code, bool], Field(max_length=100)] | None = Field(
        None, description="逐个信号：true 成立，false 不成立；未列出的保持不变。"
    )
    priority: Literal["P0", "P1", "P2", "P3"] | None = Field(None, description="正确的优先级。")
    reason: str = Field(
        "", max_length=MAX_REASON_CHARS, description="理由；更正时必填，保存前脱敏。"
    )
