"""Doubted labels against cleanlab's answers and against figures by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.label_issues import (
    category_issues,
    category_severity,
    level_distance,
    level_issues,
    level_severity,
)

GIVEN = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 0])
PROBS = np.array([
    [0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1],
    [0.6, 0.3, 0.1], [0.1, 0.1, 0.8], [0.2, 0.2, 0.6], [0.1, 0.75, 0.15], [0.5, 0.1, 0.4],
])  # fmt: skip


def test_category_issues_are_those_of_cleanlab() -> None:
    """As cleanlab 2.9.0 answered: find_label_issues(…, filter_by="confident_learning")."""
    assert np.flatnonzero(category_issues(GIVEN, PROBS)).tolist() == [2, 5, 8]


def test_severity_is_the_margin_turned_round() -> None:
    """As cleanlab 2.9.0 answered: 1 - 2 * get_label_quality_scores(…, "normalized_margin")."""
    expected = [-0.7, -0.5, 0.5, -0.7, -0.3, 0.3, -0.7, -0.4, 0.6, -0.1]
    assert category_severity(GIVEN, PROBS) == pytest.approx(expected)


def test_a_category_that_nobody_has_is_never_suggested() -> None:
    """A column without labelled texts has no threshold that could be reached."""
    probs = np.column_stack([PROBS[:, :2], np.full(10, 0.99)])
    given = np.minimum(GIVEN, 1)
    assert not category_issues(given, probs)[[0, 3]].any()


def test_levels_by_hand() -> None:
    """Label 0, expected 1.5 with 90 % above; label 2 of 2, expected 1.9 and hardly below."""
    given = np.array([0, 2])
    probs = np.array([[0.1, 0.3, 0.6], [0.0, 0.1, 0.9]])
    distance, sureness = level_distance(given, probs)
    assert distance == pytest.approx([1.5, -0.1])
    assert sureness == pytest.approx([0.9, 0.1])
    assert level_issues(distance, sureness, 3).tolist() == [True, False]
    # 1.5 of 2 ranks times 0.9; 0.1 of 2 times 0.1
    assert level_severity(distance, sureness, 3) == pytest.approx([0.675, 0.005])


def test_two_levels_off_is_as_far_as_it_gets() -> None:
    """From two ranks off only sureness counts; of two levels one rank is all there is."""
    assert level_severity(np.array([3.5]), np.array([0.8]), 5) == pytest.approx([0.8])
    assert level_severity(np.array([-0.9]), np.array([1.0]), 2) == pytest.approx([0.9])


def test_of_two_levels_the_likelier_one_is_half_a_rank_off() -> None:
    """Where no label can be a whole rank off, the other level must be the likelier one."""
    distance, sureness = level_distance(np.array([0, 0]), np.array([[0.4, 0.6], [0.6, 0.4]]))
    assert level_issues(distance, sureness, 2).tolist() == [True, False]
