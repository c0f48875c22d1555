from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update

from classifier.prediction import Priority
from service.cases.states import VerdictKind
from service.cases.tables import Case, Verdict
from service.drift.tables import DriftCount, DriftState
from service.outbox.tables import OutboxEvent
from tests.service.cases.conftest import TEXT, Queue
from tests.service.drift.conftest import NOW, Drift


def told(drift: Drift) -> list[dict[str, object]]:
    """What the events say."""
    with drift.database.session() as session:
        events = session.scalars(select(OutboxEvent).order_by(OutboxEvent.number))
        return [e.payload["data"]["drift"] for e in events if e.type == "drift.detected"]


def test_the_same_mix_tells_nothing(drift: Drift) -> None:
    """What was found is kept for /metrics, and nobody is told."""
    drift.write([1000, 0])
    drift.classify(300)
    drift.watch().check()
    with drift.database.session() as session:
        state = session.get(DriftState, 1)
    assert state is not None
    assert {one["measure"]: one["verdict"] for one in state.findings} == {
        "category": "stable",
        "outcome": "stable",
    }
    assert told(drift) == []


def test_another_mix_is_told_once_however_many_workers_look(drift: Drift) -> None:
    """The event names the measure, its size and what moved; a second look tells nothing."""
    drift.write([500, 500])
    drift.classify(300)
    for watch in (drift.watch(), drift.watch(), drift.watch()):
        watch.check()
    (only,) = told(drift)
    assert (only["model_version"], only["window_hours"], only["new"]) == ("v1", 24, ["category"])
    (measure,) = only["measures"]
    assert (measure["measure"], measure["verdict"], measure["texts"]) == ("category", "act", 300)
    assert measure["shifts"][0] == {"bin": "service", "before": 0.5, "now": 1.0}


def test_it_is_told_again_after_it_was_stable(drift: Drift) -> None:
    """A measure that came back to normal may leave it again."""
    watch = drift.watch(hours=1)
    drift.write([500, 500])
    drift.classify(300)
    watch.check()
    drift.now = NOW + timedelta(hours=2)
    drift.classify(20)  # too few to say anything: stable
    watch.check()
    drift.now = NOW + timedelta(hours=4)
    drift.classify(300)
    watch.check()
    assert [one["new"] for one in told(drift)] == [["category"], ["category"]]


def test_only_the_window_counts_and_old_hours_are_forgotten(drift: Drift) -> None:
    """Texts of yesterday are not those of the last hour."""
    drift.write([500, 500])
    drift.classify(300)
    drift.now = NOW + timedelta(hours=3)
    drift.watch(hours=1).check()
    assert told(drift) == []
    with drift.database.session() as session:
        assert session.scalar(select(func.count()).select_from(DriftCount)) == 0


def test_a_model_without_a_profile_is_not_watched(drift: Drift) -> None:
    """No manifest, or an older one: nothing is written, and the worker goes on."""
    drift.watch().check()
    with drift.database.session() as session:
        assert session.get(DriftState, 1) is None


def overrule(queue: Queue, number: int, reasons: str) -> None:
    """So many cases, here for these reasons, of which people say that the category is another."""
    items = [{"text": TEXT}] * number
    queue.service.post("/v1/classify/batch", {"items": items})
    with queue.service.database.session() as session:
        session.execute(update(Case).where(Case.reasons != "audit").values(reasons=reasons))
        for case in session.scalars(select(Case).where(Case.reasons == reasons)):
            of_model = {"predicted_category": "service", "predicted_level": 4,
                        "predicted_signals": "", "predicted_priority": Priority.P1}  # fmt: skip
            session.add(Verdict(
                case_id=case.id, at=NOW - timedelta(days=3), actor="user:anna",
                kind=VerdictKind.REVIEW, category="refund", level=4, signals="",
                priority=Priority.P1, is_correction=True, agrees=None, reason="",
                model_version="v1", **of_model,
            ))  # fmt: skip
        session.commit()


def test_overruled_cases_drawn_at_random_ask_to_act(drift: Drift, queue: Queue) -> None:
    """All of 110 overruled where the training erred in a tenth; other cases do not count."""
    drift.write([1000, 0])
    overrule(queue, 110, "audit")
    overrule(queue, 10, "priority")
    drift.watch().check()
    (only,) = told(drift)
    assert only["new"] == ["calibration_category", "override_category"]
    assert [one["texts"] for one in only["measures"]] == [110, 110]
    assert only["measures"][0]["now"] == 1.0
