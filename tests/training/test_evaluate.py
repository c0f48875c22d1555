"""Figures against values worked out by hand or taken from scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluate import Scores, expected_calibration_error, figures


def scores() -> Scores:
    """Four texts, three right categories, levels 0-4 with one off by two; one label missing."""
    return Scores(
        codes=["a", "b"],
        levels=[1, 2, 3, 4, 5],
        category_truth=np.array([0, 1, 1, 0]),
        category_probs=np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]]),
        rank_truth=np.array([0, 2, 4, -1]),
        level_probs=np.eye(5)[[0, 2, 2, 0]],
        ranks=np.array([0, 2, 2, 0]),
    )


def test_figures_match_hand_counts() -> None:
    """3 of 4 categories; of 3 levels one misses by 2; one of one furious text is missed."""
    found = figures(scores(), seed=1)
    category, intensity = found["category"], found["intensity"]
    assert category["accuracy"]["value"] == 0.75
    assert category["recall"] == {"a": 1.0, "b": 0.5}
    # F1 of a: 2*2/(2*2+1) = 0.8; of b: 2*1/(2*1+1) = 2/3
    assert category["macro_f1"]["value"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert intensity["mae"] == pytest.approx(2 / 3)
    assert intensity["texts"] == 3
    assert intensity["high_recall"] == 0.0
    assert intensity["high_texts"] == 1
    # truth 0,2,4 against 0,2,2: observed 4; by chance (0+4+4 + 4+0+0 + 16+4+4) / 3 = 12
    assert intensity["qwk"]["value"] == pytest.approx(1 - 4 / 12)


def test_intervals_hold_the_value() -> None:
    """The bootstrap interval lies around the figure."""
    interval = figures(scores(), seed=1)["category"]["accuracy"]
    assert interval["low"] <= interval["value"] <= interval["high"]


def test_calibration_error_of_known_bins() -> None:
    """Confidence 0.9 with half right is off by 0.4; perfect confidence is off by 0."""
    assert expected_calibration_error(np.full(10, 0.9), np.arange(10) < 5) == pytest.approx(0.4)
    assert expected_calibration_error(np.ones(4), np.ones(4, bool)) == 0
