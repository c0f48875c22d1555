"""A conversation on the case page: who said what, how the anger went, and what stands out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, abort

from service.cases.api import download
from service.cases.file import CaseFile, get_case
from service.cases.spreadsheet import csv_table
from service.dialogue_replies import CaseDialogueReply, CaseTurnReply
from service.pages import marking
from service.pages.charts import Table, percent
from service.pages.course import Course, Spot, course
from service.pages.marking import Piece, Segment
from service.pages.names import Names, names
from service.pages.sessions import Office

_CUSTOMER = "customer"
_ROLES = {_CUSTOMER: "客户", "agent": "客服", "system": "系统"}
_ANSWERS = {"apology": "道歉", "empathy": "共情", "feeling": "说出感受", "thanks": "感谢"}
_HEAD = ("条", "角色", "情绪等级", "分值", "说明")


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn as the page shows it; numbers count from 1."""

    number: int
    role: str
    who: str
    at: datetime | None
    segments: tuple[Segment, ...]
    level: int | None
    level_name: str
    is_sure: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The whole: findings in words, turns, and the line."""

    sentences: tuple[str, ...]
    turns: tuple[Turn, ...]
    course: Course


def add(routes: Blueprint, office: Office) -> None:
    """The route of the line's numbers."""

    @routes.get("/cases/<int:case_id>/dialogue.csv")
    def download_dialogue(case_id: int) -> Response:
        """The numbers of a conversation; no text."""
        shown = conversation_of(get_case(office.database, case_id), [], names(office))
        if shown is None:
            abort(404)
        table = shown.course.table
        lines = csv_table(table.head, table.rows)
        return download(lines, "text/csv; charset=utf-8", f"dialogue-{case_id}.csv")


def conversation_of(file: CaseFile, pieces: Sequence[Piece], called: Names) -> Conversation | None:
    """What is shown of a case's conversation; None for a single text."""
    if file.dialogue is None:
        return None
    found = CaseDialogueReply.model_validate(file.dialogue)
    turns = tuple(_turn(one, found, file, pieces, called) for one in found.turns)
    told = tuple(_sentences(found))
    rows = tuple(_row(turn, one) for turn, one in zip(turns, found.turns, strict=True))
    spots = [
        Spot(turn.number, turn.level, turn.is_sure, _title(turn))
        for turn in turns
        if turn.role == _CUSTOMER
    ]
    return Conversation(
        told, turns, course(spots, _levels(found, called), told[0], Table(_HEAD, rows))
    )


def _turn(
    one: CaseTurnReply,
    found: CaseDialogueReply,
    file: CaseFile,
    pieces: Sequence[Piece],
    called: Names,
) -> Turn:
    if one.start is not None and one.end is not None:
        segments = marking.part(file.text, pieces, called, (one.start, one.end))
    else:
        segments = marking.whole(one.text, [], called)
    intensity = one.intensity
    return Turn(
        number=one.turn + 1,
        role=one.role,
        who=_ROLES[one.role],
        at=one.at,
        segments=tuple(segments),
        level=intensity.level if intensity else None,
        level_name=_level(intensity.level, intensity.name) if intensity else "未判定",
        is_sure=intensity is not None and intensity.band != "low",
        notes=tuple(_notes(one, found)),
    )


def _notes(one: CaseTurnReply, found: CaseDialogueReply) -> Iterator[str]:
    """What stands out in one turn."""
    if found.peak and found.peak.turn == one.turn:
        yield "最激烈"
    if found.turning_point == one.turn:
        yield "从这里起平息" if found.trend == "calmed" else "从这里起升级"
    if one.turn in found.repetition.turns:
        yield f"重复（{percent(one.repeated_share, 1)}）"
    if one.says_again:
        yield "明说已经说过"
    if one.acknowledges:
        yield f"回应情绪：{_answers(one.acknowledges)}"
    if one.intensity and one.intensity.band == "low":
        yield "把握不足，不计入走势"


def _sentences(found: CaseDialogueReply) -> Iterator[str]:
    """The findings in words, the course first."""
    yield _course(found)
    if found.peak:
        level = _level(found.peak.level, found.peak.name)
        yield f"最激烈的是第 {found.peak.turn + 1} 条（{level}）。"
    answer = found.acknowledgement
    if answer.acknowledged is False:
        yield "客服没有回应客户的情绪。"
    elif answer.turn is not None:
        yield (
            f"客户说到第 {answer.after_customer_turns} 句后，客服在第 {answer.turn + 1} 条"
            f"回应了情绪（{_answers(answer.kinds)}）。"
        )
    again = found.repetition
    if again.repeated:
        numbers = "、".join(str(n + 1) for n in sorted({*again.turns, *again.explicit_turns}))
        yield f"客户不得不重复：第 {numbers} 条；后来说的话有 {percent(again.share, 1)} 先前说过。"


def _course(found: CaseDialogueReply) -> str:
    if found.turning_point is not None:
        how = "平息" if found.trend == "calmed" else "升级"
        return f"客户的情绪从第 {found.turning_point + 1} 条起{how}。"
    if found.trend == "steady":
        return "客户的情绪没有明显变化。"
    return "能判断情绪的消息不足 3 条，看不出走势。"


def _row(turn: Turn, one: CaseTurnReply) -> tuple[str | int, ...]:
    level = turn.level_name if one.role == _CUSTOMER else "—"
    score = f"{one.intensity.score:.2f}" if one.intensity else "—"
    return turn.number, turn.who, level, score, "；".join(turn.notes)


def _title(turn: Turn) -> str:
    return "\n".join([f"第 {turn.number} 条：{turn.level_name}", *turn.notes])


def _levels(found: CaseDialogueReply, called: Names) -> list[tuple[int, str]]:
    """The levels of the axis: the model's, and those that the turns have, by their own names."""
    known = {level: called.level(level) for level in called.labels.levels if level is not None}
    known |= {one.intensity.level: one.intensity.name for one in found.turns if one.intensity}
    return sorted(known.items())


def _level(level: int, name: str) -> str:
    return f"{level} 级" if name == str(level) else f"{level} 级 {name}"


def _answers(kinds: Sequence[str]) -> str:
    return "、".join(_ANSWERS[kind] for kind in kinds)
