from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from classifier.prediction import Priority
from service.cases.faults import (
    CaseConflictError,
    CaseFieldError,
    CaseForbiddenError,
    CaseRefusedError,
)
from service.cases.file import get_case
from service.cases.states import VerdictKind, VerdictState
from service.cases.tables import Case, CaseVolume
from service.cases.verdicts import Opinion
from service.tables import Role
from tests.service.cases.conftest import Queue, in_team_hours, person

ANNA, BERND = person("anna"), person("bernd")
CHIEF = person("chief", Role.ADJUDICATOR)
OTHER = Opinion(category="refund", level=None, reason="说的是退款")


def state_of(queue: Queue, number: int) -> VerdictState:
    """How far the verdicts on a case have come."""
    return get_case(queue.desk.database, number).case.verdict_state


def test_a_confirmation_needs_no_reason(queue: Queue) -> None:
    """Everything stays as the model said, and the case knows that somebody looked."""
    number = queue.add()
    verdict = queue.verdicts.give(number, ANNA, Opinion())
    assert verdict.kind is VerdictKind.REVIEW
    assert (verdict.category, verdict.level, verdict.signals) == ("service", 4, " regulator ")
    assert (verdict.is_correction, verdict.agrees) == (False, None)
    assert state_of(queue, number) is VerdictState.REVIEWED


def test_a_correction_takes_effect_at_once(queue: Queue) -> None:
    """Queue, clock and team follow the reviewer; what the model said is kept beside it."""
    number = queue.add()
    before = get_case(queue.desk.database, number).case
    opinion = Opinion("safety", None, {"regulator": False, "injury": True}, Priority.P0, "有人受伤")
    verdict = queue.verdicts.give(number, ANNA, opinion, version=1)
    file = get_case(queue.desk.database, number)
    assert (file.case.category, file.case.level, file.case.signals) == ("safety", 4, " injury ")
    assert (file.case.priority, file.case.team) == (Priority.P0, "safety")
    assert file.case.due_at == before.due_at - timedelta(hours=1)  # P1 two hours, P0 one
    assert (verdict.predicted_category, verdict.predicted_signals) == ("service", " regulator ")
    assert verdict.is_correction
    assert file.prediction["category"]["code"] == "service"
    assert file.history[-1].action == "review"


def test_two_who_agree_make_it_final(queue: Queue) -> None:
    """The second confirms the first; a third verdict is refused."""
    number = queue.add()
    queue.verdicts.give(number, ANNA, OTHER)
    second = queue.verdicts.give(number, BERND, Opinion())
    assert (second.kind, second.agrees) == (VerdictKind.SECOND_REVIEW, True)
    assert state_of(queue, number) is VerdictState.FINAL
    with pytest.raises(CaseRefusedError, match="确定"):
        queue.verdicts.give(number, CHIEF, Opinion())


def test_a_disagreement_waits_for_an_adjudicator(queue: Queue) -> None:
    """Until then the first review counts; neither of the two, nor any reviewer, may settle it."""
    number = queue.add()
    queue.verdicts.give(number, ANNA, OTHER)
    second = queue.verdicts.give(
        number, BERND, Opinion(level=None, category="delivery", reason="x")
    )
    assert second.agrees is False
    assert state_of(queue, number) is VerdictState.DISPUTED
    assert get_case(queue.desk.database, number).case.category == "refund"
    assert queue.ids(verdict="disputed") == [number]
    with pytest.raises(CaseForbiddenError, match="adjudicator"):
        queue.verdicts.give(number, person("carl"), Opinion())
    with pytest.raises(CaseForbiddenError, match="裁定人"):
        queue.verdicts.give(number, person("anna", Role.ADJUDICATOR), Opinion())
    last = queue.verdicts.give(number, CHIEF, Opinion(category="delivery", reason="是配送"))
    assert last.kind is VerdictKind.ADJUDICATION
    assert state_of(queue, number) is VerdictState.FINAL
    assert get_case(queue.desk.database, number).case.category == "delivery"


def test_who_changes_their_mind_adds_a_verdict(queue: Queue) -> None:
    """The same reviewer's next review takes the place of the first; both are kept."""
    number = queue.add()
    queue.verdicts.give(number, ANNA, OTHER)
    again = queue.verdicts.give(number, ANNA, Opinion(category="delivery", reason="看错了"))
    assert again.kind is VerdictKind.REVIEW
    file = get_case(queue.desk.database, number)
    assert [verdict.category for verdict in file.verdicts] == ["refund", "delivery"]
    assert file.case.verdict_state is VerdictState.REVIEWED


@pytest.mark.parametrize(
    ("opinion", "field", "part"),
    [
        (Opinion(category="refund"), "reason", "理由"),
        (Opinion(category="refund", reason="  "), "reason", "理由"),
        (Opinion(category="nothing", reason="x"), "category", "refund"),
        (Opinion(level=9, reason="x"), "level", "4"),
        (Opinion(signals={"noise": True}, reason="x"), "signals", "legal"),
        (Opinion(reason="长" * 2001), "reason", "2001"),
    ],
)
def test_what_may_not_be_said_is_named(
    queue: Queue, opinion: Opinion, field: str, part: str
) -> None:
    """The field, the value and what is allowed; nothing is kept."""
    number = queue.add()
    with pytest.raises(CaseFieldError, match=part) as caught:
        queue.verdicts.give(number, ANNA, opinion)
    assert caught.value.field == field
    assert get_case(queue.desk.database, number).verdicts == ()


def test_viewers_and_stale_pages_give_no_verdict(queue: Queue) -> None:
    """A role that only looks, and a version that is no more."""
    number = queue.add()
    with pytest.raises(CaseForbiddenError):
        queue.verdicts.give(number, person("v", Role.VIEWER), Opinion())
    queue.desk.claim(number, BERND)
    with pytest.raises(CaseConflictError):
        queue.verdicts.give(number, ANNA, Opinion(), version=1)


def test_a_reason_is_masked(queue: Queue) -> None:
    """Personal data does not come in by the reviewer either."""
    number = queue.add()
    verdict = queue.verdicts.give(number, ANNA, Opinion(reason="已致电13800001111"))
    assert verdict.reason == "已致电[手机]"


def test_the_sums_of_charts_follow_every_verdict(queue: Queue) -> None:
    """Kept sums equal a count of the cases, before and after corrections."""
    numbers = [queue.add() for _ in range(4)]
    queue.verdicts.give(numbers[0], ANNA, OTHER)
    queue.verdicts.give(numbers[1], ANNA, Opinion(category="safety", reason="x"))
    queue.verdicts.give(numbers[1], ANNA, Opinion(category="refund", reason="x"))
    queue.add("差")
    with queue.desk.database.session() as session:
        cases = list(session.scalars(select(Case)))
        sums = {
            (row.created_hour, row.label): row.cases
            for row in session.scalars(select(CaseVolume))
            if row.cases
        }
    counted = Counter((case.created_hour, f"category:{case.category or ''}") for case in cases)
    counted += Counter((case.created_hour, f"level:{case.level or ''}") for case in cases)
    assert sums == counted


def test_another_team_has_other_hours(queue: Queue) -> None:
    """Sunday night before a holiday: triage opens on Tuesday at eight, safety never closes."""
    queue.service.parts.predictor.policy = in_team_hours("P1", "2h")
    number = queue.add(occurred_at="2025-06-01T23:00:00+08:00")
    case = get_case(queue.desk.database, number).case
    assert (case.team, case.due_at.isoformat()) == ("triage", "2025-06-03T02:00:00+00:00")
    queue.verdicts.give(number, ANNA, Opinion("safety", reason="食品安全"))
    case = get_case(queue.desk.database, number).case
    assert (case.team, case.due_at.isoformat()) == ("safety", "2025-06-01T17:00:00+00:00")
    assert case.priority is Priority.P1
