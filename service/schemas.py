# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What a client may send; each field has a type, a limit and a sentence for the API document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from classifier.dialogue import Role, Turn, customer_text
from classifier.text import MAX_CHARS

MAX_TEXT_CHARS = 100_000
MAX_BATCH_ITEMS = 200
MAX_MESSAGES = 200
MAX_MESSAGE_CHARS = MAX_CHARS  # all of a turn is read
MAX_ID_CHARS = 128
MAX_METADATA_KEYS = 50
# What other systems call them, so that the refusal can name the right word.
_SYNONYMS = {
    Role.CUSTOMER: ("user", "client", "visitor", "buyer", "guest", "human",
                    "客户", "用户", "顾客", "买家"),
    Role.AGENT: ("assistant", "staff", "operator", "support", "seller", "service", "human_agent",
                 "客服", "坐席", "商家", "卖家", "店员", "人工"),
    Role.SYSTEM: ("bot", "robot", "auto", "automatic", "notice", "机器人", "系统", "自动回复"),
}  # fmt: skip
_ROLE_OF = {word: role for role, words in _SYNONYMS.items() for word in (role.value, *words)}
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


def _read_whole(value: object) -> object:
    """A whole number, which JSON may write as 3.0: many languages do."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_role(value: object) -> object:
    """A role; a word that others use for one is refused by naming ours."""
    meant = _ROLE_OF.get(value.strip().lower()) if isinstance(value, str) else None
    if meant is None:
        raise PydanticCustomError("role_unknown", "no role")
    if value != meant.value:
        raise PydanticCustomError("role_synonym", "another word", {"role": meant.value})
    return meant


READ_WHOLE = BeforeValidator(_read_whole)  # after the bounds, which the document then shows
Past = Annotated[AwareDatetime, BeforeValidator(_read_past, json_schema_input_type=AwareDatetime)]
Code = Annotated[str, StringConstraints(max_length=64)]
Identifier = Annotated[str, StringConstraints(max_length=MAX_ID_CHARS)]
MetadataKey = Annotated[str, StringConstraints(max_length=64)]
MetadataText = Annotated[str, StringConstraints(max_length=1000)]
SenderRole = Annotated[
    Role,
    BeforeValidator(_read_role, json_schema_input_type=Literal["customer", "agent", "system"]),
]


class _Strict(BaseModel):
    """No unknown field, no value of another type taken for the right one."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Customer(_Strict):
    """客户信息。"""

    id: Identifier | None = Field(None, description="客户在贵方系统中的编号，不要填写姓名或电话。")
    tier: Code | None = Field(None, description="客户等级；策略文件中列出的等级会提高优先级。")


class Message(_Strict):
    """对话中的一条消息。"""

    role: SenderRole = Field(
        description="customer 客户，agent 人工客服，system 机器人与系统提示。只有客户的话决定结果。"
    )
    text: str = Field(max_length=MAX_MESSAGE_CHARS, description="消息原文，最多 20000 个字符。")
    at: Past | None = Field(
        None, description="发送时间（RFC 3339，必须带时区）；给出时不能早于前面的消息。"
    )


def _in_order(messages: list[Message]) -> list[Message]:
    """The messages, with somebody who complains, within the limit, in the order of their times."""
    total = sum(len(message.text) for message in messages)
    if total > MAX_TEXT_CHARS:
        raise PydanticCustomError("messages_too_long", "too long", {"total": total})
    if not any(message.role is Role.CUSTOMER for message in messages):
        raise PydanticCustomError("messages_no_customer", "no customer")
    latest: datetime | None = None
    for place, message in enumerate(messages):
        if message.at is not None:
            if latest is not None and message.at < latest:
                raise PydanticCustomError("messages_order", "out of order", {"place": place})
            latest = message.at
    return messages


_SOMEBODY_COMPLAINS: JsonDict = {
    "contains": {"properties": {"role": {"const": "customer"}}, "required": ["role"]}
}
Messages = Annotated[
    list[Message],
    Field(min_length=1, max_length=MAX_MESSAGES, json_schema_extra=_SOMEBODY_COMPLAINS),
    AfterValidator(_in_order),
]


def _either(schema: JsonDict) -> None:
    """Says in the API document that one of `text` and `messages` is needed, not both."""
    schema.pop("required", None)
    given: JsonDict = {"properties": {"messages": {"type": "array"}}, "required": ["messages"]}
    schema["oneOf"] = [{"required": ["text"]}, given]
    schema["examples"] = [_EXAMPLE, _DIALOGUE]


_EXAMPLE: JsonDict = {
    "text": "等了四十分钟才上菜，菜还是凉的，叫经理也没人理！再不退款我就打12315。",
    "id": "TS-20250601-0042",
    "channel": "app",
    "customer": {"id": "C1029", "tier": "vip"},
    "occurred_at": "2025-06-01T12:30:00+08:00",
    "metadata": {"store": "人民广场店", "order_amount": 268.5},
}
_DIALOGUE: JsonDict = {
    "messages": [
        {"role": "customer", "text": "空调装好三天了还是不制冷"},
        {"role": "agent", "text": "这么热的天让您受累了，我马上安排师傅"},
        {"role": "customer", "text": "好的，我下午在家"},
    ],
    "id": "CHAT-77",
    "channel": "chat",
}


class Complaint(_Strict):
    """一条待分诊的投诉；text 与 messages 给出且只给出一个。"""

    model_config = ConfigDict(json_schema_extra=_either)

    text: str = Field(
        max_length=MAX_TEXT_CHARS,
        description="投诉原文。模型读取前 20000 个字符，超出时回复中 truncated 为 true；"
        "空白或过短的文本不报错，outcome 为 needs_human。",
    )
    messages: Messages | None = Field(
        None,
        description="一段对话，代替 text：按先后排列，1–200 条，合计最多 100000 个字符，"
        "其中至少一条是 customer 的。回复带有 dialogue；signals 与 evidence 的位置按客户的各条消息"
        "以换行连接后的文本计算。",
    )
    id: Identifier | None = Field(None, description="贵方的编号，原样返回。")
    channel: Code | None = Field(None, description="来源渠道，例如 app、phone、weibo。")
    product: Code | None = Field(
        None, description="投诉涉及的商品、服务或线路，用于筛选和发现激增；不要填写个人信息。"
    )
    region: Code | None = Field(
        None, description="地区、城市或门店，用于筛选和发现激增；不要填写客户的住址。"
    )
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
    suggest: bool | None = Field(None, description="为 true 时回复带有 suggestion：建议的答复。")


def turns_of(messages: list[Message]) -> list[Turn]:
    """The messages as the library knows them."""
    return [Turn(message.role, message.text, message.at) for message in messages]


def text_of(item: Mapping[str, object]) -> str:
    """The text that offsets count in, of a complaint as it was sent and accepted."""
    messages = item.get("messages")
    if isinstance(messages, list):
        return customer_text(Turn(Role(one["role"]), one["text"]) for one in messages)
    return str(item["text"])


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
