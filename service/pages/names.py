"""Names of codes and people: labels are what model, policy and lexicon say, never fixed here."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from flask import g

from classifier.lexicon import signal_names
from classifier.policy import Policy
from service import users
from service.cases.labels import Labels
from service.cases.tables import Case
from service.insight.kinds import KINDS
from service.pages.sessions import Office
from service.tables import User

_NOT_JUDGED = "未判定"


@dataclass(frozen=True, slots=True)
class Names:
    """What codes and ids are called on one page."""

    labels: Labels
    people: Mapping[str, str]
    policy: Policy

    def category(self, code: str | None) -> str:
        """A category; its code where the model has no name."""
        return self.labels.category_names.get(code, code) if code else _NOT_JUDGED

    def level(self, level: int | None) -> str:
        """A level's name, such as 愤怒; its number where the model has none."""
        return _NOT_JUDGED if level is None else self.labels.level_names.get(level, str(level))

    def heat(self, level: int | None) -> str:
        """The colour of a level by its place on the model's own scale; none for the calmest."""
        known = sorted(one for one in self.labels.levels if one is not None)
        if level not in known or len(known) < 2:
            return ""
        place = round(known.index(level) / (len(known) - 1) * 4)
        return f"i{place}" if place else ""

    def signal(self, code: str) -> str:
        """A risk signal."""
        return signal_names().get(code, code)

    def signals(self, codes: str) -> str:
        """Several signals, as they are kept in a case."""
        return "、".join(self.signal(code) for code in codes.split()) or "无"

    def team(self, code: str) -> str:
        """A team."""
        return self.policy.team_name(code)

    def tier(self, code: str) -> str:
        """A tier."""
        return self.policy.tier_name(code)

    def hours(self, case: Case) -> str | None:
        """The business hours in which the clock of a case runs; None around the clock."""
        _, hours = self.policy.first_response(case.priority, case.team)
        return self.policy.hours_name(hours)

    def channel(self, code: str | None) -> str:
        """A channel."""
        if not code:
            return "未知渠道"
        rule = self.policy.channels.get(code)
        return rule.name if rule else _listed("channels", code)

    def customer_tier(self, code: str) -> str:
        """A customer's tier."""
        rule = self.policy.customer_tiers.get(code)
        return rule.name if rule else code

    def signal_codes(self) -> list[str]:
        """Every risk signal of the policy, in the order of the lexicon."""
        order = list(signal_names())
        return sorted(
            self.labels.signals, key=lambda c: (order.index(c) if c in order else len(order), c)
        )

    def team_codes(self) -> list[str]:
        """The teams that a case may go to."""
        return self.policy.team_codes()

    def channel_codes(self) -> list[str]:
        """The channels that have a name."""
        return list(dict.fromkeys([*_tables()["channels"], *self.policy.channels]))

    def person(self, actor: str | None) -> str:
        """Who acted: a name for people of the pages, otherwise what the id tells."""
        if actor is None:
            return "无人"
        kind, _, rest = actor.partition(":")
        if kind == "system":
            return "系统（自动）"
        if actor in self.people:
            return self.people[actor]
        if kind == "key":
            key, _, name = rest.partition("/")
            return f"{name}（接口）" if name else f"接口 {key}"
        return {"demo": f"{rest}（演示）", "cli": f"{rest}（命令行）"}.get(kind, actor)

    def series(self, series: str) -> str:
        """What cases of a series have in common, such as 类别 退款 for category:refund."""
        kind, _, code = series.partition(":")
        if kind == "level":
            return f"情绪 {code.rstrip('+')} 级及以上"
        return f"{KINDS[kind]} {self.of_kind(kind, code)}" if kind in KINDS else "全部投诉"

    def of_kind(self, kind: str, code: str) -> str:
        """A category, a team and the like; a product or region is called what it is."""
        say = {"category": self.category, "team": self.team, "channel": self.channel}
        return say[kind](code) if kind in say else code

    def rule(self, rule: str, detail: str) -> str:
        """A rule's sentence, such as 类别 refund：从 P2 起, with a name instead of the code."""
        calls: dict[str, Callable[[str], str]] = {
            "category": self.category,
            "signal": self.signal,
            "combination": lambda code: _listed("combinations", code),
            "customer_tier": self.customer_tier,
            "channel": self.channel,
        }
        call = calls.get(rule.partition(":")[0])
        about, colon, asked = detail.partition("：")
        subject, _, code = about.partition(" ")
        return f"{subject} {call(code)}{colon}{asked}" if call and code else detail


def names(office: Office) -> Names:
    """The names for the current page, read once for it."""
    if "names" not in g:
        people = {f"user:{user.id}": user.name for user in everybody(office)}
        g.names = Names(office.verdicts.labels(), people, office.desk.policy())
    found: Names = g.names
    return found


def everybody(office: Office) -> Sequence[User]:
    """Everybody with an account, read once for each page."""
    if "everybody" not in g:
        g.everybody = users.list_users(office.database)
    found: Sequence[User] = g.everybody
    return found


@cache
def _tables() -> dict[str, dict[str, str]]:
    source = (files("service.pages") / "names.toml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, str]] = tomllib.loads(source)
    return tables


def _listed(table: str, code: str) -> str:
    return _tables()[table].get(code, code)
