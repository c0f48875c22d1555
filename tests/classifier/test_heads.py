"""From logits to probabilities and levels, checked against hand-worked numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classifier.heads import (
    ADJACENT,
    CUMULATIVE,
    MULTINOMIAL,
    BandThresholds,
    CategoryHead,
    IntensityHead,
)
from classifier.prediction import Band

THRESHOLDS = BandThresholds(0.5, 0.8)
LOGITS = arrays(np.float64, (3, 2), elements=st.floats(-1e6, 1e6))


def intensity(kind: str) -> IntensityHead:
    """Three levels, by either way, without calibration."""
    sizes = (1, 3) if kind == MULTINOMIAL else (2, 2)
    return IntensityHead(
        kind, (1, 2, 3), ("低", "中", "高"), (1.0,) * sizes[0], (0.0,) * sizes[1], (0.5, 1.5),
        THRESHOLDS,
    )  # fmt: skip


def test_cumulative_borders_give_level_probabilities() -> None:
    """P(>1) = 0.8 and P(>2) = 0.5 leave 0.2, 0.3 and 0.5."""
    probs = intensity(CUMULATIVE).probabilities(np.array([[np.log(4), 0.0]]))
    assert probs.tolist() == [pytest.approx([0.2, 0.3, 0.5])]


def test_neighbours_give_level_probabilities() -> None:
    """Twice as likely as the one below, then three times as likely as that: 1, 2 and 6 of 9."""
    probs = intensity(ADJACENT).probabilities(np.array([[np.log(2), np.log(3)]]))
    assert probs.tolist() == [pytest.approx([1 / 9, 2 / 9, 6 / 9])]


def test_borders_that_cross_are_made_monotone() -> None:
    """A higher border can never be likelier than a lower one: no probability is negative."""
    probs = intensity(CUMULATIVE).probabilities(np.array([[0.0, 5.0]]))
    assert probs.tolist() == [pytest.approx([0.5, 0.0, 0.5])]


@pytest.mark.parametrize("kind", [ADJACENT, CUMULATIVE])
@given(logits=LOGITS)
def test_level_probabilities_are_a_distribution(kind: str, logits: np.ndarray) -> None:
    """Whatever the logits, rows are in 0-1 and sum to 1, and the score is in 0-1."""
    head = intensity(kind)
    probs = head.probabilities(logits)
    assert np.isfinite(probs).all()
    assert (probs >= 0).all()
    assert np.allclose(probs.sum(axis=1), 1)
    assert ((head.scores(probs) >= 0) & (head.scores(probs) <= 1)).all()


def test_the_level_is_the_expected_rank_cut_at_the_borders() -> None:
    """Scores 0, 0.5 and 1 of three levels are ranks 0, 1 and 2."""
    assert intensity(MULTINOMIAL).ranks(np.array([0.0, 0.5, 1.0])) == [0, 1, 2]


def test_category_probabilities_follow_the_scale() -> None:
    """With scale 2, logits 0 and ln 3 give 1/10 and 9/10."""
    head = CategoryHead(("a", "b"), ("甲", "乙"), 2.0, THRESHOLDS)
    logits = np.array([[0.0, np.log(3)]])
    assert head.probabilities(logits).tolist() == [pytest.approx([0.1, 0.9])]


def test_bands_start_at_their_thresholds() -> None:
    """A confidence on the threshold belongs to the better band."""
    bands = THRESHOLDS.bands([0.49, 0.5, 0.79, 0.8])
    assert bands == [Band.LOW, Band.MEDIUM, Band.MEDIUM, Band.HIGH]
