# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""Requests about one customer's data, and their answers, with their place in the document."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from service.cases.bodies import Acting
from service.operations import Operations
from service.reply_model import Reply
from service.schemas import MAX_ID_CHARS


class CustomerBody(Acting):
    """哪位客户。"""

    customer_id: str = Field(
        min_length=1,
        max_length=MAX_ID_CHARS,
        description="客户编号，与分诊时的 customer.id 相同；来自工单系统的为“接入名:编号”。",
    )


class ErasureReply(Reply):
    """已删除的内容；证明留在审计日志中，不含个人信息。"""

    erasure_id: str = Field(description="审计日志中的 subject，可作为删除证明的编号。")
    at: datetime
    rows: dict[str, int] = Field(description="各表删除的行数；空对象表示没有这位客户的数据。")


class CustomerExportReply(Reply):
    """系统中有关这位客户的全部内容。"""

    explained: dict[str, dict[str, str]] = Field(alias="说明", description="各表、各字段的含义。")
    exported_at: datetime = Field(alias="导出时间")
    held: dict[str, list[dict[str, object]]] = Field(alias="内容")


REQUESTS: tuple[type[BaseModel], ...] = (CustomerBody,)
REPLIES: tuple[type[BaseModel], ...] = (ErasureReply, CustomerExportReply)


def paths() -> dict[str, object]:
    """The endpoints."""
    privacy = Operations("access")
    erase = privacy.changing("eraseCustomer", "删除一位客户的全部数据", CustomerBody, ErasureReply)
    export = privacy.changing(
        "exportCustomer", "导出一位客户的全部数据", CustomerBody, CustomerExportReply
    )
    return {"/v1/customers/erase": {"post": erase}, "/v1/customers/export": {"post": export}}
