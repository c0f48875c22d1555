"""Fakes with the face of the real things: a model without training, settings without a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classifier.errors import ModelError
from classifier.prediction import (
    Band,
    Category,
    Evidence,
    Intensity,
    Outcome,
    Prediction,
    RankedCategory,
    Signal,
)
from service.settings import Settings, read_settings

MAX_CHARS_READ = 20_000


class FakeTriage:
    """Judges every text alike: its first two characters are the evidence, 举报 is a signal."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.texts_seen = 0

    def count_words(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Every text has four words, and knows them all."""
        return np.full(len(texts), 4), np.zeros(len(texts), np.int64)

    def describe(self) -> dict[str, object]:
        """A manifest of two entries."""
        return {"version": self.version, "labels": {"category": ["service"]}}

    def predict(self, texts: Sequence[str], *, with_evidence: bool = True) -> list[Prediction]:
        """One prediction per text, all alike."""
        self.texts_seen += len(texts)
        return [self._predict(text, with_evidence=with_evidence) for text in texts]

    def _predict(self, text: str, *, with_evidence: bool) -> Prediction:
        is_judged = len(text.strip()) > 1
        place = text.find("举报")
        return Prediction(
            outcome=Outcome.OK if is_judged else Outcome.NEEDS_HUMAN,
            outcome_reasons=() if is_judged else ("too_short",),
            intensity=Intensity(4, "愤怒", 0.7, (0.0, 0.1, 0.1, 0.7, 0.1), Band.HIGH)
            if is_judged
            else None,
            category=Category(
                "service", "服务态度", 0.9, Band.HIGH, (RankedCategory("service", 0.9),)
            )
            if is_judged
            else None,
            signals=(Signal("regulator", place, place + 2, "举报"),) if place >= 0 else (),
            evidence=(Evidence("category", 0, 2, text[:2], 1.5),)
            if is_judged and with_evidence
            else (),
            language="zh",
            chars_used=min(len(text), MAX_CHARS_READ),
            truncated=len(text) > MAX_CHARS_READ,
            model_version=self.version,
            tokeniser="fake",
        )


def load_fake(folder: Path) -> FakeTriage:
    """A fake named like its folder; a folder without a `fake` file is a damaged model."""
    if not (folder / "fake").is_file():
        raise ModelError(f"model {folder.name} is damaged: fake is missing")
    return FakeTriage(folder.name)


def make_model(models: Path, version: str, *, is_damaged: bool = False) -> None:
    """Publishes a fake model: its folder, then CURRENT in one step."""
    folder = models / version
    folder.mkdir(parents=True, exist_ok=True)
    if not is_damaged:
        (folder / "fake").write_text("")
    new = models / "CURRENT.new"
    new.write_text(version + "\n")
    new.replace(models / "CURRENT")


def make_settings(folder: Path, **variables: str) -> Settings:
    """Settings whose home, models and database lie in a folder."""
    return read_settings(
        {
            "TRIAGE_HOME": str(folder / "home"),
            "TRIAGE_MODELS": str(folder / "models"),
            **variables,
        }
    )
