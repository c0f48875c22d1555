"""What is left of a case whose text is not kept, or no longer.

Which signals were found stays, and where the policy got its answer from; their words, and all words
of the evidence, go: put together they would give the text away.
"""

from __future__ import annotations

from collections.abc import Mapping

NOT_KEPT = "按系统设置，没有保存这条投诉的原文；请凭编号到来源系统查看。"

Json = dict[str, object]


def without_text(content: Mapping[str, object]) -> Json:
    """The columns of a case's content that change."""
    dialogue = content["dialogue"]
    return {
        "text": "",
        "searchable": "",
        "prediction": without_pieces(content["prediction"]),
        "dialogue": _without_turns(dialogue) if isinstance(dialogue, dict) else None,
    }


def without_pieces(found: object) -> Json:
    """What was found, without the words that it was found in."""
    assert isinstance(found, dict)  # noqa: S101  (a column of JSON)
    pieces = {"evidence": [], "signals": _nowhere(found.get("signals"))}
    return {name: pieces.get(name, value) for name, value in found.items()}


def note_on(text: str) -> str | None:
    """What is said in the place of a text that is not there."""
    return None if text else NOT_KEPT


def _nowhere(signals: object) -> list[Json]:
    found = signals if isinstance(signals, list) else []
    return [{**one, "start": 0, "end": 0, "text": ""} for one in found]


def _without_turns(dialogue: Json) -> Json:
    """Who wrote when and how angrily, without what."""
    turns = dialogue.get("turns")
    found = turns if isinstance(turns, list) else []
    return {**dialogue, "turns": [{**turn, **_emptied(turn)} for turn in found]}


def _emptied(turn: Json) -> Json:
    place = 0 if isinstance(turn["start"], int) else None
    return {"text": "", "start": place, "end": place}
