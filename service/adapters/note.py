"""The internal note in a ticket: what was found in a message and why, in Chinese."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from classifier.lexicon import signal_names
from classifier.policy import Policy
from classifier.prediction import Priority
from service.pages.words import BANDS, OUTCOME_REASONS, duration

_MAX_WORDS, _MAX_WORD_CHARS = 6, 20
_MODES = {
    "auto": "可自动分派",
    "suggest": "建议分派，请确认",
    "manual": "请人工分派",
}
# What ticket systems take for markup is shown in full width, so that a customer's words stay words.
_PLAIN = str.maketrans("[]<>()*_`~#|!@{}\\", "［］＜＞（）＊＿｀～＃｜！＠｛｝＼")
Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Told:
    """What a note is made of: what was found in the message, and the ticket's priority after it."""

    findings: Json
    priority: Priority
    case_id: int | None
    is_first: bool
    mark: str


def write(told: Told, policy: Policy, *, zone: str, page_url: str | None) -> str:
    """The whole note, as plain text; its last line is the mark."""
    lines = [*_lines(told, policy, ZoneInfo(zone))]
    if told.case_id is not None:
        link = f" {page_url.replace('{case_id}', str(told.case_id))}" if page_url else ""
        lines.append(f"案例：#{told.case_id}{link}")
    found = told.findings
    lines.append(
        f"模型 {found['model_version']}，策略 {found['policy_version']}。"
        "结论供参考，以人工判断为准。"
    )
    return "\n".join([*lines, told.mark])


def _lines(told: Told, policy: Policy, zone: ZoneInfo) -> Iterator[str]:
    found = told.findings
    priority, route = _part(found, "priority"), _part(found, "route")
    about = "" if told.is_first else "客户的新消息："
    yield f"【投诉分诊】{about}优先级 {told.priority.name}{_kept(told)}"
    if found["outcome"] != "ok":
        codes = found["outcome_reasons"]
        why = "、".join(OUTCOME_REASONS.get(str(c), str(c)) for c in codes or ())  # type: ignore[attr-defined]  # a list in every reply
        yield f"需人工判断：{why or '没有把握'}"
    level, category = _part(found, "intensity"), _part(found, "category")
    if level:
        yield f"情绪强度：{level['level']}（{plain(str(level['name']))}），{_sure(level)}"
    if category:
        yield f"类别：{plain(str(category['name']))}（{category['code']}），{_sure(category)}"
    yield f"风险信号：{_signals(found) or '无'}"
    team = policy.team_name(str(route["team"]))
    tier = policy.tier_name(str(route["tier"]))
    yield f"团队：{team}（{tier}），{_MODES.get(str(route['mode']), str(route['mode']))}"
    seconds = int(str(priority["respond_within_seconds"]))
    yield f"响应时限：{duration(seconds)}内，{_moment(priority['due_at'], zone)} 前"
    for clock in _parts(found, "statutory"):
        stages = [
            f"{one['name']} {_moment(one['due_at'], zone)}" for one in _parts(clock, "stages")
        ]
        yield f"法定时限：{clock['name']}（{clock['basis']}）：{'；'.join(stages)}"
    reasons = [plain(str(one["detail"])) for one in _parts(priority, "reasons")]
    if reasons:
        yield f"理由：{'；'.join(reasons)}"
    words = _words(found)
    if words:
        yield f"关键词：{words}"


def plain(word: str) -> str:
    r"""A customer's word as one line that no ticket system takes for markup.

    >>> plain("**退款**\n[x](http://a)")
    '＊＊退款＊＊ ［x］（http://a）'
    """
    shown = "".join(char if char.isprintable() else " " for char in word)
    return " ".join(shown.split()).translate(_PLAIN)


def _kept(told: Told) -> str:
    """A later message that is less urgent lowers nothing, and the note says so."""
    own = str(_part(told.findings, "priority")["level"])
    return f"（本条消息为 {own}，工单的优先级不降低）" if own != told.priority.name else ""


def _signals(found: Json) -> str:
    names = signal_names()
    shown: dict[str, list[str]] = {}
    for one in _parts(found, "signals"):
        word = plain(str(one["text"]))[:_MAX_WORD_CHARS]
        told = shown.setdefault(names.get(str(one["code"]), str(one["code"])), [])
        told += [f"“{word}”"] if word else []  # none where no text is kept
    return "、".join(f"{name}{''.join(dict.fromkeys(words))}" for name, words in shown.items())


def _words(found: Json) -> str:
    """The words that spoke most for what was found."""
    pieces = [one for one in _parts(found, "evidence") if float(str(one["weight"])) > 0]
    pieces.sort(key=lambda one: -float(str(one["weight"])))
    words = dict.fromkeys(plain(str(one["text"]))[:_MAX_WORD_CHARS] for one in pieces)
    return "、".join(f"“{word}”" for word in list(words)[:_MAX_WORDS] if word)


def _sure(head: Json) -> str:
    return f"把握{BANDS.get(str(head['band']), str(head['band']))}"


def _moment(value: object, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(str(value)).astimezone(zone):%Y-%m-%d %H:%M}"


def _part(values: Json, name: str) -> Json:
    value = values.get(name)
    return value if isinstance(value, dict) else {}


def _parts(values: Json, name: str) -> list[Json]:
    value = values.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
