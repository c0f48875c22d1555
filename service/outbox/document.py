"""The endpoints of the outbox in the OpenAPI document."""

from __future__ import annotations

from service.operations import Operations, Parameter, replying
from service.outbox import shapes
from service.outbox.letters import LETTERS, MAX_LETTERS, STATES

Json = dict[str, object]

TAG = {"name": "outbox", "description": "事件的投递：需要 admin 权限的密钥"}
_QUERY = (
    Parameter("state", "投递的状态，默认 dead（已放弃）。", STATES),
    Parameter("target", "目标的名称。"),
    Parameter("event_id", "事件编号。"),
    Parameter("after", "上一页返回的 next_after。"),
    Parameter(
        "limit",
        f"每页数量，1–{MAX_LETTERS}，默认 {LETTERS}。",
        kind="integer",
        bounds=(1, MAX_LETTERS),
    ),
)
_OUTBOX = Operations("outbox")


def paths() -> Json:
    """Every endpoint of the outbox."""
    asked = [parameter.described() for parameter in _QUERY]
    listed = replying(shapes.LetterListReply)
    replayed = _OUTBOX.changing(
        "replayDeliveries", "重新投递", shapes.ReplayBody, shapes.ReplayReply
    )
    return {
        "/v1/outbox": {"get": _OUTBOX.reading("listDeliveries", "投递", listed, parameters=asked)},
        "/v1/outbox/replay": {"post": replayed},
    }
