"""What people say of a model's answers, against what its training expects of answers so sure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import asin, sqrt
from statistics import NormalDist

import numpy as np

from classifier.drift import ECE, Finding, H, judge, packaged_limits
from classifier.profile import (
    Floats,
    Hits,
    Json,
    Labels,
    Profile,
    Reliability,
    reliability,
    share_bins,
)

_ROUNDS = 5000


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What people said of the answers of one head: how sure it was, and whether it was right."""

    confidence: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)

    @property
    def overridden_share(self) -> float:
        """Share of wrong answers, 0-1."""
        return 1 - sum(self.right) / max(1, len(self.right))


Heads = dict[str, Reviewed]  # "category" and "level", as far as a model has them


def no_reviews(labels: Labels) -> Heads:
    """The heads of a model, with nothing said of them yet."""
    heads = {"category": labels.codes, "level": labels.levels}
    return {head: Reviewed() for head, names in heads.items() if names}


def note(heads: Heads, prediction: Json, said: tuple[object, object], labels: Labels) -> None:
    """Adds one verdict: category and level as people `said`, None for what they said nothing of.

    `prediction` is a stored one, as plain values; what it has no answer for is not counted.
    """
    category, intensity = _table(prediction, "category"), _table(prediction, "intensity")
    prob, probs, answer = category.get("prob"), intensity.get("probs"), intensity.get("level")
    if "category" in heads and said[0] is not None and isinstance(prob, float | int):
        heads["category"].confidence.append(float(prob))
        heads["category"].right.append(category.get("code") == said[0])
    if (
        "level" in heads and said[1] is not None and answer in labels.levels
        and isinstance(probs, list) and len(probs) == len(labels.levels)
    ):  # fmt: skip
        heads["level"].confidence.append(float(probs[labels.levels.index(answer)]))
        heads["level"].right.append(answer == said[1])


def judge_reviews(profile: Profile, heads: Mapping[str, Reviewed]) -> list[Finding]:
    """How often each head was overruled, and how well its probabilities still hold."""
    found = []
    for head, reviewed in heads.items():
        if reviewed.right and head in profile.reliability:
            confidence, right = np.array(reviewed.confidence), np.array(reviewed.right)
            found.append(overridden(profile, head, confidence, right))
            found.append(miscalibrated(profile, head, confidence, right))
    return found


def overridden(profile: Profile, head: str, confidence: Floats, right: Hits) -> Finding:
    """How often people overruled a head, against what the training expects at these confidences.

    Answers that people saw may be surer or less sure than those of the training: what is expected
    is the share of wrong answers that the training had at the same confidence. Only a rise counts.
    """
    reference = _rates(profile.reliability[head])
    fresh = reliability(confidence, right)
    n = int(fresh.texts.sum())
    expected = float((fresh.texts * (1 - reference)).sum() / max(1, n))
    observed = 1 - float(fresh.right.sum() / max(1, n))
    value = max(0.0, 2 * asin(sqrt(observed)) - 2 * asin(sqrt(expected)))
    m = int(profile.reliability[head].texts.sum())
    noise = NormalDist().inv_cdf(1 - packaged_limits().significance) * sqrt(
        1 / max(1, n) + 1 / max(1, m)
    )
    verdict = judge(H, value, noise, n)
    return Finding(f"override_{head}", H, value, noise, n, verdict, expected, observed)


def miscalibrated(profile: Profile, head: str, confidence: Floats, right: Hits) -> Finding:
    """How much the calibration error rose over that of the training at the same confidences.

    The error is the mean gap of confidence and accuracy over 20 bins (Guo et al. 2017). Its noise
    comes from answers drawn anew with the accuracy that the training had in each bin, which is
    consistency resampling (Broecker & Smith 2007), with a fixed seed.
    """
    reference = _rates(profile.reliability[head])
    fresh = reliability(confidence, right)
    n = max(1, int(fresh.texts.sum()))
    stated = np.bincount(share_bins(confidence), confidence, minlength=len(reference))

    def error(hits: Floats) -> Floats:
        gaps: Floats = np.abs(stated - hits).sum(axis=-1) / n
        return gaps

    before = float(error(fresh.texts * reference))
    now = float(error(fresh.right.astype(np.float64)))
    draws = np.random.default_rng(0).binomial(fresh.texts, reference, (_ROUNDS, len(reference)))
    high = float(np.quantile(error(draws.astype(np.float64)), 1 - packaged_limits().significance))
    value, noise, texts = max(0.0, now - before), max(0.0, high - before), int(fresh.texts.sum())
    verdict = judge(ECE, value, noise, texts)
    return Finding(f"calibration_{head}", ECE, value, noise, texts, verdict, before, now)


def _rates(found: Reliability) -> Floats:
    """Share of right answers in each bin, drawn to the bin's middle by one text's weight."""
    size = len(found.texts)
    middle = (np.arange(size) + 0.5) / size
    rates: Floats = (found.right + middle) / (found.texts + 1)
    return rates


def _table(values: Json, name: str) -> Json:
    value = values.get(name)
    return value if isinstance(value, dict) else {}
