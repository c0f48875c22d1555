from __future__ import annotations

import numpy as np

from classifier.drift import Verdict
from classifier.profile import SHARE_BINS, Labels, Profile, Reliability
from classifier.reviewed import judge_reviews, no_reviews, note

LABELS = Labels(("a", "b"), (1, 2))


def profile() -> Profile:
    """Of 2,000 held-out answers of 0.9, 1,800 were right, and 1,200 of 2,000 of 0.6."""
    texts, right = np.zeros((2, SHARE_BINS), np.int64)
    texts[[18, 12]], right[18], right[12] = 2000, 1800, 1200
    return Profile(4000, {}, {"category": Reliability(texts, right)})


def findings(prob: float, *, right: int, wrong: int) -> list[Verdict]:
    """The verdicts on overruling and calibration after so many reviews."""
    heads = no_reviews(LABELS)
    for said, number in (("a", right), ("b", wrong)):
        for _ in range(number):
            prediction = {"category": {"code": "a", "prob": prob}, "intensity": None}
            note(heads, prediction, (said, None), LABELS)
    assert not heads["level"].right
    return [finding.verdict for finding in judge_reviews(profile(), heads)]


def test_as_many_errors_as_the_training_had_are_no_drift() -> None:
    """Expected is what the training had at the same confidence: 10 % here, 40 % there."""
    assert findings(0.9, right=180, wrong=20) == [Verdict.STABLE, Verdict.STABLE]
    assert findings(0.6, right=120, wrong=80) == [Verdict.STABLE, Verdict.STABLE]


def test_more_errors_than_expected_ask_to_act() -> None:
    """40 % overruled where 10 % were expected: h = 0.73, and probabilities 0.3 too high."""
    assert findings(0.9, right=120, wrong=80) == [Verdict.ACT, Verdict.ACT]


def test_fewer_errors_are_no_rise_of_the_override_rate() -> None:
    """No error at all is not a reason to act on overruling."""
    assert findings(0.9, right=200, wrong=0)[0] is Verdict.STABLE


def test_few_reviews_raise_no_alarm() -> None:
    """Six of ten overruled may be chance."""
    assert findings(0.9, right=4, wrong=6) == [Verdict.STABLE, Verdict.STABLE]


def test_levels_are_counted_where_the_scale_is_the_models() -> None:
    """The probability of the chosen level; another scale, or no verdict on it, is skipped."""
    heads = no_reviews(LABELS)
    stored = {"category": None, "intensity": {"level": 2, "probs": [0.3, 0.7]}}
    note(heads, stored, (None, 1), LABELS)
    note(heads, stored, (None, None), LABELS)
    note(heads, {"intensity": {"level": 2, "probs": [0.3, 0.3, 0.4]}}, (None, 1), LABELS)
    assert (heads["level"].confidence, heads["level"].right) == ([0.7], [False])
    assert heads["level"].overridden_share == 1.0
