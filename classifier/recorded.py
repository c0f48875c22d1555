"""Predictions that were written down, as feedback export and API give them, read back.

Only what a policy looks at is read. Anger is placed on a scale whose lowest level is 1, as replies
do not say where it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from classifier.errors import InputFileError, shorten
from classifier.policy import Context
from classifier.prediction import (
    Band,
    Category,
    Intensity,
    Outcome,
    Prediction,
    RankedCategory,
    Signal,
)

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One complaint as it was judged, with what was known of it; `id` names it to people."""

    id: str
    prediction: Prediction
    context: Context


def read_recorded(row: Json) -> Recorded:
    """The complaint of one line.

    Raises:
        InputFileError: a field is missing or is not what the export writes; names the field.
    """
    found = _table(row, "prediction") if "prediction" in row else row
    return Recorded(_id(row), _prediction(found), _context(row))


def _id(row: Json) -> str:
    for name in ("case_id", "id", "request_id"):
        if row.get(name) is not None:
            return str(row[name])
    raise InputFileError("case_id is missing, one of case_id, id, request_id is needed")


def _context(row: Json) -> Context:
    customer = _table(row, "customer") if row.get("customer") is not None else row
    tier = customer.get("tier" if "customer" in row else "customer_tier")
    channel = row.get("channel")
    contacts = row.get("contacts", 1)
    if not isinstance(contacts, int) or contacts < 1:
        raise _wrong("contacts", contacts, "a whole number from 1 is needed")
    metadata = row.get("metadata")
    return Context(
        customer_tier=tier if isinstance(tier, str) else None,
        contacts=contacts,
        channel=channel if isinstance(channel, str) else None,
        metadata=metadata if isinstance(metadata, dict) else {},
    )


def _prediction(found: Json) -> Prediction:
    try:
        outcome = Outcome(str(found.get("outcome")))
    except ValueError:
        allowed = "allowed are ok, needs_human"
        raise _wrong("outcome", found.get("outcome"), allowed) from None
    if outcome is Outcome.ERROR:
        raise _wrong("outcome", outcome.value, "a complaint that was judged is needed")
    signals = found.get("signals")
    if not isinstance(signals, list):
        raise _wrong("signals", signals, "a list is needed")
    return Prediction(
        outcome=outcome,
        outcome_reasons=(),
        intensity=_intensity(found),
        category=_category(found),
        signals=tuple(Signal(_code(one), 0, 0, "") for one in signals),
        evidence=(),
        language="",
        chars_used=0,
        truncated=False,
        model_version=str(found.get("model_version", "")),
        tokeniser="",
    )


def _intensity(found: Json) -> Intensity | None:
    if found.get("intensity") is None:
        return None
    head = _table(found, "intensity")
    level, probs = head.get("level"), head.get("probs")
    if not isinstance(level, int):
        raise _wrong("intensity.level", level, "a whole number is needed")
    if not isinstance(probs, list) or not probs:
        raise _wrong("intensity.probs", probs, "a list of numbers is needed")
    numbers = tuple(_number("intensity.probs", one) for one in probs)
    score = _number("intensity.score", head.get("score"))
    return Intensity(level, str(head.get("name", "")), score, numbers, _band("intensity", head))


def _category(found: Json) -> Category | None:
    if found.get("category") is None:
        return None
    head = _table(found, "category")
    code, prob = _code(head), _number("category.prob", head.get("prob"))
    ranked = (RankedCategory(code, prob),)
    return Category(code, str(head.get("name", "")), prob, _band("category", head), ranked)


def _band(name: str, head: Json) -> Band:
    try:
        return Band(str(head.get("band")))
    except ValueError:
        raise _wrong(f"{name}.band", head.get("band"), "allowed are high, medium, low") from None


def _code(value: object) -> str:
    code = value.get("code") if isinstance(value, Mapping) else value
    if not isinstance(code, str):
        raise _wrong("code", code, "a text is needed")
    return code


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, value, "a number is needed")
    return float(value)


def _table(row: Json, name: str) -> Json:
    value = row.get(name)
    if not isinstance(value, Mapping):
        raise _wrong(name, value, "an object is needed")
    return value


def _wrong(name: str, value: object, needed: str) -> InputFileError:
    shown = (
        f"is {shorten(value)}" if value is None or isinstance(value, int | float) else "is wrong"
    )
    return InputFileError(f"{name} {shown}, {needed}")
