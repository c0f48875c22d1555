"""The OpenAPI 3.1 document, made from the same models that check requests."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service import access_bodies, access_document, examples
from service.adapters import document as document_adapters
from service.cases import document as document_cases
from service.customers import shapes as customers
from service.insight import document as document_insight
from service.insight import shapes as insight_shapes
from service.operations import ALWAYS
from service.outbox import document as document_outbox
from service.outbox import shapes
from service.privacy import shapes as privacy
from service.quality import shapes as quality
from service.replies import (
    BatchReply,
    ComplaintReply,
    ErrorReply,
    LiveReply,
    ModelReply,
    ReadyReply,
)
from service.schemas import BatchDocument, Complaint
from service.similar import shapes as similar
from service.weekly import shapes as weekly

API_VERSION = "1.0.0"
Json = dict[str, object]

_DESCRIPTION = """读取一段中文投诉，回答它有多激烈、关于什么、有什么风险、多紧急、由谁处理。

- 认证：`Authorization: Bearer ct_<id>_<secret>`，密钥由 `python -m service create-key` 生成。
- 所有错误都是同一格式 `{"error": {"code", "message", "field"?, "request_id"}}`。
- 可发送 `X-Request-ID`（1–64 个 `A-Za-z0-9._-` 字符），它会出现在回复头和回复体中；
  不发送则由服务生成。
- 可发送 `Idempotency-Key`（1–128 个可见 ASCII 字符）：24 小时内，相同密钥、相同 `Idempotency-Key`、
  相同请求体得到第一次的回复（包括第一次的 request_id），并带回复头 `Idempotent-Replay: true`；
  请求体不同则返回 422。
- 服务只保存脱敏后的投诉文本（进入案例队列的投诉），也可设置为加密保存或不保存；
  客户编号只保存为带密钥的散列。
"""
_ERRORS = {
    400: "请求体不是有效的 JSON、不是 UTF-8，或请求头无效。",
    401: "缺少 API 密钥，或密钥不正确、已过期、已吊销。",
    403: "API 密钥没有所需的权限，或角色不足。",
    404: "没有这个地址，或没有这个案例。",
    405: "这个地址不支持该请求方法。",
    408: "请求发送太慢。",
    409: "相同 Idempotency-Key 的请求正在处理；或案例已被他人更改、状态不允许。",
    413: "请求体过大。",
    414: "请求地址过长。",
    415: "Content-Type 不是 application/json（UTF-8）。",
    422: "字段或参数缺失、未知、类型不对或超出限制，或 Idempotency-Key 已用于另一个请求。",
    429: "同一来源用错误密钥的尝试过多，Retry-After 秒后重试。",
    431: "请求头过多或过长。",
    500: "服务内部错误。",
    503: "数据库暂时不可用，服务尚未就绪，或请求、连接太多（overloaded、too_many_connections）。",
}
_PARTS = (similar, customers, quality, weekly, privacy)
_BODY_ERRORS = (400, 401, 403, 408, 409, 413, 415, 422, 429, 503)
_IDEMPOTENCY_KEY = {"$ref": "#/components/parameters/IdempotencyKey"}
_REQUEST_ID = {"$ref": "#/components/parameters/RequestId"}
_REQUEST_ID_HEADER: Json = {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}
_REPLAY_HEADER: Json = {"Idempotent-Replay": {"$ref": "#/components/headers/Replay"}}


@cache
def written() -> bytes:
    """The whole document as JSON; made once, it takes a while."""
    return orjson.dumps(document())


def document() -> Json:
    """The whole document, as JSON values."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "投诉分诊 API", "version": API_VERSION, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "classify", "description": "分诊"},
            document_cases.TAG,
            document_insight.TAG,
            customers.TAG,
            quality.TAG,
            access_document.TAG,
            document_outbox.TAG,
            document_adapters.TAG,
            {"name": "operate", "description": "运行与监控"},
        ],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "responses": {str(status): _error(status) for status in _ERRORS},
            "parameters": _parameters(),
            "headers": _headers(),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "ct_<id>_<secret>"}
            },
        },
    }


def _paths() -> Json:
    return {
        "/v1/classify": {
            "post": _posting(
                "classify", "分诊一条投诉", Complaint, ComplaintReply, examples.CLASSIFY
            )
        },
        "/v1/classify/batch": {
            "post": _posting(
                "classifyBatch",
                "分诊一批投诉（1–200 条）",
                BatchDocument,
                BatchReply,
                examples.BATCH,
            )
        },
        **document_cases.paths(),
        **document_insight.paths(),
        **{path: one for part in _PARTS for path, one in part.paths().items()},
        **access_document.paths(),
        **document_outbox.paths(),
        **document_adapters.paths(),
        "/v1/model": {
            "get": _getting("getModel", "当前模型与策略", ModelReply, errors=(401, 403, 429, 503))
        },
        "/livez": {"get": _getting("getLive", "进程是否在运行", LiveReply)},
        "/readyz": {"get": _getting("getReady", "是否可以接收请求", ReadyReply, errors=(503,))},
        "/metrics": {"get": _metrics()},
    }


def _posting(
    name: str,
    summary: str,
    sent: type[BaseModel],
    reply: type[BaseModel],
    shown: examples.Exchange,
) -> Json:
    body = {"schema": _ref(sent), "examples": {"example": {"value": shown.request}}}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["classify"],
        "security": [{"key": []}],
        "parameters": [_REQUEST_ID, _IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "200": _success(reply, shown.reply, {**_REQUEST_ID_HEADER, **_REPLAY_HEADER}),
            **_error_refs((*_BODY_ERRORS, *ALWAYS)),
        },
    }


def _getting(
    name: str, summary: str, reply: type[BaseModel], *, errors: tuple[int, ...] = ()
) -> Json:
    operation: Json = {
        "operationId": name,
        "summary": summary,
        "tags": ["operate"],
        "parameters": [_REQUEST_ID],
        "responses": {
            "200": _success(reply, None, _REQUEST_ID_HEADER),
            **_error_refs((*errors, *ALWAYS)),
        },
    }
    if 401 in errors:
        operation["security"] = [{"key": []}]
    return operation


def _metrics() -> Json:
    return {
        "operationId": "getMetrics",
        "summary": "Prometheus 指标",
        "description": "从本机直接访问时无需密钥；经代理或从其他机器访问需要 metrics 权限的密钥。",
        "tags": ["operate"],
        "security": [{}, {"key": []}],
        "parameters": [_REQUEST_ID],
        "responses": {
            "200": {
                "description": "文本格式的指标，合计所有工作进程。",
                "headers": _REQUEST_ID_HEADER,
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
            **_error_refs((401, 403, 429, 503, *ALWAYS)),
        },
    }


def _schemas() -> Json:
    """Requests as a client writes them, replies as the service does."""
    _, found = models_json_schema(
        [
            (Complaint, "validation"),
            (BatchDocument, "validation"),
            (ComplaintReply, "serialization"),
            (BatchReply, "serialization"),
            (ModelReply, "serialization"),
            (LiveReply, "serialization"),
            (ReadyReply, "serialization"),
            (ErrorReply, "serialization"),
            *((model, "validation") for model in document_cases.REQUESTS),
            *((model, "serialization") for model in document_cases.REPLIES),
            *((model, "serialization") for model in insight_shapes.REPLIES),
            *((model, "serialization") for part in _PARTS for model in part.REPLIES),
            *((model, "validation") for model in access_bodies.REQUESTS),
            *((model, "serialization") for model in access_bodies.REPLIES),
            *((model, "validation") for model in quality.REQUESTS),
            *((model, "validation") for model in privacy.REQUESTS),
            (shapes.ReplayBody, "validation"),
            (shapes.LetterListReply, "serialization"),
            (shapes.ReplayReply, "serialization"),
            (document_adapters.WebhookReply, "serialization"),
        ],
        ref_template="#/components/schemas/{model}",
    )
    schemas: Json = found["$defs"]
    return schemas


def _parameters() -> Json:
    return {
        "RequestId": {
            "name": "X-Request-ID",
            "in": "header",
            "description": "请求编号：1–64 个 A-Za-z0-9._- 字符；其他的值不采用，由服务另行生成。",
            "schema": {"type": "string"},
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "重复发送时保证得到第一次的回复。",
            "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
        },
    }


def _headers() -> Json:
    return {
        "RequestId": {"description": "请求编号。", "schema": {"type": "string"}},
        "Replay": {"description": "回复来自第一次的请求。", "schema": {"const": "true"}},
    }


def _success(reply: type[BaseModel], shown: object, headers: Json) -> Json:
    content: Json = {"schema": _ref(reply)}
    if shown is not None:
        content["examples"] = {"example": {"value": shown}}
    return {
        "description": (reply.__doc__ or "").strip(),
        "headers": headers,
        "content": {"application/json": content},
    }


def _error(status: int) -> Json:
    return {
        "description": _ERRORS[status],
        "headers": _REQUEST_ID_HEADER,
        "content": {
            "application/json": {
                "schema": _ref(ErrorReply),
                "examples": {"example": {"value": examples.error(status)}},
            }
        },
    }


def _error_refs(statuses: Iterable[int]) -> Json:
    return {str(s): {"$ref": f"#/components/responses/{s}"} for s in sorted(statuses)}


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def text() -> str:
    """The document as it is committed: indented, in a stable order."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2).decode() + "\n"
