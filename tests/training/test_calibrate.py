"""Calibration recovers what was put in, and thresholds mean what they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from classifier.heads import ADJACENT, MULTINOMIAL, softmax
from training.calibrate import fit_bands, fit_category_head, fit_cuts, fit_intensity_head
from training.config import BandSettings
from training.evaluate import expected_calibration_error

RANDOM = np.random.default_rng(5)
BANDS = BandSettings(0.9, 0.4)
LABELS = {1: "低", 2: "中", 3: "高"}


def draw(probabilities: np.ndarray) -> np.ndarray:
    """A label for each row, drawn with its probabilities."""
    return (RANDOM.random((len(probabilities), 1)) > probabilities.cumsum(axis=1)).sum(axis=1)


def test_overconfident_logits_are_scaled_back() -> None:
    """Logits three times too large get a scale near a third, and honest probabilities."""
    honest = RANDOM.normal(0, 1.5, (6000, 3))
    truth = draw(softmax(honest))
    head = fit_category_head(3 * honest, truth, ["a", "b", "c"], ["甲", "乙", "丙"], BANDS)
    assert head.scale == pytest.approx(1 / 3, rel=0.1)
    probs = head.probabilities(3 * honest)
    assert expected_calibration_error(probs.max(axis=1), probs.argmax(axis=1) == truth) < 0.03


@pytest.mark.parametrize("kind", [ADJACENT, MULTINOMIAL])
def test_levels_are_recovered_by_either_kind(kind: str) -> None:
    """Borders at -1 and 1 of a latent anger give calibrated, ordered answers."""
    anger = RANDOM.normal(0, 2, 5000)
    above = expit(4 * np.column_stack([anger + 1, anger - 1]))
    truth = (RANDOM.random((5000, 1)) < above).sum(axis=1)
    columns = [anger + 1, anger - 1] if kind == ADJACENT else [-anger, 0 * anger, anger]
    head = fit_intensity_head(kind, np.column_stack(columns), truth, LABELS, BANDS)
    probs = head.probabilities(np.column_stack(columns))
    ranks = head.ranks(head.scores(probs))
    assert (ranks == truth).mean() > 0.75
    assert list(head.cuts) == sorted(head.cuts)
    assert expected_calibration_error(probs[:, 2], truth == 2) < 0.05


def test_separable_logits_do_not_run_away() -> None:
    """Without one held-out mistake the scale stays finite and modest."""
    truth = np.arange(60) % 2
    logits = np.where(truth[:, None] == np.arange(2), 1.0, -1.0)
    assert fit_category_head(logits, truth, ["a", "b"], ["甲", "乙"], BANDS).scale < 10


def test_cuts_move_to_where_kappa_is_best() -> None:
    """If every expected rank is 0.3 too low, the borders move down with it."""
    truth = np.repeat([0, 1, 2], 100)
    cuts = fit_cuts(np.clip(truth - 0.6, 0, 2), truth, 3)
    assert np.searchsorted(cuts, np.clip(truth - 0.6, 0, 2), "right").tolist() == truth.tolist()


def test_bands_are_where_the_accuracy_is_reached() -> None:
    """Right from 0.7 up, wrong below 0.3: there the high band starts and the low band ends."""
    confidence = np.linspace(0, 1, 1001)
    right = (confidence > 0.7) | ((confidence > 0.3) & (np.arange(1001) % 2 == 0))
    bands = fit_bands(confidence, right, BandSettings(0.99, 0.0))
    assert bands.high == pytest.approx(0.7, abs=0.02)
    assert bands.medium == pytest.approx(0.3, abs=0.02)


def test_a_head_that_is_never_sure_has_no_high_band() -> None:
    """Coin tosses reach 90 % nowhere, so nothing is in the high band."""
    confidence = RANDOM.random(2000)
    assert fit_bands(confidence, RANDOM.random(2000) < 0.5, BANDS).high == 1.0
