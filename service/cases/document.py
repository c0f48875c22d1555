"""The case endpoints in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from service.cases import bodies, replies
from service.cases.parameters import FILTERS, PAGING, PERIOD, Parameter

Json = dict[str, object]

TAG = {"name": "cases", "description": "案例队列：需要 cases 权限的密钥"}
REQUESTS: tuple[type[BaseModel], ...] = (
    bodies.ChangeBody,
    bodies.ClosingBody,
    bodies.AssignBody,
    bodies.SnoozeBody,
    bodies.NoteBody,
    bodies.ClaimManyBody,
    bodies.VerdictBody,
)
REPLIES: tuple[type[BaseModel], ...] = (
    replies.CaseReply,
    replies.CaseListReply,
    replies.CaseFileReply,
    replies.HistoryReply,
    replies.VerdictReply,
    replies.ClaimManyReply,
    replies.StatisticsReply,
)
_ACTOR = Parameter("actor", "代表贵方系统中的哪位操作人。")
_CASE_ID: Json = {
    "name": "case_id",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
_READ_ERRORS = (401, 403, 422, 503)
_CHANGE_ERRORS = (400, 401, 403, 404, 408, 409, 413, 415, 422, 503)
_ALWAYS = (405, 500)
_ETAG: Json = {"ETag": {"description": "案例的版本。", "schema": {"type": "string"}}}
_MOVES = (
    ("claim", "认领；同时认领时只有一个成功", bodies.ChangeBody),
    ("release", "释放回队列", bodies.ChangeBody),
    ("assign", "转派", bodies.AssignBody),
    ("snooze", "延后或取消延后", bodies.SnoozeBody),
    ("note", "添加备注", bodies.NoteBody),
    ("respond", "记录首次响应", bodies.ChangeBody),
    ("resolve", "解决", bodies.ClosingBody),
    ("dismiss", "驳回", bodies.ClosingBody),
    ("reopen", "重新打开", bodies.ClosingBody),
)


def paths() -> Json:
    """Every case endpoint."""
    one = "/v1/cases/{case_id}"
    found: Json = {
        "/v1/cases": {
            "get": _reading("listCases", "案例列表", replies.CaseListReply, (*FILTERS, *PAGING))
        },
        "/v1/cases/export.csv": {"get": _export()},
        "/v1/cases/statistics": {
            "get": _reading("getStatistics", "统计", replies.StatisticsReply, PERIOD)
        },
        "/v1/cases/claim": {
            "post": _changing(
                "claimCases", "批量认领", bodies.ClaimManyBody, replies.ClaimManyReply
            )
        },
        one: {"get": _one("getCase", "一个案例的全部内容", replies.CaseFileReply)},
        f"{one}/history": {"get": _one("getHistory", "更改记录", replies.HistoryReply)},
        f"{one}/verdict": {
            "post": _on_one(
                _changing("giveVerdict", "确认或更正", bodies.VerdictBody, replies.VerdictReply)
            )
        },
    }
    for name, summary, body in _MOVES:
        operation = _changing(f"{name}Case", summary, body, replies.CaseReply)
        found[f"{one}/{name}"] = {"post": _on_one(operation)}
    return found


def _reading(
    name: str, summary: str, reply: type[BaseModel], parameters: Sequence[Parameter]
) -> Json:
    return {
        **_operation(name, summary),
        "parameters": [_request_id(), *(_query(parameter) for parameter in parameters)],
        "responses": {"200": _success(reply), **_errors(_READ_ERRORS)},
    }


def _one(name: str, summary: str, reply: type[BaseModel]) -> Json:
    return {
        **_operation(name, summary),
        "parameters": [_request_id(), _CASE_ID, _query(_ACTOR)],
        "responses": {
            "200": _success(reply, _ETAG if name == "getCase" else {}),
            **_errors((*_READ_ERRORS, 404)),
        },
    }


def _changing(name: str, summary: str, sent: type[BaseModel], reply: type[BaseModel]) -> Json:
    is_needed = any(field.is_required() for field in sent.model_fields.values())
    return {
        **_operation(name, summary),
        "parameters": [_request_id()],
        "requestBody": {
            "required": is_needed,
            "content": {"application/json": {"schema": _ref(sent)}},
        },
        "responses": {"200": _success(reply), **_errors(_CHANGE_ERRORS)},
    }


def _on_one(operation: Json) -> Json:
    return {**operation, "parameters": [_request_id(), _CASE_ID]}


def _export() -> Json:
    order = PAGING[0]
    success = {
        "description": "UTF-8（带 BOM）的 CSV；可能被当作公式的单元格前加了撇号。",
        "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}},
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
    return {
        **_operation("exportCases", "导出为 CSV"),
        "parameters": [_request_id(), *(_query(parameter) for parameter in (*FILTERS, order))],
        "responses": {"200": success, **_errors(_READ_ERRORS)},
    }


def _operation(name: str, summary: str) -> Json:
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["cases"],
        "security": [{"key": []}],
    }


def _query(parameter: Parameter) -> Json:
    schema: Json = {"type": parameter.kind}
    if parameter.allowed:
        schema["enum"] = list(parameter.allowed)
    if "可多选" in parameter.description or parameter.name == "signal":
        schema = {"type": "array", "items": schema}
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "schema": schema,
    }


def _success(reply: type[BaseModel], headers: Json | None = None) -> Json:
    return {
        "description": (reply.__doc__ or "").strip(),
        "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}, **(headers or {})},
        "content": {"application/json": {"schema": _ref(reply)}},
    }


def _errors(statuses: Sequence[int]) -> Json:
    return {
        str(status): {"$ref": f"#/components/responses/{status}"}
        for status in sorted({*statuses, *_ALWAYS})
    }


def _request_id() -> Json:
    return {"$ref": "#/components/parameters/RequestId"}


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
