"""What a person may do with a case now: asked of the rules themselves, so that no button lies."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.actors import Actor
from service.cases import moves
from service.cases.faults import CaseError
from service.cases.file import CaseFile
from service.cases.states import VerdictKind
from service.cases.verdicts import step_of
from service.tables import Role

_ANYBODY = "user:0"


def allowed(file: CaseFile, by: Actor, now: datetime) -> frozenset[str]:
    """The names of the moves that would not be refused."""
    tried: dict[str, moves.Move] = {
        "claim": moves.claim,
        "release": moves.release,
        "assign": moves.assign(_ANYBODY),
        "snooze": moves.snooze(now + timedelta(hours=1)),
        "wait_for_customer": moves.wait_for_customer,
        "resume": moves.resume,
        "respond": moves.respond,
        "note": moves.note,
        "resolve": moves.resolve,
        "dismiss": moves.dismiss,
        "reopen": moves.reopen,
    }
    if by.role < Role.REVIEWER:
        return frozenset()
    return frozenset(name for name, move in tried.items() if _is_allowed(move, file, by, now))


def verdict_step(file: CaseFile, by: Actor) -> VerdictKind | None:
    """Which verdict this person may give; None when none."""
    if by.role < Role.REVIEWER:
        return None
    try:
        return step_of(file.case, by, file.verdicts)
    except CaseError:
        return None


def _is_allowed(move: moves.Move, file: CaseFile, by: Actor, now: datetime) -> bool:
    try:
        move(file.case, by, now)
    except CaseError:
        return False
    return True
