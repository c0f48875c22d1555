# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What a client may send; each field has a type, a limit and a sentence for the API document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

MAX_TEXT_CHARS = 100_000
MAX_BATCH_ITEMS = 200
MAX_ID_CHARS = 128
MAX_METADATA_KEYS = 50
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCK_SKEW = timedelta(minutes=5)


def read_moment(value: object) -> datetime | None:
    """An RFC 3339 moment with its zone, or None.

    Raises:
        PydanticCustomError: the value is something else.
    """
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 40:
        raise PydanticCustomError("moment_type", "not a moment")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("moment_type", "not a moment") from None
    if moment.tzinfo is None:
        raise PydanticCustomError("moment_naive", "no zone")
    return moment


def _read_past(value: object) -> datetime | None:
    """A moment between the year 2000 and five minutes from now."""
    moment = read_moment(value)
    if moment and not _EARLIEST <= moment <= datetime.now(UTC) + _CLOCK_SKEW:
        raise PydanticCustomError("moment_range", "out of range")
    return moment


Past = Annotated[AwareDatetime, BeforeValidator(_read_past, json_schema_input_type=AwareDatetime)]
Code = Annotated[str, StringConstraints(max_length=64)]
Identifier = Annotated[str, StringConstraints(max_length=MAX_ID_CHARS)]
MetadataKey = Annotated[str, StringConstraints(max_length=64)]
MetadataText = Annotated[str, StringConstraints(max_length=1000)]


class _Strict(BaseModel):
    """No unknown field, no value of another type taken for the right one."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Customer(_Strict):
    """客户信息。"""

    id: Identifier | None = Field(None, description="客户在贵方系统中的编号，不要填写姓名或电话。")
    tier: Code | None = Field(None, description="客户等级；策略文件中列出的等级会提高优先级。")


class Complaint(_Strict):
    """一条待分诊的投诉。"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "等了四十分钟才上菜，菜还是凉的，叫经理也没人理！再不退款我就打12315。",
                    "id": "TS-20250601-0042",
                    "channel": "app",
                    "customer": {"id": "C1029", "tier": "vip"},
                    "occurred_at": "2025-06-01T12:30:00+08:00",
                    "metadata": {"store": "人民广场店", "order_amount": 268.5},
                }
            ]
        }
    )

    text: str = Field(
        max_length=MAX_TEXT_CHARS,
        description="投诉原文。模型读取前 20000 个字符，超出时回复中 truncated 为 true；"
        "空白或过短的文本不报错，outcome 为 needs_human。",
    )
    id: Identifier | None = Field(None, description="贵方的编号，原样返回。")
    channel: Code | None = Field(None, description="来源渠道，例如 app、phone、weibo。")
    customer: Customer | None = Field(None, description="客户信息。")
    occurred_at: Past | None = Field(
        None,
        description="投诉发生的时间（RFC 3339，必须带时区，不早于 2000 年，"
        "不晚于当前时间 5 分钟）；给出时 due_at 从此刻算起，否则从收到请求时算起。",
    )
    metadata: (
        Annotated[
            dict[MetadataKey, MetadataText | int | float | bool | None],
            Field(max_length=MAX_METADATA_KEYS),
        ]
        | None
    ) = Field(None, description="其他键值，值为字符串、数字、布尔或 null。")
    store: bool | None = Field(
        None,
        description="为 false 时不存入案例队列，也不计入客户的联系次数；否则由策略决定是否存入。",
    )


class Batch(_Strict):
    """一批投诉；每条单独检查，一条有误不影响其余。"""

    items: list[object] = Field(
        min_length=1, max_length=MAX_BATCH_ITEMS, description="投诉列表，每项与 /v1/classify 相同。"
    )


class BatchDocument(_Strict):
    """一批投诉；每条单独检查，一条有误不影响其余。"""

    items: list[Complaint] = Field(
        min_length=1, max_length=MAX_BATCH_ITEMS, description="投诉列表，每项与 /v1/classify 相同。"
    )
