"""Figures by counts of draws against scikit-learn on the drawn texts themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, cohen_kappa_score, f1_score

from training.bootstrap import (
    Statistic,
    average_precision,
    calibration_error,
    macro_f1,
    mean,
    ratio,
    value_of,
    values_of,
    weighted_kappa,
)

RANDOM = np.random.default_rng(5)
TRUTH, ANSWERS = RANDOM.integers(0, 5, 40), RANDOM.integers(0, 5, 40)
IS_HIGH, SCORE = TRUTH >= 3, RANDOM.integers(0, 9, 40) / 8  # nine scores: many are equal
ROWS = RANDOM.integers(0, 40, (20, 40))
COUNTS = np.array([np.bincount(rows, minlength=40) for rows in ROWS], float)


@pytest.mark.parametrize(
    ("statistic", "oracle"),
    [
        (
            weighted_kappa(TRUTH, ANSWERS, 5),
            lambda rows: cohen_kappa_score(TRUTH[rows], ANSWERS[rows], weights="quadratic"),
        ),
        (
            macro_f1(TRUTH, ANSWERS),
            lambda rows: f1_score(TRUTH[rows], ANSWERS[rows], average="macro"),
        ),
        (
            average_precision(IS_HIGH, SCORE),
            lambda rows: average_precision_score(IS_HIGH[rows], SCORE[rows]),
        ),
        (mean(TRUTH == ANSWERS), lambda rows: (TRUTH == ANSWERS)[rows].mean()),
        (
            ratio(IS_HIGH & (ANSWERS >= 3), IS_HIGH),
            lambda rows: (ANSWERS >= 3)[rows][IS_HIGH[rows]].mean(),
        ),
    ],
    ids=["kappa", "macro_f1", "average_precision", "mean", "recall"],
)
def test_counts_of_draws_say_the_same_as_the_drawn_texts(
    statistic: Statistic, oracle: Callable[[np.ndarray], float]
) -> None:
    """Each sample has the figure of its own texts."""
    assert statistic(COUNTS) == pytest.approx([oracle(rows) for rows in ROWS])


def test_calibration_error_counts_repeats() -> None:
    """Text 1 of confidence 0.9 is wrong and drawn three times, text 2 of 0.8 right, once."""
    found = calibration_error(np.array([0.9, 0.8]), np.array([False, True]))
    assert found(np.array([[3.0, 1.0]])) == pytest.approx([(3 * 0.9 + 1 * 0.2) / 4])


def test_samples_that_cannot_tell_are_left_out() -> None:
    """One text of ten is high: (9/10)**10 = 35 % of the samples have none of it."""
    is_high = np.arange(10) == 0
    found = values_of(ratio(is_high, is_high), 10, seed=1)
    assert set(found.tolist()) == {1.0}
    assert len(found) == pytest.approx(500 * 0.65, abs=32)  # three standard deviations


def test_a_mean_spreads_as_theory_says() -> None:
    """The standard error of a share of 0.5 over 400 texts is 0.025."""
    is_right = np.arange(400) < 200
    found = values_of(mean(is_right), 400, seed=2)
    assert value_of(mean(is_right), 400) == 0.5
    assert found.std() == pytest.approx(0.025, rel=0.15)
    assert found.tolist() == values_of(mean(is_right), 400, seed=2).tolist()
