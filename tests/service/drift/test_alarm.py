from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from service.drift.tables import DriftCount, DriftState
from service.outbox.tables import OutboxEvent
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
