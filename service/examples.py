"""Examples of the OpenAPI document; tests check them against the schemas."""

from __future__ import annotations

from dataclasses import dataclass

Json = dict[str, object]

_REQUEST_ID = "9f2c41d0a7b34e6f8c15d2e0"
_TEXT = "等了四十分钟才上菜，菜还是凉的，叫经理也没人理！再不退款我就打12315投诉你们。"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its reply."""

    request: Json
    reply: Json


_REQUEST: Json = {
    "text": _TEXT,
    "id": "TS-20250601-0042",
    "channel": "app",
    "customer": {"id": "C1029", "tier": "vip"},
    "occurred_at": "2025-06-01T12:30:00+08:00",
}

_REPLY: Json = {
    "request_id": _REQUEST_ID,
    "id": "TS-20250601-0042",
    "outcome": "ok",
    "outcome_reasons": [],
    "intensity": {
        "level": 4,
        "name": "愤怒",
        "score": 0.71,
        "probs": [0.01, 0.05, 0.2, 0.6, 0.14],
        "band": "high",
    },
    "category": {
        "code": "quality",
        "name": "商品/服务质量",
        "prob": 0.82,
        "band": "high",
        "top": [
            {"code": "quality", "prob": 0.82},
            {"code": "attitude", "prob": 0.09},
            {"code": "refund", "prob": 0.05},
        ],
    },
    "signals": [{"code": "regulator", "start": 31, "end": 38, "text": "12315投诉"}],
    "priority": {
        "level": "P1",
        "respond_within_seconds": 7200,
        "due_at": "2025-06-01T06:30:00Z",
        "reasons": [{"rule": "signal:regulator", "detail": "风险信号 regulator：至少 P1"}],
    },
    "route": {"team": "quality", "tier": "L2", "auto": False, "mode": "suggest"},
    "statutory": [],
    "evidence": [
        {"head": "category", "start": 2, "end": 9, "text": "四十分钟才上菜", "weight": 1.84}
    ],
    "language": "zh",
    "chars_used": 41,
    "truncated": False,
    "model_version": "20250601-a1b2c3",
    "tokeniser": "compiled-1-be0a9ce9e57a",
    "policy_version": "1",
    "policy_hash": "4f1c2a9be07d3358",
    "stored": True,
    "case_id": 1042,
}

_ITEM_ERROR: Json = {
    "id": None,
    "outcome": "error",
    "error": {
        "code": "field_missing",
        "message": "缺少字段 items[1].text",
        "field": "items[1].text",
        "request_id": f"{_REQUEST_ID}-1",
    },
}

CLASSIFY = Exchange(_REQUEST, _REPLY)
BATCH = Exchange(
    {"items": [_REQUEST, {"id": None}]},
    {
        "request_id": _REQUEST_ID,
        "results": [{**_REPLY, "request_id": f"{_REQUEST_ID}-0"}, _ITEM_ERROR],
    },
)

_ERRORS = {
    400: (
        "body_not_json",
        "请求体不是有效的 JSON（第 1 行第 5 列）；NaN、Infinity 和注释都不是 JSON",
    ),
    401: ("key_missing", "缺少 API 密钥，请加上请求头 Authorization: Bearer <密钥>"),
    403: ("scope_missing", "这个 API 密钥没有所需的权限：classify"),
    404: ("not_found", "没有这个地址，请对照 /docs 检查路径"),
    405: ("method_not_allowed", "这个地址不支持该请求方法，允许的方法见 Allow 响应头"),
    408: ("request_timeout", "请求发送太慢，请重试"),
    409: ("idempotency_in_progress", "相同 Idempotency-Key 的请求正在处理，请稍后重试"),
    413: ("body_too_large", "请求体过大，最多 4194304 字节；文本较多时请分批提交"),
    414: ("address_too_long", "请求地址过长"),
    415: (
        "content_type_unsupported",
        "Content-Type 不受支持，请使用 application/json（UTF-8 编码）",
    ),
    422: ("too_long", "text 有 100001 个字符，最多 100000 个"),
    429: ("key_locked", "这个来源用错误密钥的尝试过多，请在 30 秒后重试"),
    431: ("headers_too_large", "请求头过多或过长"),
    500: ("internal_error", "服务内部错误，请凭 request_id 联系管理员"),
    503: ("database_unavailable", "数据库暂时不可用，请稍后重试"),
}


def error(status: int) -> Json:
    """An error of this status."""
    code, message = _ERRORS[status]
    shown: Json = {"code": code, "message": message}
    if status == 422:
        shown["field"] = "text"
    return {"error": {**shown, "request_id": _REQUEST_ID}}
