# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What is asked and answered about a customer's data and decisions, in the API document."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from service.cases.bodies import Acting
from service.operations import CASE_ID, READ_ERRORS, Operations, Parameter, replying
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


class ExplanationReply(Reply):
    """给客户的说明：程序判断了什么、依据什么、由人决定、怎样要求重新查看。"""

    case_id: int
    text: str = Field(description="可以发给客户的一段话，不含代码、等级和分值。")
    caution: str | None = Field(description="发送前请工作人员注意什么；没有则为 null。")


class CustomerExportReply(Reply):
    """系统中有关这位客户的全部内容。"""

    explained: dict[str, dict[str, str]] = Field(alias="说明", description="各表、各字段的含义。")
    exported_at: datetime = Field(alias="导出时间")
    held: dict[str, list[dict[str, object]]] = Field(alias="内容")


REQUESTS: tuple[type[BaseModel], ...] = (CustomerBody,)
REPLIES: tuple[type[BaseModel], ...] = (ErasureReply, ExplanationReply, CustomerExportReply)


def paths() -> dict[str, object]:
    """The endpoints."""
    privacy = Operations("access")
    erase = privacy.changing("eraseCustomer", "删除一位客户的全部数据", CustomerBody, ErasureReply)
    export = privacy.changing(
        "exportCustomer", "导出一位客户的全部数据", CustomerBody, CustomerExportReply
    )
    explain = Operations("cases").reading(
        "explainCase",
        "给客户的说明（《个人信息保护法》第二十四条）",
        replying(ExplanationReply),
        parameters=[CASE_ID, Parameter("actor", "代表贵方系统中的哪位操作人。").described()],
        errors=(*READ_ERRORS, 404),
    )
    return {
        "/v1/customers/erase": {"post": erase},
        "/v1/customers/export": {"post": export},
        "/v1/cases/{case_id}/explanation": {"get": explain},
    }
