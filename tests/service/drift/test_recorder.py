from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from service.app import Parts, create_app
from service.drift.recorder import Recorder
from service.drift.tables import DriftCount
from service.metrics import Metrics
from service.predictor import Predictor
from service.settings import Settings
from tests.service.drift.conftest import Drift
from tests.service.fakes import load_fake


def sums(drift: Drift) -> dict[tuple[str, int], int]:
    """What stands in the database: texts by measure and bin."""
    statement = select(DriftCount.measure, DriftCount.bin, func.sum(DriftCount.texts)).group_by(
        DriftCount.measure, DriftCount.bin
    )
    with drift.database.session() as session:
        return {(m, b): int(n) for m, b, n in session.execute(statement)}


def test_what_is_classified_is_counted_by_the_hour(drift: Drift) -> None:
    """Counts only; of 40 texts the words of 16, drawn at random, are looked up."""
    drift.classify(40)
    drift.classify(40, text="差")
    found = sums(drift)
    assert found["length", 0] == 80
    assert (found["outcome", 0], found["outcome", 2]) == (40, 40)
    assert found["category", 0] == 40
    assert found["oov", 0] == 2 * 16
    assert found["words", 0] == 2 * 16 * 4


def test_two_processes_add_to_the_same_sums(drift: Drift) -> None:
    """No count of another worker is lost."""
    other = Drift(drift.database, drift.models, Recorder(
        drift.database, drift.predictor, clock=lambda: drift.now
    ), drift.predictor)  # fmt: skip
    drift.classify(3)
    other.classify(4)
    assert sums(drift)["category", 0] == 7


def test_a_flood_is_sampled(drift: Drift) -> None:
    """Of more texts than are counted at once the latest are, and memory stays bounded."""
    drift.classify(2000)
    assert sums(drift)["category", 0] == 512


def test_a_model_without_a_profile_is_not_counted(drift: Drift) -> None:
    """There is nothing to compare it with."""
    predictor = Predictor(drift.models, load_fake, drift.predictor.policy)
    recorder = Recorder(drift.database, predictor, clock=lambda: drift.now)
    Drift(drift.database, drift.models, recorder, predictor).classify(5)
    assert sums(drift) == {}


def test_counts_wait_while_the_database_is_gone(
    drift: Drift, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost and nothing is raised: the next minute writes all of it."""

    def gone() -> None:
        raise OperationalError("", {}, Exception())

    with monkeypatch.context() as patch:
        patch.setattr(drift.database, "writing", gone)
        drift.classify(5)
    assert sums(drift) == {}
    drift.classify(1)
    assert sums(drift)["category", 0] == 6


def test_requests_are_counted_and_shown_on_metrics(drift: Drift, settings: Settings) -> None:
    """From a classified text to the gauges, by way of the database and the event worker."""
    drift.write([0, 1000])
    parts = Parts(settings, drift.database, drift.predictor, Metrics(), drift=drift.recorder)
    client = create_app(settings, parts).test_client()
    assert "triage_drift" not in client.get("/metrics").get_data(as_text=True)
    drift.classify(200)
    drift.watch().check()
    drift.recorder.flush()
    found = client.get("/metrics").get_data(as_text=True)
    assert 'triage_drift_verdict{measure="category"} 2.0' in found
    assert 'triage_drift_texts{measure="category"} 200.0' in found
    assert 'triage_drift_psi{measure="outcome"} 0.0' in found
