# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""The endpoint of the adapters in the OpenAPI document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.adapters.configuration import MAX_NAME_CHARS
from service.operations import Operations, replying

Json = dict[str, object]

TAG = {"name": "adapters", "description": "工单系统的接入：以该系统自己的签名认证，不用 API 密钥"}
_ERRORS = (400, 401, 404, 408, 413, 422, 503)


class WebhookReply(BaseModel):
    """对一次回调的处理。"""

    model_config = ConfigDict(extra="forbid")

    request_id: str
    result: Literal["accepted", "duplicate", "ignored"] = Field(
        description="已分诊并将写回；此前已分诊；无需处理。"
    )
    reason: str | None = Field(description="为何无需处理，例如 internal、not_a_customer、own。")
    priority: Literal["P0", "P1", "P2", "P3"] | None = Field(description="工单至今最高的优先级。")
    case_id: int | None = Field(description="这条消息成为的案例。")


def paths() -> Json:
    """Every endpoint of the adapters."""
    named: Json = {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "TRIAGE_ADAPTERS 文件中的名称。",
        "schema": {"type": "string", "maxLength": MAX_NAME_CHARS},
    }
    body: Json = {"type": "object", "description": "各系统自己的格式，见 docs/adapters.zh.md。"}
    described = Operations("adapters").reading(
        "receiveWebhook",
        "接收工单系统的回调",
        replying(WebhookReply),
        parameters=[named],
        errors=_ERRORS,
    )
    content: Json = {"application/json": {"schema": body}}
    described |= {"security": [], "requestBody": {"required": True, "content": content}}
    return {"/v1/adapters/{name}": {"post": described}}
