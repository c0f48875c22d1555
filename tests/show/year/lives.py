"""What people do with a case after it came in: by the service's own moves, at simulated moments.

A desk would write each move in a transaction of its own, a million of them in a year. Here a case
lives its life in memory, and is stored as it is at the end, with everything that was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from classifier.calendar import due
from classifier.policy import Policy, team_for
from service.actors import Actor
from service.audit import Change
from service.cases import moves, pauses
from service.cases.demo import Row
from service.cases.plain import plain
from service.cases.states import State, VerdictKind, VerdictState
from service.cases.tables import Case
from service.tables import Role

Values = dict[str, object]
CLIENT = Actor("key:year", Role.ADMIN, "127.0.0.1")
_CSAT, _NPS = 5, 10


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the audit log, without the number of its case."""

    at: datetime
    by: Actor
    action: str
    version: int | None
    before: Values
    after: Values

    def change(self, case_id: int) -> tuple[Actor, Change]:
        """The entry, with the number."""
        subject = f"case:{case_id}"
        return self.by, Change(
            self.action, subject, self.version, self.before, self.after, at=self.at
        )


@dataclass(slots=True)
class Life:
    """A case as it is at the end of the year, and the rows of what was done with it."""

    case: Case
    steps: list[Step]
    verdicts: list[Values] = field(default_factory=list)
    ratings: list[Values] = field(default_factory=list)
    notes: list[Values] = field(default_factory=list)

    def values(self) -> Values:
        """The case's columns, without its number."""
        names = Case.__table__.columns.keys()
        return {name: getattr(self.case, name) for name in names if name != "id"}


class Office:
    """The people of the teams; one seed makes them do the same."""

    def __init__(
        self, rules: Mapping[str, object], policy: Policy, *, seed: int, end: datetime
    ) -> None:
        self._teams, self._work = _table(rules["teams"]), _table(rules["work"])
        self._policy = policy
        self._end = end  # what would be done later is not
        self._draws = np.random.default_rng([seed, 4])

    def life(self, row: Values, truth: Row | None) -> Life:
        """What becomes of a new case; `truth` is what its author says of it."""
        life = Life(Case(**row), [_enqueued(row)])
        team = _table(self._teams.get(life.case.team, self._teams["default"]))
        first = self._person(life.case.team, team)
        at = self._later(life.case.created_at, team["claim"])
        if self._happens("snoozed"):
            until = at + timedelta(hours=24 * (1 + int(self._draws.integers(3))))
            if self._does(life, "snooze", moves.snooze(until), first, at):
                at = until + timedelta(minutes=30)
        if self._happens("left") or not self._does(life, "claim", moves.claim, first, at):
            return life
        self._work_on(life, first, team, at)
        if not life.case.is_open and self._happens("reopened"):
            self._once_more(life, first, team)
        if self._happens("judged"):
            self._judge(life, first, truth, at)
        return life

    def _work_on(self, life: Life, by: Actor, team: Values, at: datetime) -> None:
        """From the claim to the end."""
        if self._happens("answered"):
            at = self._later(at, team["answer"])
            self._does(life, "respond", moves.respond, by, at)
        if self._happens("noted"):
            at += timedelta(minutes=3)
            if self._does(life, "note", moves.note, by, at):
                texts = self._work["notes"]
                assert isinstance(texts, list)
                text = str(texts[self._draws.integers(len(texts))])
                life.notes.append({"at": at, "actor": by.id, "text": text})
        if self._happens("waits"):
            at += timedelta(minutes=5)
            self._does(life, "wait_for_customer", moves.wait_for_customer, by, at)
            at = self._later(at, 20.0)
            self._does(life, "resume", moves.resume, by, at)
        at = self._later(at, team["close"])
        is_void = self._happens("dismissed")
        action, move = ("dismiss", moves.dismiss) if is_void else ("resolve", moves.resolve)
        if self._does(life, action, move, by, at) and self._happens("rated"):
            self._rate(life, self._later(at, 10.0))

    def _once_more(self, life: Life, by: Actor, team: Values) -> None:
        """Opened again some days later, and closed."""
        assert life.case.resolved_at is not None
        at = self._later(life.case.resolved_at, 40.0)
        if self._does(life, "reopen", moves.reopen, by, at):
            at = self._later(at, team["claim"])
            if self._does(life, "claim", moves.claim, by, at):
                self._does(life, "resolve", moves.resolve, by, self._later(at, team["close"]))

    def _does(self, life: Life, action: str, move: moves.Move, by: Actor, at: datetime) -> bool:
        """Makes a move that the case's state allows; False when the year is over by then."""
        if at >= self._end:
            return False
        case = life.case
        values = move(case, by, at)
        if "waiting_since" in values and case.waiting_since is not None:
            values |= pauses.end(case, at, self._policy)
        self._set(life, action, by, at, values)
        return True

    @staticmethod
    def _set(life: Life, action: str, by: Actor, at: datetime, values: Values) -> None:
        case = life.case
        before = {name: plain(getattr(case, name)) for name in values}
        for name, value in values.items():
            setattr(case, name, value)
        case.version += 1
        after = {name: plain(value) for name, value in values.items()}
        life.steps.append(Step(at, by, action, case.version, before, after))

    def _judge(self, life: Life, by: Actor, truth: Row | None, at: datetime) -> None:
        """A verdict as the author of the text has it, and a second one that mostly agrees."""
        at = max(at, life.steps[-1].at) + timedelta(minutes=4)
        if at >= self._end:
            return
        case = life.case
        predicted = {"category": case.category, "level": case.level}
        said = {"category": truth.category, "level": truth.level} if truth else predicted
        self._verdict(life, by, at, (predicted, said), kind=VerdictKind.REVIEW)
        later = self._later(at, 8.0)
        if self._happens("second") and later < self._end:
            other = self._person(case.team, {"people": 4}, but=by)
            differs = self._draws.random() < 0.15 and said["level"] is not None
            if differs:
                said = {**said, "level": max(1, int(str(said["level"])) - 1)}
            both = predicted, said
            self._verdict(life, other, later, both, kind=VerdictKind.SECOND_REVIEW)

    def _verdict(
        self,
        life: Life,
        by: Actor,
        at: datetime,
        labels: tuple[Values, Values],
        *,
        kind: VerdictKind,
    ) -> None:
        (predicted, said), case = labels, life.case
        agrees = None
        state = VerdictState.REVIEWED
        if kind is VerdictKind.SECOND_REVIEW:
            agrees = said == {"category": case.category, "level": case.level}
            state = VerdictState.FINAL if agrees else VerdictState.DISPUTED
        life.verdicts.append({
            "at": at, "actor": by.id, "kind": kind, **said, "signals": case.signals,
            "priority": case.priority, "predicted_category": predicted["category"],
            "predicted_level": predicted["level"], "predicted_signals": case.signals,
            "predicted_priority": case.priority, "is_correction": said != predicted,
            "agrees": agrees, "reason": "" if said == predicted else "按标注标准核对",
            "model_version": case.model_version,
        })  # fmt: skip
        values: Values = {"verdict_state": state}
        if state is not VerdictState.DISPUTED:
            values |= self._effects(case, said)
        self._set(life, kind.name.lower(), by, at, values)

    def _effects(self, case: Case, said: Values) -> Values:
        """What a verdict changes: labels, and the team with its clock."""
        values = {name: value for name, value in said.items() if value != getattr(case, name)}
        if "category" not in values:
            return values
        codes = case.signals.split()
        team = team_for(str(said["category"]), codes, self._policy, channel=case.channel)
        clock = self._policy.first_response(case.priority, team)
        if clock != self._policy.first_response(case.priority, case.team):
            values["due_at"] = due(case.clock_start_at, clock[0] + case.paused_seconds, clock[1])
        return {**values, **({"team": team} if team != case.team else {})}

    def _rate(self, life: Life, at: datetime) -> None:
        """The longer it took, the less content."""
        if at >= self._end:
            return
        hours = (life.case.resolution_seconds or 0) / 3600
        mood = 1.2 - hours / 150 + float(self._draws.normal(0, 0.8))
        csat = int(np.clip(round(3.2 + mood), 1, _CSAT))
        nps = int(np.clip(round(6.0 + 2 * mood), 0, _NPS)) if self._draws.random() < 0.5 else None
        life.ratings.append(
            {"rating_id": None, "at": at, "actor": CLIENT.id, "csat": csat, "nps": nps}
        )
        given = {"csat": csat, **({} if nps is None else {"nps": nps})}
        life.steps.append(Step(at, CLIENT, "rate", None, {}, given))

    def _person(self, team: str, rules: Values, *, but: Actor | None = None) -> Actor:
        """Somebody of a team; twelve people in all, some of two teams."""
        start = sum(map(ord, team))
        place = start + int(self._draws.integers(int(str(rules.get("people", 3)))))
        number = place % 12 + 1
        if but is not None and but.id == f"user:{number}":
            number = number % 12 + 1
        return Actor(f"user:{number}", Role.ADJUDICATOR, "127.0.0.1")

    def _later(self, at: datetime, median: object) -> datetime:
        hours = float(str(median)) * float(np.exp(self._draws.normal(0, 0.9)))
        return at + timedelta(seconds=max(20, round(hours * 3600)))

    def _happens(self, what: str) -> bool:
        return bool(self._draws.random() < float(str(self._work[what])))


def _enqueued(row: Values) -> Step:
    """The first entry, as the intake writes it."""
    after: Values = {"state": State.NEW.name.lower(), "priority": plain(row["priority"])}
    at = row["created_at"]
    assert isinstance(at, datetime)
    found = {**after, "level": row["level"], "category": row["category"]}
    return Step(at, CLIENT, "enqueue", 1, {}, found)


def _table(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value
