"""A fake model with a profile, and a recorder and a watch over it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifier.artifact import FORMAT, write_manifest
from classifier.policy_file import load_policy
from classifier.profile import SHARE_BINS, VERSION
from service.db import Database
from service.drift.alarm import DriftWatch
from service.drift.recorder import Recorder
from service.predictor import Predictor
from service.settings import Settings
from tests.service.cases.conftest import queue  # noqa: F401  (a fixture)
from tests.service.fakes import FakeTriage

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
_THRESHOLDS = {"medium": 0.5, "high": 0.8}


def manifest(category: list[int]) -> dict[str, object]:
    """A model of two categories whose training answered with them so often."""
    head = {"codes": ["service", "refund"], "names": ["服务", "退款"], "scale": 1.0}
    texts = [0] * 17 + [1000, 1000, 0]
    right = [0] * 17 + [900, 900, 0]
    return {
        "format": FORMAT,
        "heads": {"category": {**head, "thresholds": _THRESHOLDS}, "intensity": None},
        "profile": {
            "version": VERSION,
            "texts": sum(category),
            "counts": {"category": category, "outcome": [sum(category), 0, 0]},
            "reliability": {"category": {"texts": texts[:SHARE_BINS], "right": right}},
        },
    }


class ProfiledFake(FakeTriage):
    """A fake that knows how its training looked."""

    mix = [1000, 0]  # noqa: RUF012  (read only)

    def describe(self) -> dict[str, object]:
        """A manifest with a profile."""
        return {"version": self.version, **manifest(self.mix)}


@dataclass
class Drift:
    """Recorder and watch over one database, with a clock that is set by hand."""

    database: Database
    models: Path
    recorder: Recorder
    predictor: Predictor
    now: datetime = NOW

    def write(self, mix: list[int], version: str = "v1") -> None:
        """Puts a model with a profile into the folder."""
        write_manifest(self.models / version, manifest(mix))

    def classify(self, number: int, text: str = "服务太差") -> None:
        """The service classifies so many texts, and the minute ends."""
        for prediction in self.predictor.model.predict([text] * number):
            self.recorder.note(text, prediction)
        self.recorder.gather()
        self.recorder.flush()

    def watch(self, hours: int = 24) -> DriftWatch:
        """The event worker's part."""
        return DriftWatch(self.database, self.models, hours, clock=lambda: self.now)


@pytest.fixture
def drift(settings: Settings, database: Database) -> Drift:
    """The parts over a fake model v1 and a new database."""
    predictor = Predictor(settings.models, lambda p: ProfiledFake(p.name), load_policy())
    recorder = Recorder(database, predictor, clock=lambda: found.now)
    found = Drift(database, settings.models, recorder, predictor)
    return found
