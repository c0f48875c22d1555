"""The flat table of answers, for spreadsheets and databases: one row a complaint, no text of it.

docs/batch.md tells what the columns mean; they only ever grow at the end.
"""

from __future__ import annotations

from collections.abc import Callable

from classifier.reply import Json

_NONE: Json = {}
INTEGER, NUMBER, TEXT, FLAG, MOMENT = "integer", "number", "text", "flag", "moment"


def _plain(name: str) -> Callable[[Json], object]:
    return lambda answer: answer.get(name)


def _part(part: str, name: str) -> Callable[[Json], object]:
    def value(answer: Json) -> object:
        found = answer[part]
        return found[name] if isinstance(found, dict) else None

    return value


def _codes(name: str) -> Callable[[Json], object]:
    """The different codes of a list, joined by semicolons."""

    def value(answer: Json) -> object:
        found = answer[name]
        return (
            ";".join(dict.fromkeys(one["code"] for one in found)) if isinstance(found, list) else ""
        )

    return value


def _reasons(answer: Json) -> object:
    found = answer["outcome_reasons"]
    return ";".join(map(str, found)) if isinstance(found, list) else ""


COLUMNS: dict[str, tuple[str, Callable[[Json], object]]] = {
    "row": (INTEGER, _plain("request_id")),
    "outcome": (TEXT, _plain("outcome")),
    "outcome_reasons": (TEXT, _reasons),
    "category": (TEXT, _part("category", "code")),
    "category_name": (TEXT, _part("category", "name")),
    "category_prob": (NUMBER, _part("category", "prob")),
    "category_band": (TEXT, _part("category", "band")),
    "intensity": (INTEGER, _part("intensity", "level")),
    "intensity_name": (TEXT, _part("intensity", "name")),
    "intensity_score": (NUMBER, _part("intensity", "score")),
    "intensity_band": (TEXT, _part("intensity", "band")),
    "signals": (TEXT, _codes("signals")),
    "priority": (TEXT, _part("priority", "level")),
    "respond_within_seconds": (INTEGER, _part("priority", "respond_within_seconds")),
    "due_at": (MOMENT, _part("priority", "due_at")),
    "team": (TEXT, _part("route", "team")),
    "tier": (TEXT, _part("route", "tier")),
    "mode": (TEXT, _part("route", "mode")),
    "auto": (FLAG, _part("route", "auto")),
    "statutory": (TEXT, _codes("statutory")),
    "language": (TEXT, _plain("language")),
    "chars_used": (INTEGER, _plain("chars_used")),
    "truncated": (FLAG, _plain("truncated")),
    "model_version": (TEXT, _plain("model_version")),
    "tokeniser": (TEXT, _plain("tokeniser")),
    "policy_version": (TEXT, _plain("policy_version")),
    "policy_hash": (TEXT, _plain("policy_hash")),
}


def flat(answers: list[Json]) -> dict[str, list[object]]:
    """The columns of some answers; a cell that does not apply is None."""
    return {name: [value(one) for one in answers] for name, (_, value) in COLUMNS.items()}
