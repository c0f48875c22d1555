"""The case endpoints in the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel

from service.cases import bodies, replies
from service.cases.parameters import FILTERS, PAGING, PERIOD
from service.operations import ACTOR, CASE_ID, READ_ERRORS, Operations, downloading, replying

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
_CASES = Operations("cases")
_ACTOR = ACTOR.described()
_ETAG: Json = {"ETag": {"description": "案例的版本。", "schema": {"type": "string"}}}
_FILTERS = [parameter.described() for parameter in FILTERS]
_PAGING = [parameter.described() for parameter in PAGING]
_PERIOD = [parameter.described() for parameter in PERIOD]
_MOVES = (
    ("claim", "认领；同时认领时只有一个成功", bodies.ChangeBody),
    ("release", "释放回队列", bodies.ChangeBody),
    ("assign", "转派", bodies.AssignBody),
    ("snooze", "延后或取消延后", bodies.SnoozeBody),
    ("note", "添加备注", bodies.NoteBody),
    ("respond", "记录首次响应", bodies.ChangeBody),
    ("wait_for_customer", "等待客户：时限暂停", bodies.ChangeBody),
    ("resume", "结束等待：时限继续，并顺延暂停的时间", bodies.ChangeBody),
    ("resolve", "解决", bodies.ClosingBody),
    ("dismiss", "驳回", bodies.ClosingBody),
    ("reopen", "重新打开", bodies.ClosingBody),
)


def paths() -> Json:
    """Every case endpoint."""
    return {**_many(), **_one()}


def _many() -> Json:
    listed = replying(replies.CaseListReply)
    spreadsheet = downloading(
        "text/csv", "UTF-8（带 BOM）的 CSV；可能被当作公式的单元格前加了撇号。"
    )
    numbers = replying(replies.StatisticsReply)
    lines = downloading(
        "application/x-ndjson", "JSON Lines：每行一条复核结论，文本已脱敏，复核人为化名。"
    )
    claim = _CASES.changing("claimCases", "批量认领", bodies.ClaimManyBody, replies.ClaimManyReply)
    return {
        "/v1/cases": {
            "get": _CASES.reading("listCases", "案例列表", listed, parameters=[*_FILTERS, *_PAGING])
        },
        "/v1/cases/export.csv": {
            "get": _CASES.reading(
                "exportCases", "导出为 CSV", spreadsheet, parameters=[*_FILTERS, _PAGING[0]]
            )
        },
        "/v1/cases/feedback.jsonl": {
            "get": _CASES.reading("exportFeedback", "导出复核结论，供再次训练", lines)
        },
        "/v1/cases/statistics": {
            "get": _CASES.reading("getStatistics", "统计", numbers, parameters=_PERIOD)
        },
        "/v1/cases/claim": {"post": claim},
    }


def _one() -> Json:
    path = "/v1/cases/{case_id}"
    errors = (*READ_ERRORS, 404)
    file, history = replying(replies.CaseFileReply, _ETAG), replying(replies.HistoryReply)
    place = [CASE_ID, _ACTOR]
    found: Json = {
        path: {
            "get": _CASES.reading(
                "getCase", "一个案例的全部内容", file, parameters=place, errors=errors
            )
        },
        f"{path}/history": {
            "get": _CASES.reading(
                "getHistory", "更改记录", history, parameters=place, errors=errors
            )
        },
        f"{path}/verdict": {
            "post": _CASES.changing(
                "giveVerdict",
                "确认或更正",
                bodies.VerdictBody,
                replies.VerdictReply,
                parameters=[CASE_ID],
            )
        },
    }
    for name, summary, body in _MOVES:
        operation = _CASES.changing(
            f"{_camel(name)}Case", summary, body, replies.CaseReply, parameters=[CASE_ID]
        )
        found[f"{path}/{name}"] = {"post": operation}
    return found


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)
