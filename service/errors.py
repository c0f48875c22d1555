"""Every error that leaves the service, in one shape; the only place that maps errors to HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import orjson
import structlog
from flask import Flask, Response, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from classifier.errors import TriageError
from service.cases.faults import (
    CaseConflictError,
    CaseError,
    CaseFieldError,
    CaseNotFoundError,
    CaseRefusedError,
)
from service.observe import request_id
from service.refusals import RefusalError
from service.tables import Scope

# What werkzeug finds by itself: status -> code, message.
_HTTP_FAULTS = {
    400: ("bad_request", "请求有误，服务器无法理解"),
    404: ("not_found", "没有这个地址，请对照 /docs 检查路径"),
    405: ("method_not_allowed", "这个地址不支持该请求方法，允许的方法见 Allow 响应头"),
    408: ("request_timeout", "请求发送太慢，请重试"),
    413: ("body_too_large", "请求体过大"),
    416: ("range_not_satisfiable", "请求的范围无效"),
}
_REFUSED = {"name_taken": 409, "last_admin": 409}


class ApiError(TriageError):
    """An answer other than success; the message is one Chinese sentence without complaint text."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = headers or {}


# The page of an error for people; None where a program asks.
Render = Callable[[ApiError], Response | None]


def error_body(fault: ApiError, request_id: str) -> dict[str, object]:
    """The one error shape."""
    error: dict[str, object] = {"code": fault.code, "message": fault.message}
    if fault.field is not None:
        error["field"] = fault.field
    error["request_id"] = request_id
    return {"error": error}


def unauthorised(code: str, message: str) -> ApiError:
    """401 with the challenge that RFC 9110 asks for."""
    challenge = {"WWW-Authenticate": 'Bearer realm="complaint-triage"'}
    return ApiError(401, code, message, headers=challenge)


def forbidden(scopes: Iterable[Scope]) -> ApiError:
    """403 that names the scopes of which one is needed."""
    needed = " 或 ".join(scopes)
    return ApiError(403, "scope_missing", f"这个 API 密钥没有所需的权限：{needed}")


def register(app: Flask, *, max_body_bytes: int, render: Render) -> None:
    """Gives every error of an application its answer: a page to people, JSON to programs."""

    def answer(fault: ApiError) -> Response:
        page = render(fault)
        if page is not None:
            return page
        body = orjson.dumps(error_body(fault, request_id(request.environ)))
        return Response(body, fault.status, dict(fault.headers), mimetype="application/json")

    def http(error: HTTPException) -> Response:
        return answer(_http_fault(error, max_body_bytes))

    def database(error: Exception) -> Response:
        structlog.get_logger().error("database_unavailable", error=type(error).__name__)
        headers = {"Retry-After": "1"}
        return answer(
            ApiError(503, "database_unavailable", "数据库暂时不可用，请稍后重试", headers=headers)
        )

    def unexpected(error: Exception) -> Response:
        # Frames only: the message of an unknown error may hold complaint text.
        structlog.get_logger().error("unexpected_error", error=error)
        return answer(ApiError(500, "internal_error", "服务内部错误，请凭 request_id 联系管理员"))

    def case(error: CaseError) -> Response:
        return answer(_case_fault(error))

    def refusal(error: RefusalError) -> Response:
        return answer(_refusal_fault(error))

    app.register_error_handler(ApiError, answer)
    app.register_error_handler(RefusalError, refusal)
    app.register_error_handler(CaseError, case)
    app.register_error_handler(HTTPException, http)
    app.register_error_handler(OperationalError, database)
    app.register_error_handler(InterfaceError, database)
    app.register_error_handler(PoolTimeoutError, database)
    app.register_error_handler(Exception, unexpected)


def _case_fault(error: CaseError) -> ApiError:
    """What went wrong with a case; of a conflict the header tells the version that counts now."""
    message = str(error)
    if isinstance(error, CaseNotFoundError):
        return ApiError(404, "case_not_found", message)
    if isinstance(error, CaseConflictError):
        return ApiError(409, "case_conflict", message, headers={"ETag": f'"{error.version}"'})
    if isinstance(error, CaseRefusedError):
        return ApiError(409, error.code, message)
    if isinstance(error, CaseFieldError):
        return ApiError(422, "invalid_value", message, field=error.field)
    return ApiError(403, "role_missing", message)


def _refusal_fault(error: RefusalError) -> ApiError:
    """What may not be done with people and keys."""
    status = 404 if error.code.endswith("_not_found") else _REFUSED.get(error.code, 422)
    return ApiError(status, error.code, error.shown, field=error.field)


def _http_fault(error: HTTPException, max_body_bytes: int) -> ApiError:
    status = error.code or 500
    code, message = _HTTP_FAULTS.get(status, (f"http_{status}", "请求无法完成"))
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    if isinstance(error, RequestEntityTooLarge):
        message = f"请求体过大，最多 {max_body_bytes} 字节；文本较多时请分批提交"
    return ApiError(status, code, message, headers=headers)
