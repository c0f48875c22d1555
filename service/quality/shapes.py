# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""What the endpoints of service quality take and answer, and their place in the document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from service.cases.bodies import Acting, Moment
from service.cases.parameters import OFFSETS
from service.operations import ACTOR, CASE_ID, Operations, Parameter, replying
from service.quality.figures import MAX_WEEKS, WEEKS
from service.quality.ratings import MAX_RATING_ID_CHARS
from service.reply_model import Reply
from service.schemas import READ_WHOLE

Json = dict[str, object]
Csat = Annotated[int, Field(ge=1, le=5), READ_WHOLE]
Nps = Annotated[int, Field(ge=0, le=10), READ_WHOLE]
RatingId = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_RATING_ID_CHARS, pattern=r"^[!-~]+$")
]


def _given(name: str) -> JsonDict:
    """In the document: the field is there, and is not null."""
    return {"required": [name], "properties": {name: {"type": "integer"}}}


class RatingBody(Acting):
    """客户对一个案例的评价：满意度、推荐意愿，至少一项。"""

    model_config = ConfigDict(json_schema_extra={"anyOf": [_given("csat"), _given("nps")]})

    csat: Csat | None = Field(None, description="满意度：1 很不满意，5 很满意。")
    nps: Nps | None = Field(None, description="推荐意愿：0 绝不推荐，10 一定推荐。")
    at: Moment | None = Field(None, description="客户何时评价；省略时为此刻。")
    id: RatingId | None = Field(
        None,
        description="贵方为这条评价的编号：重复发送只记一次。省略时取请求头 Idempotency-Key，"
        "都没有则每次都记。",
    )


class RatingReply(Reply):
    """一条评价；重复发送时是第一次的那条。"""

    case_id: int
    id: str | None
    at: datetime
    actor: str
    csat: int | None
    nps: int | None


class FiguresReply(Reply):
    """一组案例的服务质量；没有数据的比例和平均为 null。"""

    cases: int
    first_response_seconds: float | None = Field(description="平均首次响应用时。")
    resolution_seconds: float | None = Field(description="平均解决用时。")
    overdue_share: float | None = Field(description="首次响应超时（含已过时限仍未响应）的比例。")
    first_contact_share: float | None = Field(
        description="一次解决：已解决、客户编号已知的案例中，首次联系就解决、期间没有再次联系、"
        "也没有重新打开的比例。"
    )
    reopened_share: float | None = Field(description="结束过的案例中重新打开的比例。")
    csat: float | None = Field(description="满意度平均，1–5。")
    csat_answers: int
    nps: float | None = Field(description="推荐者（9–10）与贬损者（0–6）的百分比之差。")
    nps_answers: int


class TeamReply(FiguresReply):
    """一个团队。"""

    team: str


class ChannelReply(FiguresReply):
    """一个渠道；null 为没有给出渠道。"""

    channel: str | None


class WeekReply(FiguresReply):
    """一周，从周一开始，按案例进入的时间。"""

    week: date


class DimensionReply(Reply):
    """SERVQUAL 的一个维度有多少投诉；null 为未归类。"""

    dimension: str | None
    cases: int


class TargetsReply(Reply):
    """策略 [targets] 的目标。"""

    first_response_seconds: float
    resolution_seconds: float
    overdue_share: float
    first_contact_share: float
    reopened_share: float
    csat: float
    nps: float


class QualityReply(Reply):
    """最近几周（含本周）的服务质量。"""

    weeks: list[WeekReply]
    whole: FiguresReply
    teams: list[TeamReply]
    channels: list[ChannelReply]
    dimensions: list[DimensionReply]
    targets: TargetsReply | None = Field(description="null 表示策略没有 [targets]。")


REQUESTS: tuple[type[BaseModel], ...] = (RatingBody,)
REPLIES: tuple[type[BaseModel], ...] = (RatingReply, QualityReply)
PARAMETERS = (
    Parameter(
        "weeks",
        f"周数（含本周），1–{MAX_WEEKS}，默认 {WEEKS}。",
        kind="integer",
        bounds=(1, MAX_WEEKS),
    ),
    Parameter(
        "utc_offset_hours",
        "按哪个时区划分：与 UTC 相差几小时，默认 8。",
        kind="integer",
        bounds=OFFSETS,
    ),
    ACTOR,
)
TAG = {"name": "quality", "description": "服务质量：需要 cases 权限的密钥"}


def paths() -> Json:
    """Both endpoints."""
    operations = Operations("quality")
    rating = operations.changing(
        "rateCase",
        "记录客户的评价（CSAT、NPS）",
        RatingBody,
        RatingReply,
        parameters=[CASE_ID, {"$ref": "#/components/parameters/IdempotencyKey"}],
    )
    numbers = operations.reading(
        "getQuality",
        "服务质量，按团队、渠道和周",
        replying(QualityReply),
        parameters=[parameter.described() for parameter in PARAMETERS],
    )
    return {
        "/v1/cases/{case_id}/feedback": {"post": rating},
        "/v1/quality": {"get": numbers},
    }
