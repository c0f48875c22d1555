"""Verdicts: a review, a second review, and where the two disagree, an adjudication.

The first review takes effect at once: category, level, signals and priority of the case are from
then on what the reviewer says, and clock and team follow. A second reviewer who says the same makes
it final; one who says otherwise makes it wait for an adjudicator, who is neither of the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from classifier.calendar import BusinessHours, due
from classifier.pii import mask
from classifier.policy import team_for
from classifier.prediction import Priority
from service import audit
from service.actors import Actor
from service.cases import moves, pauses, volumes
from service.cases.desk import Desk, check_version, find
from service.cases.faults import CaseFieldError, CaseForbiddenError, CaseRefusedError
from service.cases.labels import Labels, labels_of
from service.cases.record import joined, storable
from service.cases.states import VerdictKind, VerdictState
from service.cases.tables import Case, CaseContent, Verdict
from service.outbox import events
from service.predictor import Predictor
from service.tables import Role

MAX_REASON_CHARS = 2000
Clock = tuple[int, BusinessHours | None]  # seconds, and in whose hours they count


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody says is right; None, or a signal that is not named, confirms what is there."""

    category: str | None = None
    level: int | None = None
    signals: Mapping[str, bool] | None = None
    priority: Priority | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Labels:
    """The four answers on a case."""

    category: str | None
    level: int | None
    signals: str
    priority: Priority


class Verdicts:
    """Takes verdicts on cases."""

    def __init__(self, desk: Desk, predictor: Predictor) -> None:
        self._desk = desk
        self.predictor = predictor

    def labels(self) -> Labels:
        """What a verdict may say, under the model and policy that serve now."""
        return labels_of(self.predictor.model, self.predictor.policy)

    def give(
        self, case_id: int, by: Actor, opinion: Opinion, *, version: int | None = None
    ) -> Verdict:
        """Adds a verdict; which step it is follows from the verdicts before.

        Raises:
            CaseNotFoundError, CaseConflictError: as for any change.
            CaseFieldError: a value is not allowed, or a correction has no reason.
            CaseRefusedError: the verdict is final.
            CaseForbiddenError: the role is too low, or somebody would judge their own verdict.
        """
        moves.check_role(by, Role.REVIEWER)
        with self._desk.database.session() as session:
            audit.lock(session)
            case = find(session, case_id)
            check_version(session, case, version)
            earlier = list(session.scalars(_verdicts(case_id)))
            kind = step_of(case, by, earlier)
            verdict = self._verdict(session, case, by, kind, opinion)
            state = _state_after(verdict, earlier)
            session.add(verdict)
            values: moves.Values = {"verdict_state": state}
            if state is not VerdictState.DISPUTED:
                values |= self._effects(session, case, verdict)
                volumes.add(session, _moved(case, verdict))
            self._desk.save(session, case, by, verdict.kind.name.lower(), values)
            if self._desk.announces:
                events.record(session, [events.verdict_given(case, verdict)])
            session.commit()
            return verdict

    def _verdict(
        self, session: Session, case: Case, by: Actor, kind: VerdictKind, opinion: Opinion
    ) -> Verdict:
        content = session.get_one(CaseContent, case.id)
        predicted = _predicted(content)
        said = self._said(case, predicted, opinion)
        is_correction = said != predicted
        reason = opinion.reason.strip()
        if len(reason) > MAX_REASON_CHARS:
            message = f"理由有 {len(reason)} 个字符，最多 {MAX_REASON_CHARS} 个"
            raise CaseFieldError("reason", message)
        here = _Labels(case.category, case.level, case.signals, case.priority)
        if said != here and not reason:
            raise CaseFieldError("reason", "更正需要说明理由（reason）")
        return Verdict(
            case_id=case.id,
            at=self._desk.clock(),
            actor=by.id,
            kind=kind,
            category=said.category,
            level=said.level,
            signals=said.signals,
            priority=said.priority,
            predicted_category=predicted.category,
            predicted_level=predicted.level,
            predicted_signals=predicted.signals,
            predicted_priority=predicted.priority,
            is_correction=is_correction,
            agrees=None,
            reason=storable(mask(reason)),
            model_version=case.model_version,
        )

    def _said(self, case: Case, predicted: _Labels, opinion: Opinion) -> _Labels:
        """The four answers, checked; what the model itself said is always allowed."""
        known = self.labels()
        categories = known.categories | {predicted.category}
        if opinion.category is not None and opinion.category not in categories:
            raise _unknown("category", opinion.category, sorted(c for c in categories if c))
        levels = known.levels | {predicted.level}
        if opinion.level is not None and opinion.level not in levels:
            raise _unknown("level", opinion.level, sorted(x for x in levels if x is not None))
        signals = set(case.signals.split())
        for code, holds in (opinion.signals or {}).items():
            if code not in known.signals | signals | set(predicted.signals.split()):
                raise _unknown("signals", code, sorted(known.signals))
            (signals.add if holds else signals.discard)(code)
        return _Labels(
            case.category if opinion.category is None else opinion.category,
            case.level if opinion.level is None else opinion.level,
            joined(signals),
            case.priority if opinion.priority is None else opinion.priority,
        )

    def _effects(self, session: Session, case: Case, verdict: Verdict) -> moves.Values:
        """What a verdict that counts changes in the case: only what differs."""
        policy = self.predictor.policy
        values: moves.Values = {
            "category": verdict.category,
            "level": verdict.level,
            "signals": verdict.signals,
            "priority": verdict.priority,
        }
        team = case.team
        if (verdict.category, verdict.signals) != (case.category, case.signals):
            codes = verdict.signals.split()
            team = team_for(verdict.category, codes, policy, channel=case.channel)
            values["team"] = team
        clock = policy.first_response(verdict.priority, team)  # teams have their own hours
        had = policy.first_response(case.priority, case.team)
        if verdict.priority != case.priority or clock != had:
            values |= _new_clock(session, case, clock, had)
        if verdict.priority != case.priority:
            tier = policy.tiers[verdict.priority]
            is_up = values["escalation_step"] != 0
            values["tier"] = policy.higher_tier(case.tier, tier) if is_up else tier
        return {name: value for name, value in values.items() if value != getattr(case, name)}


def _new_clock(session: Session, case: Case, clock: Clock, had: Clock) -> moves.Values:
    """Another first response clock from the same start, with the pauses of the one before."""
    seconds, hours = clock
    paused = case.paused_seconds
    if paused and hours != had[1]:
        paused = pauses.seconds_in(session, case, hours)
    due_at = due(case.clock_start_at, seconds + paused, hours)
    return {
        "due_at": due_at,
        "paused_seconds": paused,
        "escalation_step": 0 if due_at > case.due_at else case.escalation_step,
    }


def _moved(case: Case, verdict: Verdict) -> Counter[volumes.Place]:
    """What a verdict takes from one sum of cases and gives to another."""
    found: Counter[volumes.Place] = Counter()
    for label in volumes.labels(verdict.level, verdict.category):
        found[case.created_hour, label] += 1
    for label in volumes.labels(case.level, case.category):
        found[case.created_hour, label] -= 1
    return found


def _verdicts(case_id: int) -> Select[Verdict]:
    return select(Verdict).where(Verdict.case_id == case_id).order_by(Verdict.id)


def step_of(case: Case, by: Actor, earlier: Sequence[Verdict]) -> VerdictKind:
    """Which step a verdict by this person is now.

    Raises:
        CaseRefusedError: the verdict is final.
        CaseForbiddenError: the role is too low, or somebody would judge their own verdict.
    """
    if case.verdict_state is VerdictState.FINAL:
        raise CaseRefusedError("verdict_final", f"案例 {case.id} 的结论已经确定，不能再更改")
    if case.verdict_state is VerdictState.DISPUTED:
        moves.check_role(by, Role.ADJUDICATOR)
        if by.id in {verdict.actor for verdict in earlier}:
            raise CaseForbiddenError("裁定人不能是两位复核人之一")
        return VerdictKind.ADJUDICATION
    if case.verdict_state is VerdictState.REVIEWED and earlier[-1].actor != by.id:
        return VerdictKind.SECOND_REVIEW
    return VerdictKind.REVIEW  # the first, or the same person's, which takes its place


def _state_after(verdict: Verdict, earlier: list[Verdict]) -> VerdictState:
    """How far the verdicts have come with this one; notes whether a second review agrees."""
    if verdict.kind is VerdictKind.REVIEW:
        return VerdictState.REVIEWED
    if verdict.kind is VerdictKind.ADJUDICATION:
        return VerdictState.FINAL
    first = earlier[-1]
    names = ("category", "level", "signals", "priority")
    verdict.agrees = all(getattr(verdict, name) == getattr(first, name) for name in names)
    return VerdictState.FINAL if verdict.agrees else VerdictState.DISPUTED


def _predicted(content: CaseContent) -> _Labels:
    """What the model and the policy had said."""
    prediction, decision = content.prediction, content.decision
    category, intensity = prediction["category"], prediction["intensity"]
    signals, priority = prediction["signals"], decision["priority"]
    return _Labels(
        category["code"] if isinstance(category, dict) else None,
        intensity["level"] if isinstance(intensity, dict) else None,
        joined({signal["code"] for signal in signals} if isinstance(signals, list) else set()),
        Priority[priority["level"]] if isinstance(priority, dict) else Priority.P3,
    )


def _unknown(
    field: str, value: object, allowed: list[object] | list[str] | list[int]
) -> CaseFieldError:
    shown = "、".join(str(one) for one in allowed)
    return CaseFieldError(field, f"{field} 是 {mask(str(value))[:40]}，允许的值：{shown}")
