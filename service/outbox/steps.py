"""Which step a case takes next, and since when it is due: 1 reminded, 2 overdue, then escalated.

All times are counted in the hours in which the policy lets the clock run. Whether a step is due is
one comparison for both sides: of the case's `due_at` with the latest one that asks for it now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_

from classifier.calendar import due, latest_start
from classifier.policy import Policy
from classifier.prediction import Priority
from service.cases.tables import Case
from service.outbox.configuration import Escalation

REMINDED, OVERDUE = 1, 2
_UNLISTED = ""  # stands for every team that the policy does not list: they have one clock


class Place(NamedTuple):
    """What the clocks of a case depend on."""

    priority: Priority
    tier: str
    team: str


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps that settings and policy ask for at a moment."""

    settings: Escalation
    policy: Policy
    now: datetime

    def is_due(self, case: Case) -> bool:
        """Whether the next step of a case is due."""
        place = Place(case.priority, case.tier, case.team)
        latest = self._latest_due(case.escalation_step, place)
        return latest is not None and case.due_at <= latest

    def where(self) -> ColumnElement[bool]:
        """The same for all cases, in SQL."""
        return or_(*self._terms())

    def tier_above(self, tier: str) -> str:
        """The tier that a case is escalated to; the highest stays, and an unknown one goes there.

        A policy that only names its tiers has no order of them, so that each stays.
        """
        return self.policy.next_tier(tier) or next(reversed(list(self.policy.ladder)), tier)

    def _latest_due(self, step: int, place: Place) -> datetime | None:
        """The latest `due_at` with which a case that took `step` takes the next; None for no more.

        Without `late_shares` a case that is overdue goes up at once, and again when the tiers that
        it was escalated to have had their time.
        """
        shares = self.settings.late_shares
        if step < REMINDED:
            seconds, hours = self.policy.first_response(place.priority, place.team)
            return due(self.now, round(self.settings.remind_share * seconds), hours)
        if step < OVERDUE or (step == OVERDUE and shares is None):
            return self.now
        if shares is None:
            return self._had_its_time(place)
        if step - OVERDUE >= len(shares):
            return None
        seconds, hours = self.policy.first_response(place.priority, place.team)
        return latest_start(self.now, round(shares[step - OVERDUE] * seconds), hours)

    def _had_its_time(self, place: Place) -> datetime | None:
        """From when on every tier above the first one of the case, up to its own, had its time."""
        if self.policy.next_tier(place.tier) is None:
            return None
        codes, start = list(self.policy.ladder), self.policy.tiers[place.priority]
        latest = self.now
        for tier in reversed(codes[codes.index(start) + 1 : codes.index(place.tier) + 1]):
            clock = self.policy.tier_clock(tier, place.team)
            latest = latest_start(latest, *clock) if clock else latest
        return latest

    def _terms(self) -> Iterator[ColumnElement[bool]]:
        step, shares = Case.escalation_step, self.settings.late_shares
        late = [OVERDUE - 1] if shares is not None else [OVERDUE - 1, OVERDUE]
        yield and_(step.in_(late), Case.due_at <= self.now)
        for priority in Priority:
            here = Case.priority == priority
            yield from self._by_team(0, Place(priority, "", _UNLISTED), step == 0, here)
            if shares is None:
                for tier in self.policy.ladder:
                    place = Place(priority, tier, _UNLISTED)
                    above = (step > OVERDUE, Case.tier == tier, here)
                    yield from self._by_team(OVERDUE + 1, place, *above)
            else:
                for number in range(OVERDUE, OVERDUE + len(shares)):
                    place = Place(priority, "", _UNLISTED)
                    yield from self._by_team(number, place, step == number, here)

    def _by_team(
        self, step: int, place: Place, *where: ColumnElement[bool]
    ) -> Iterator[ColumnElement[bool]]:
        """A term for all teams with the same clock."""
        usual = self._latest_due(step, place)
        if usual is None:
            return
        own: dict[datetime, list[str]] = defaultdict(list)
        for team in self.policy.teams:
            latest = self._latest_due(step, place._replace(team=team))
            if latest is not None and latest != usual:
                own[latest].append(team)
        others = [team for teams in own.values() for team in teams]
        yield and_(*where, Case.team.not_in(others), Case.due_at <= usual)
        for latest, teams in own.items():
            yield and_(*where, Case.team.in_(teams), Case.due_at <= latest)
