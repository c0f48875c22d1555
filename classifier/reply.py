"""The answer as plain JSON values, the same in files and over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from classifier.clocks import StatutoryClock, end_of_period
from classifier.prediction import Category, Decision, Intensity, Outcome, Prediction

Json = dict[str, object]
_MILLION = 1e6  # six decimals: by a whole number, in a quarter of the time of round(…, 6)


class Decided(NamedTuple):
    """What an answer says of a decision; answers with the same decision and moment may share it."""

    priority: Json
    route: Json
    statutory: list[Json]
    policy_version: str
    policy_hash: str


def reply(
    request_id: str | int, prediction: Prediction, decision: Decision, *, received_at: datetime
) -> Json:
    """One answer; every clock counts from `received_at`, which must know its zone.

    `due_at` is `respond_within_seconds` later, in the business hours of the policy if it names any.

    Probabilities, scores and weights are rounded to six decimals.
    """
    return reply_with(request_id, prediction, decided(decision, received_at))


def decided(decision: Decision, received_at: datetime) -> Decided:
    """The decision on a complaint of that moment."""
    return Decided(
        {
            "level": decision.priority.name,
            "respond_within_seconds": decision.respond_within_seconds,
            "due_at": _moment(decision.due_at(received_at)),
            "reasons": [{"rule": r.rule, "detail": r.detail} for r in decision.reasons],
        },
        {
            "team": decision.team,
            "tier": decision.tier,
            "auto": decision.auto,
            "mode": decision.routing.value,
        },
        [_statutory(clock, received_at) for clock in decision.statutory],
        decision.policy_version,
        decision.policy_hash,
    )


def reply_with(request_id: str | int, prediction: Prediction, decision: Decided) -> Json:
    """One answer to a prediction that was decided on."""
    return {
        "request_id": request_id,
        "outcome": prediction.outcome.value,
        "outcome_reasons": list(prediction.outcome_reasons),
        "intensity": intensity_json(prediction.intensity),
        "category": _category(prediction.category),
        "signals": [signal._asdict() for signal in prediction.signals],
        "priority": decision.priority,
        "route": decision.route,
        "statutory": decision.statutory,
        "evidence": [
            {
                "head": head,
                "start": start,
                "end": end,
                "text": text,
                "weight": round(weight * _MILLION) / _MILLION,
            }
            for head, start, end, text, weight in prediction.evidence
        ],
        "language": prediction.language,
        "chars_used": prediction.chars_used,
        "truncated": prediction.truncated,
        "model_version": prediction.model_version,
        "tokeniser": prediction.tokeniser,
        "policy_version": decision.policy_version,
        "policy_hash": decision.policy_hash,
    }


def error_reply(request_id: str | int, reason: str) -> Json:
    """The answer for a row that could not be analysed; the reason names what is wrong with it."""
    return {
        "request_id": request_id,
        "outcome": Outcome.ERROR.value,
        "outcome_reasons": [reason],
        "intensity": None,
        "category": None,
        "signals": [],
        "priority": None,
        "route": None,
        "statutory": [],
        "evidence": [],
    }


def _statutory(clock: StatutoryClock, start: datetime) -> Json:
    return {
        "code": clock.code,
        "name": clock.name,
        "basis": clock.basis,
        "stages": [
            {"name": one.name, "due_at": _moment(end_of_period(one, start, clock.calendar))}
            for one in clock.periods
        ],
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def intensity_json(intensity: Intensity | None) -> Json | None:
    """A level with everything that is told of it."""
    if intensity is None:
        return None
    return {
        "level": intensity.level,
        "name": intensity.name,
        "score": round(intensity.score * _MILLION) / _MILLION,
        "probs": [round(prob * _MILLION) / _MILLION for prob in intensity.probs],
        "band": intensity.band.value,
    }


def _category(category: Category | None) -> Json | None:
    if category is None:
        return None
    return {
        "code": category.code,
        "name": category.name,
        "prob": round(category.prob * _MILLION) / _MILLION,
        "band": category.band.value,
        "top": [
            {"code": code, "prob": round(prob * _MILLION) / _MILLION} for code, prob in category.top
        ],
    }
