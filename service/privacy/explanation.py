"""What a company may tell the person concerned of a decision made by machine, in plain Chinese.

Made when it is asked for and never stored. The words are in `explanation.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from classifier.policy import Policy
from service.cases.file import CaseFile
from service.cases.labels import Labels
from service.cases.states import VerdictState

_MAX_WORDS = 5
_WORD = re.compile(r"\w{2,}")
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The letter; `caution` is for whoever would send it, None where nothing speaks against."""

    text: str
    caution: str | None


def explanation_of(file: CaseFile, labels: Labels, policy: Policy) -> Explanation:
    """What was decided by machine in a case, by which words and rules, and who decides."""
    letter = _letter()
    head = f"{letter['greeting']}\n{_filled(letter['about'], **_about(file, policy))}"
    parts = [
        head,
        "".join(_done(file, labels, policy)),
        "".join(_why(file)),
        _part("people")["text"],
        _part("rights")["text"],
    ]
    found = {_code(one) for one in _listed(file.prediction.get("signals"))}
    risks = {*found, *file.case.signals.split()}
    caution = letter["caution"]
    assert isinstance(caution, dict)  # noqa: S101  (the packaged file)
    is_grave = not risks.isdisjoint(caution["signals"])
    return Explanation(
        "\n\n".join(part for part in parts if part), caution["text"] * is_grave or None
    )


def _about(file: CaseFile, policy: Policy) -> dict[str, str]:
    number = file.case.client_id or str(file.case.id)
    return {"date": _day(file.case.clock_start_at, policy), "number": number}


def _done(file: CaseFile, labels: Labels, policy: Policy) -> Iterator[str]:
    """What the machine found, what people made of it, and who answers by when."""
    say, case = _part("done"), file.case
    category = file.prediction.get("category")
    if file.prediction.get("outcome") == "ok" and isinstance(category, dict):
        name = _category(str(category["code"]), labels, str(category.get("name", "")))
        yield say["judged" if name else "judged_unnamed"].format(category=name)
    else:
        category = None
        yield say["not_judged"]
    if case.verdict_state is not VerdictState.NONE and category is not None:
        is_changed = case.category is not None and case.category != category["code"]
        name = _category(case.category or "", labels)
        told = ("corrected" if name else "corrected_unnamed") if is_changed else "confirmed"
        yield say[told].format(category=name)
    yield say["handed"].format(team=policy.team_name(case.team))
    if case.first_response_at is not None:
        yield say["answered"].format(answered=_moment(case.first_response_at, policy))
    elif case.is_open:
        yield say["due"].format(due=_moment(case.due_at, policy))


def _why(file: CaseFile) -> Iterator[str]:
    """By which words and rules; nothing where the machine did not judge."""
    say = _part("why")
    if file.prediction.get("outcome") == "ok":
        words = _words(file)
        if words:
            yield say["words"].format(words="、".join(f"“{word}”" for word in words))
        else:
            yield say["few_words"] if file.text else say["no_words"]
    signals = _named(map(_code, _listed(file.prediction.get("signals"))), _part("signals"))
    if signals:
        yield say["signals"].format(signals="；".join(signals))
    priority = file.decision.get("priority")
    reasons = _listed(priority.get("reasons")) if isinstance(priority, dict) else []
    rules = [_rule(str(one["rule"]), has_signals=bool(signals)) for one in reasons]
    told = dict.fromkeys(rule for rule in rules if rule)
    if told:
        yield say["rules"].format(rules="、".join(told))


def _words(file: CaseFile) -> list[str]:
    """The words that spoke most for the category; of anger none, which would be rude to quote."""
    found = [
        one
        for one in _listed(file.prediction.get("evidence"))
        if one.get("head") == "category" and float(str(one["weight"])) > 0
    ]
    found.sort(key=lambda one: -float(str(one["weight"])))
    told = [str(one["text"]).strip() for one in found]
    whole = [word for word in told if _WORD.fullmatch(word)]
    return list(dict.fromkeys(whole))[:_MAX_WORDS]


def _rule(rule: str, *, has_signals: bool) -> str:
    """What a rule takes into account; a signal's only where the letter tells of one."""
    kind, names = rule.partition(":")[0], _part("rule")
    return "" if kind == "signal" and not has_signals else names.get(kind, names["other"])


def _named(codes: Iterable[str], names: Words) -> list[str]:
    """Each once; what is not told is left out."""
    told = (names.get(code, names["other"]) for code in codes)
    return [name for name in dict.fromkeys(told) if name]


def _category(code: str, labels: Labels, name: str = "") -> str:
    """A name that a customer understands; empty for a mere code."""
    found = labels.category_names.get(code) or name or code
    return "" if found.isascii() else found.replace("/", "、")


def _listed(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _code(signal: dict[str, object]) -> str:
    return str(signal["code"])


def _day(at: datetime, policy: Policy) -> str:
    here = at.astimezone(policy.calendar.zone)
    return f" {here.year} 年 {here.month} 月 {here.day} 日"


def _moment(at: datetime, policy: Policy) -> str:
    here = at.astimezone(policy.calendar.zone)
    return f"{_day(at, policy)} {here:%H:%M}"


def _filled(sentence: object, **values: str) -> str:
    return str(sentence).format(**values)


def _part(name: str) -> Words:
    found = _letter()[name]
    assert isinstance(found, dict)  # noqa: S101  (the packaged file)
    return found


@cache
def _letter() -> dict[str, object]:
    source = (files("service.privacy") / "explanation.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)
