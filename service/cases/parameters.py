"""What may stand in the query of the case endpoints, as the API document describes it."""

from __future__ import annotations

from classifier.prediction import Priority
from service.cases.queue import MAX_PAGE, Snoozed, Sort
from service.cases.search import MAX_QUERY_CHARS
from service.cases.states import State, VerdictState
from service.cases.statistics import MAX_DAYS
from service.operations import ACTOR, Parameter

MAX_HOURS = 24 * 3660
FLAGS = {"true": True, "false": False, "1": True, "0": False}
OFFSETS = (-12, 14)  # hours apart from UTC

FILTERS = (
    Parameter("state", "状态，可多选；默认 open（new 和 claimed）。",
              ("open", "all", *(state.name.lower() for state in State)), is_many=True),
    Parameter("priority", "优先级，可多选。", tuple(Priority.__members__), is_many=True),
    Parameter("level", "情绪强度等级，可多选。", kind="integer", is_many=True,
              bounds=(-100, 1000)),
    Parameter("category", "类别代码，可多选。", is_many=True),
    Parameter("signal", "风险信号代码；给出多个时须同时具备。", is_many=True),
    Parameter("team", "处理团队，可多选。", is_many=True),
    Parameter("channel", "来源渠道，可多选。", is_many=True),
    Parameter("product", "商品、服务或线路。"),
    Parameter("region", "地区、城市或门店。"),
    Parameter("verdict", "复核进度，可多选。", tuple(s.name.lower() for s in VerdictState),
              is_many=True),
    Parameter("owner", "负责人；me 表示当前操作人。"),
    Parameter("mine", "true 等同于 owner=me。", tuple(FLAGS)),
    Parameter("id", "贵方的编号。"),
    Parameter("overdue", "是否已超过首次响应时限。", tuple(FLAGS)),
    Parameter("snoozed", "已延后的案例；默认 exclude。", tuple(Snoozed)),
    Parameter("older_than_hours", "至少这么多小时之前进入队列。", kind="number",
              bounds=(0, MAX_HOURS)),
    Parameter("newer_than_hours", "至多这么多小时之前进入队列。", kind="number",
              bounds=(0, MAX_HOURS)),
    Parameter("created_after", "此刻或之后进入队列（RFC 3339，带时区）。", kind="date-time"),
    Parameter("created_before", "此刻之前进入队列（RFC 3339，带时区）。", kind="date-time"),
    Parameter("q", f"在脱敏文本中查找，最多 {MAX_QUERY_CHARS} 字；空格分隔的词须同时出现。"),
    ACTOR,
)  # fmt: skip
PAGING = (
    Parameter("sort", "排序；默认 urgency。", tuple(Sort)),
    Parameter("limit", f"每页数量，1–{MAX_PAGE}，默认 50。", kind="integer", bounds=(1, MAX_PAGE)),
    Parameter("cursor", "上一页返回的 next_cursor。"),
)

PERIOD = (
    Parameter(
        "days", f"天数（含今天），1–{MAX_DAYS}，默认 30。", kind="integer", bounds=(1, MAX_DAYS)
    ),
    Parameter(
        "utc_offset_hours",
        "按哪个时区划分日期：与 UTC 相差几小时，默认 8。",
        kind="integer",
        bounds=OFFSETS,
    ),
)
