"""An event as it goes to one target, and what it says in Chinese to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from classifier.lexicon import signal_names
from classifier.policy import Policy
from service.insight.kinds import KINDS
from service.outbox.configuration import Configuration, OnCall
from service.outbox.tables import Json

_TITLES = {
    "case.created": "新案例",
    "case.claimed": "案例已认领",
    "case.released": "案例已释放回队列",
    "case.assigned": "案例已转派",
    "case.snoozed": "案例已延后",
    "case.waiting": "案例在等待客户",
    "case.resumed": "案例结束等待",
    "case.noted": "案例有新备注",
    "case.responded": "案例已首次响应",
    "case.resolved": "案例已解决",
    "case.dismissed": "案例已驳回",
    "case.reopened": "案例重新打开",
    "case.reminder": "案例将要超时",
    "case.overdue": "案例已超时",
    "case.escalated": "案例已升级",
    "verdict.recorded": "案例有复核结论",
    "model.promoted": "模型已更换",
    "drift.detected": "来文或判定与训练时相比变化明显",
    "surge.detected": "投诉激增",
}
_KINDS = {**KINDS, "level": "情绪强度"}
_MEASURES = {
    "length": "文本长度",
    "oov": "未登录词占比",
    "outcome": "可判定程度",
    "category": "类别构成",
    "confidence": "类别置信度",
    "level": "情绪强度等级构成",
    "score": "情绪强度分数",
    "override_category": "抽查改判率（类别）",
    "override_level": "抽查改判率（情绪强度）",
    "calibration_category": "抽查校准误差（类别）",
    "calibration_level": "抽查校准误差（情绪强度）",
}
_STATES = {"new": "待认领", "claimed": "处理中", "resolved": "已解决", "dismissed": "已驳回"}
_NOBODY = OnCall()


@dataclass(frozen=True, slots=True)
class Message:
    """One event for one target."""

    event_id: str
    event_type: str
    payload: Json
    text: str | None  # the masked text, if the target asks for it
    configuration: Configuration
    policy: Policy  # has the names of teams and tiers
    category_name: str | None = None  # as the model calls it

    @property
    def case(self) -> Mapping[str, object]:
        """The case; {} for an event that is on none."""
        content = self.payload["data"]
        case = content.get("case") if isinstance(content, dict) else None
        return case if isinstance(case, dict) else {}

    @property
    def on_call(self) -> OnCall:
        """Who is called; nobody for most events."""
        content = self.payload["data"]
        name = content.get("on_call") if isinstance(content, dict) else None
        return self.configuration.on_call.get(str(name), _NOBODY)

    @property
    def address(self) -> str | None:
        """Where people read the case."""
        page, number = self.configuration.page_url, self.case.get("case_id")
        return page.replace("{case_id}", str(number)) if page and number else None

    @property
    def is_alarm(self) -> bool:
        """Whether somebody has to act at once."""
        return self.event_type in {"case.overdue", "case.escalated"}

    @property
    def title(self) -> str:
        """What happened, in a few words."""
        case, what = self.case, _TITLES.get(self.event_type, self.event_type)
        if not case:
            return what
        return f"【{case['priority']}】{what} #{case['case_id']}"

    def facts(self) -> list[tuple[str, str]]:
        """What people need to know, each with its name; values are codes, never the client's."""
        case = self.case
        if not case:
            return [*self._model_facts(), *self._drift_facts(), *self._surge_facts()]
        signals = case["signals"] if isinstance(case["signals"], list) else []
        team = self.policy.team_name(str(case["team"]))
        names = signal_names()
        found = [
            ("团队", f"{team}（{self.policy.tier_name(str(case['tier']))}）"),
            ("状态", _STATES.get(str(case["state"]), str(case["state"]))),
            ("类别", self.category_name or str(case["category"] or "未判定")),
            ("情绪强度", str(case["level"] or "未判定")),
            ("风险信号", "、".join(names.get(str(code), str(code)) for code in signals) or "无"),
            ("响应时限", self._moment(str(case["due_at"]))),
        ]
        people = "、".join(self.on_call.people)
        return [*found, ("值班", people)] if people else found

    def _model_facts(self) -> list[tuple[str, str]]:
        """Of a promotion: the two models."""
        content = self.payload["data"]
        model = content.get("model") if isinstance(content, dict) else None
        if not isinstance(model, dict):
            return []
        return [("现在", str(model["version"])), ("此前", str(model["before"]))]

    def _drift_facts(self) -> list[tuple[str, str]]:
        """Of a drift: the model, and the measures that ask to act."""
        content = self.payload["data"]
        drift = content.get("drift") if isinstance(content, dict) else None
        if not isinstance(drift, dict):
            return []
        names = [str(one["measure"]) for one in drift["measures"]]
        shown = "、".join(_MEASURES.get(name, name) for name in names)
        hours = f"最近 {drift['window_hours']} 小时"
        return [("模型", str(drift["model_version"])), ("时段", hours), ("变化明显", shown)]

    def _surge_facts(self) -> list[tuple[str, str]]:
        """Of a surge: what rose, how far, and what it is about."""
        content = self.payload["data"]
        surge = content.get("surge") if isinstance(content, dict) else None
        if not isinstance(surge, dict):
            return []
        kind, code = str(surge["kind"]), str(surge["code"])
        name = self.policy.team_name(code) if kind == "team" else code
        what = f"{_KINDS[kind]} {name}" if kind in _KINDS else "全部投诉"
        risen = (
            f"最近 {surge['window_hours']} 小时 {surge['seen']} 件，平时约 {surge['expected']:g} 件"
        )
        cases = "、".join(map(str, surge["case_ids"]))
        about = [("突出的词", "、".join(surge["words"])), ("案例", cases)]
        return [("激增", what), ("数量", risen), *(one for one in about if one[1])]

    def _moment(self, value: str) -> str:
        local = datetime.fromisoformat(value).astimezone(ZoneInfo(self.configuration.zone))
        return f"{local:%Y-%m-%d %H:%M}"


def category_name(prediction: Json, code: object) -> str | None:
    """What the model calls a category; None for one that it did not find in this text.

    >>> category_name({"category": {"code": "refund", "name": "退款", "top": []}}, "refund")
    '退款'
    """
    found = prediction.get("category")
    if isinstance(found, dict) and found.get("code") == code:
        return str(found["name"])
    return None
