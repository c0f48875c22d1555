"""The insight endpoints in the OpenAPI document."""

from __future__ import annotations

from service.insight import shapes
from service.insight.query import PARAMETERS
from service.operations import Operations, replying

Json = dict[str, object]

TAG = {"name": "insight", "description": "洞察：常见问题、新出现的词、激增；需要 cases 权限的密钥"}
_INSIGHT = Operations("insight")
_ENDPOINTS = (
    ("issues", "listIssues", "常见问题", shapes.IssueListReply),
    ("words", "listEmergingWords", "新出现的词", shapes.EmergingWordListReply),
    ("surges", "listSurges", "激增", shapes.SurgeListReply),
)


def paths() -> Json:
    """Every insight endpoint."""
    asked = [parameter.described() for parameter in PARAMETERS]
    return {
        f"/v1/insight/{path}": {
            "get": _INSIGHT.reading(name, summary, replying(reply), parameters=asked)
        }
        for path, name, summary, reply in _ENDPOINTS
    }
