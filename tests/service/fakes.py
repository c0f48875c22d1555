"""Fakes with the face of the real things: a model without training, settings without a server."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classifier.errors import ModelError
from classifier.likeness import Term
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
SLOW_SECONDS = 0.1


_ANGRY = Intensity(4, "愤怒", 0.7, (0.0, 0.1, 0.1, 0.7, 0.1), Band.HIGH)
_CALM = Intensity(2, "不满", 0.2, (0.1, 0.8, 0.1, 0.0, 0.0), Band.HIGH)


class FakeTriage:
    """Judges every text alike: its first two characters are the evidence, 举报 is a signal.

    A version that begins with `calm` finds level 2 and the category quality in every text; one that
    begins with `slow` takes `SLOW_SECONDS` for each text.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        self.texts_seen = 0

    def count_words(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Every text has four words, and knows them all."""
        return np.full(len(texts), 4), np.zeros(len(texts), np.int64)

    def telling_terms(self, text: str, most: int) -> list[Term]:
        """The first pairs of characters, one after the other, each as telling."""
        pieces = re.findall(r"\w\w", text)
        return [Term(piece, 1 / most) for piece in dict.fromkeys(pieces)][:most]

    def likeness(self, text: str, others: Sequence[str]) -> list[float]:
        """The share of all characters of two texts that both have."""
        own = set(text)
        return [len(own & set(one)) / max(1, len(own | set(one))) for one in others]

    def describe(self) -> dict[str, object]:
        """A manifest of two entries."""
        return {"version": self.version, "labels": {"category": ["service"]}}

    def predict(self, texts: Sequence[str], *, with_evidence: bool = True) -> list[Prediction]:
        """One prediction per text, all alike."""
        self.texts_seen += len(texts)
        if self.version.startswith("slow"):
            time.sleep(SLOW_SECONDS * len(texts))
        return [self._predict(text, with_evidence=with_evidence) for text in texts]

    def _predict(self, text: str, *, with_evidence: bool) -> Prediction:
        is_judged = len(text.strip()) > 1
        is_calm = self.version.startswith("calm")
        place = text.find("举报")
        return Prediction(
            outcome=Outcome.OK if is_judged else Outcome.NEEDS_HUMAN,
            outcome_reasons=() if is_judged else ("too_short",),
            intensity=(_CALM if is_calm else _ANGRY) if is_judged else None,
            category=_category("quality" if is_calm else "service") if is_judged else None,
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


class LoudTriage(FakeTriage):
    """Finds in each text the level of its ！: 1 without one, at most 5; the rest as the fake."""

    def _predict(self, text: str, *, with_evidence: bool) -> Prediction:
        found = super()._predict(text, with_evidence=with_evidence)
        if found.intensity is None:
            return found
        level = min(5, 1 + text.count("！"))
        probs = tuple(float(place == level) for place in range(1, 6))
        names = ("平静", "不满", "生气", "愤怒", "失控")
        return found._replace(
            intensity=Intensity(level, names[level - 1], (level - 1) / 4, probs, Band.HIGH)
        )


def _category(code: str) -> Category:
    names = {"service": "服务态度", "quality": "商品质量"}
    return Category(code, names[code], 0.9, Band.HIGH, (RankedCategory(code, 0.9),))


def load_fake(folder: Path) -> FakeTriage:
    """A fake named like its folder; a folder without a `fake` file is a damaged model."""
    if not (folder / "fake").is_file():
        raise ModelError(f"model {folder.name} is damaged: fake is missing")
    return FakeTriage(folder.name)


def make_model(
    models: Path, version: str, *, is_damaged: bool = False, pointer: str = "CURRENT"
) -> None:
    """Publishes a fake model: its folder, then CURRENT (or SHADOW) in one step."""
    folder = models / version
    folder.mkdir(parents=True, exist_ok=True)
    if not is_damaged:
        (folder / "fake").write_text("")
    new = models / f"{pointer}.new"
    new.write_text(version + "\n")
    new.replace(models / pointer)


def make_settings(folder: Path, **variables: str) -> Settings:
    """Settings whose home, models and database lie in a folder."""
    return read_settings(
        {
            "TRIAGE_HOME": str(folder / "home"),
            "TRIAGE_MODELS": str(folder / "models"),
            **variables,
        }
    )
