"""Checks what a client sent against the schemas, and says in Chinese what is wrong with it.

A message names the field, what came and what is allowed. It shows types, lengths and counts, never
a value: any value may hold complaint text or personal data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from classifier.dialogue import customer_text
from classifier.errors import shorten
from classifier.pii import mask
from service.errors import ApiError
from service.schemas import (
    MAX_BATCH_ITEMS,
    MAX_METADATA_KEYS,
    MAX_TEXT_CHARS,
    Batch,
    Complaint,
    turns_of,
)

Checked = TypeVar("Checked", bound=BaseModel)

_NEEDED = {
    "string_type": "字符串",
    "bool_type": "布尔值 true 或 false",
    "int_type": "整数",
    "float_type": "数字",
    "list_type": "列表",
    "dict_type": "对象",
    "model_type": "对象",
}
_MAX_ERRORS = 100  # to describe 300,000 unknown fields one by one would take seconds


def check_complaint(sent: object, *, place: str = "") -> Complaint:
    """The complaint that JSON values describe; `place` leads the field's name in a fault.

    Of one with `messages` the `text` is what its customer wrote, one turn a line.

    Raises:
        ApiError: 422 for the first thing that is wrong.
    """
    if isinstance(sent, dict) and sent.get("messages") is not None:
        return _check_dialogue(sent, place)
    return check_body(Complaint, sent, place=place)


def _check_dialogue(sent: dict[str, object], place: str) -> Complaint:
    if sent.get("text") is not None:
        field = f"{place}messages"
        message = f"{place}text 和 {field} 只能给出一个：单条文本用 text，对话用 messages"
        raise ApiError(422, "text_and_messages", message, field=field)
    checked = check_body(Complaint, {**sent, "text": ""}, place=place)
    turns = turns_of(checked.messages or [])
    return checked.model_copy(update={"text": customer_text(turns)})


def check_batch(sent: object) -> list[object]:
    """The unchecked items of a batch.

    Raises:
        ApiError: 422 when it is not an object with 1-200 items.
    """
    return check_body(Batch, sent).items


def check_body(schema: type[Checked], sent: object, *, place: str = "") -> Checked:
    """The model that JSON values describe.

    Raises:
        ApiError: 422 for the first thing that is wrong.
    """
    if not isinstance(sent, dict):
        name = place.removesuffix(".") or None
        what = name or "请求体"
        message = f"{what} 是{_kind(sent)}，需要一个 JSON 对象"
        raise ApiError(422, "invalid_type", message, field=name)
    try:
        return schema.model_validate(sent)
    except ValidationError as error:
        raise _fault(error, place) from None


def _fault(error: ValidationError, place: str) -> ApiError:
    if error.error_count() > _MAX_ERRORS:
        message = f"共有 {error.error_count()} 处错误，请对照 /docs 检查字段"
        return ApiError(422, "invalid_request", message, field=place.removesuffix(".") or None)
    # Of the branches of a union the last is the most general; of several faults the first is told.
    details = error.errors(include_url=False)[0]
    field = place + _path(details["loc"])
    code, message = _sentence(details, field)
    return ApiError(422, code, message, field=field)


def _path(loc: tuple[int | str, ...]) -> str:
    """The field as a client writes it; names of union branches and unknown keys are no part."""
    if loc[0] == "metadata":
        return "metadata"
    if loc[0] == "messages":  # as the items of a batch are written: messages[3].text
        head = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc[:3])
        return shorten(mask(head.removeprefix(".")), limit=40).strip("'\"")
    parts = [str(part) for part in loc]
    return ".".join(shorten(mask(part), limit=40).strip("'\"") for part in parts)


def _sentence(details: ErrorDetails, field: str) -> tuple[str, str]:
    kind, sent = details["type"], details["input"]
    context: Mapping[str, object] = details.get("ctx", {})
    if field.endswith("metadata"):
        return _metadata_sentence(kind, field)
    sentences = {
        "missing": ("field_missing", f"缺少字段 {field}"),
        "extra_forbidden": ("field_unknown", f"未知字段 {field}，允许的字段见 /docs"),
        "string_too_long": (
            "too_long",
            f"{field} 有 {len(str(sent))} 个字符，最多 {context.get('max_length')} 个",
        ),
        "too_long": (
            "too_many_items",
            f"{field} 有 {_size(sent)} 项，最多 {context.get('max_length', MAX_BATCH_ITEMS)} 项",
        ),
        "string_too_short": ("too_short", f"{field} 为空，至少需要 1 个字符"),
        "string_pattern_mismatch": ("invalid_value", f"{field} 不能含有空格或控制字符"),
        "greater_than_equal": ("out_of_range", f"{field} 过小，最小 {context.get('ge')}"),
        "less_than_equal": ("out_of_range", f"{field} 过大，最大 {context.get('le')}"),
        "literal_error": ("invalid_value", f"{field} 允许的值：{context.get('expected')}"),
        "too_short": ("too_few_items", f"{field} 为空，至少需要 1 项"),
        "moment_type": (
            "invalid_moment",
            f"{field} 是{_kind(sent)}，需要 RFC 3339 时间，例如 2025-06-01T12:30:00+08:00",
        ),
        "moment_naive": (
            "invalid_moment",
            f"{field} 没有时区，例如应写作 2025-06-01T12:30:00+08:00",
        ),
        "moment_range": ("invalid_moment", f"{field} 超出范围，允许 2000 年至当前时间后 5 分钟"),
        "role_synonym": (
            "invalid_role",
            f"{field} 请写作 {context.get('role')}，允许的值：customer、agent、system",
        ),
        "role_unknown": (
            "invalid_role",
            f"{field} 不是允许的值：customer（客户）、agent（人工客服）、system（机器人或系统）",
        ),
        "messages_too_long": (
            "too_long",
            f"{field} 合计 {context.get('total')} 个字符，最多 {MAX_TEXT_CHARS} 个",
        ),
        "messages_no_customer": (
            "no_customer_message",
            f"{field} 中没有 role 为 customer 的消息，至少需要一条",
        ),
        "messages_order": (
            "messages_out_of_order",
            f"{field}[{context.get('place')}].at 早于前面的消息，请按时间先后排列",
        ),
    }
    if kind in sentences:
        return sentences[kind]
    return "invalid_type", f"{field} 是{_kind(sent)}，需要{_NEEDED.get(kind, '符合 /docs 的值')}"


def _metadata_sentence(kind: str, field: str) -> tuple[str, str]:
    if kind == "too_long":
        return "too_many_items", f"{field} 的键过多，最多 {MAX_METADATA_KEYS} 个"
    if kind == "dict_type":
        return "invalid_type", f"{field} 需要一个对象"
    return (
        "invalid_metadata",
        f"{field} 中有不允许的内容：键最多 64 个字符，"
        "值只能是字符串（最多 1000 个字符）、数字、布尔或 null",
    )


def _size(sent: object) -> int:
    return len(sent) if isinstance(sent, list | dict | str) else 0


def _kind(sent: object) -> str:
    """The JSON type of a value, in Chinese."""
    kinds = (
        (bool, "布尔值"),
        (str, "字符串"),
        (int | float, "数字"),
        (list, "列表"),
        (dict, "对象"),
    )
    return next((name for python, name in kinds if isinstance(sent, python)), "null")
