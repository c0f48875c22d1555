"""Chinese words for what the pages show: states, fields, actions, roles, durations, moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from typing import cast

from markupsafe import Markup

from service.cases.states import State, VerdictKind, VerdictState
from service.pages import preferences
from service.tables import Role

STATES = {
    State.NEW: "待认领",
    State.CLAIMED: "处理中",
    State.RESOLVED: "已解决",
    State.DISMISSED: "已驳回",
}
VERDICT_STATES = {
    VerdictState.NONE: "未复核",
    VerdictState.REVIEWED: "已复核",
    VerdictState.DISPUTED: "有分歧",
    VerdictState.FINAL: "已定论",
}
VERDICT_KINDS = {
    VerdictKind.REVIEW: "复核",
    VerdictKind.SECOND_REVIEW: "二次复核",
    VerdictKind.ADJUDICATION: "裁定",
}
ROLES = {
    Role.VIEWER: "查看者",
    Role.REVIEWER: "复核员",
    Role.ADJUDICATOR: "裁定员",
    Role.ADMIN: "管理员",
}
BANDS = {"high": "高", "medium": "中", "low": "低"}
OUTCOMES = {"ok": "可用", "needs_human": "需人工判断", "error": "未能分析"}
# Why a text is not judged, and why it became a case.
OUTCOME_REASONS = {
    "empty": "没有内容",
    "no_words": "没有文字",
    "too_short": "太短，无法判断",
    "not_chinese": "不是中文",
    "low_confidence_category": "类别把握不足",
    "low_confidence_intensity": "情绪强度把握不足",
}
REASONS = {
    "priority": "优先级高",
    "intensity": "情绪激烈",
    "grave_signal": "重大风险",
    "needs_human": "需人工判断",
    "audit": "随机抽查",
}
# How far the clock of an unanswered case has gone; beyond these it is escalated.
STEPS = {1: "已提醒", 2: "已通报超时"}
ACTIONS = {
    "enqueue": "进入队列",
    "claim": "认领",
    "release": "释放",
    "assign": "转派",
    "snooze": "延后",
    "respond": "记录首次响应",
    "wait_for_customer": "等待客户",
    "resume": "结束等待",
    "remind": "提醒将超时",
    "overdue": "超时",
    "escalate": "升级",
    "replay_events": "重新投递事件",
    "note": "添加备注",
    "rate": "客户评价",
    "review": "复核",
    "second_review": "二次复核",
    "adjudication": "裁定",
    "resolve": "解决",
    "dismiss": "驳回",
    "reopen": "重新打开",
    "create_user": "新建用户",
    "set_role": "更改角色",
    "set_password": "更改密码",
    "disable_user": "停用用户",
    "enable_user": "启用用户",
    "create_key": "新建密钥",
    "revoke_key": "吊销密钥",
    "end_sessions": "结束登录",
    "purge": "到期删除",
    "erase_customer": "删除客户数据",
    "erasure_done": "客户数据已删净",
    "export_customer": "导出客户数据",
    "apply_keep_text": "按设置重存文本",
}
DONE = {
    "claim": "已认领，现在由您负责。",
    "release": "已释放，案例回到队列。",
    "assign": "已转派。",
    "snooze": "已延后，到时间会自动回到队列。",
    "wake": "已取消延后。",
    "respond": "已记录首次响应，时限停止计时。",
    "wait_for_customer": "已转为等待客户。首次响应之前，时限暂停计时。",
    "resume": "已结束等待，时限继续计时。",
    "note": "备注已保存。",
    "confirm": "已确认判断。",
    "correct": "更正已保存。",
    "resolve": "已解决。",
    "dismiss": "已驳回。",
    "reopen": "已重新打开，案例回到队列。",
}
FIELDS = {
    "state": "状态",
    "owner": "负责人",
    "snoozed_until": "延后到",
    "waiting_since": "等待客户自",
    "on_call": "值班",
    "step": "升级步骤",
    "first_response_at": "首次响应",
    "response_seconds": "响应用时",
    "resolved_at": "结束时间",
    "resolution_seconds": "处理用时",
    "category": "类别",
    "level": "情绪强度",
    "signals": "风险信号",
    "signal": "风险信号",
    "priority": "优先级",
    "team": "团队",
    "tier": "层级",
    "channel": "渠道",
    "due_at": "响应时限",
    "verdict_state": "复核进度",
    "verdict": "复核进度",
    "is_open": "未结束",
    "csat": "满意度（CSAT）",
    "nps": "推荐意愿（NPS）",
    "note": "备注",
    "reason": "理由",
    "until": "延后时间",
    "role": "角色",
    "is_disabled": "已停用",
    "name": "名称",
    "scopes": "权限",
    "expires_at": "到期时间",
    "is_revoked": "已吊销",
    "ended": "结束的登录",
}


def duration(seconds: float) -> str:
    """A length of time in the two largest units that matter.

    >>> duration(30), duration(3660), duration(90_000), duration(7200)
    ('30 秒', '1 小时 1 分钟', '1 天 1 小时', '2 小时')
    """
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} 秒"
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    parts = [(days, "天"), (hours, "小时"), (rest // 60, "分钟")]
    while parts and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{number} {unit}" for number, unit in parts[:2] if number)


def moment(at: datetime | None, *, now: datetime | None = None) -> Markup:
    """A moment in the viewer's zone as a `<time>`; of other years with the year."""
    if at is None:
        return Markup("—")
    zone = preferences.zone()
    local = at.astimezone(zone)
    today = (now or datetime.now(UTC)).astimezone(zone).date()
    shown = f"{_day(local.date(), today)} {local:%H:%M}"
    return _time(at, local, shown)


def deadline(at: datetime) -> Markup:
    """The end of a period as a `<time>`: midnight ends the day before, as laws count."""
    zone = preferences.zone()
    local, today = at.astimezone(zone), datetime.now(zone).date()
    if local.time() == time.min:
        return _time(at, local, f"{_day(local.date() - timedelta(days=1), today)} 24:00")
    return _time(at, local, f"{_day(local.date(), today)} {local:%H:%M}")


def _day(day: date, today: date) -> str:
    if day == today:
        return "今天"
    shown = f"{day.month}月{day.day}日"
    return shown if day.year == today.year else f"{day.year}年{shown}"


def _time(at: datetime, local: datetime, shown: str) -> Markup:
    full = f"{local:%Y-%m-%d %H:%M:%S} {preferences.zone_name()}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(timespec="seconds"), full, shown
    )


def word(value: object) -> str:
    """The Chinese word for a member of one of our enumerations; its name where there is none."""
    if not isinstance(value, IntEnum):
        return str(value)
    return _WORDS.get((type(value), int(value)), value.name)


# Equal numbers of different enumerations are one key of a dictionary, so the type goes with them.
_WORDS = {
    (type(member), int(member)): shown
    for table in (STATES, VERDICT_STATES, VERDICT_KINDS, ROLES)
    for member, shown in cast("dict[IntEnum, str]", table).items()
}
