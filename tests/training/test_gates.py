"""The rules of the gates, on differences worked out by hand, and the file that holds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifier.errors import GatesError
from training.gates import judge_loss
from training.gates_file import FigureRule, load_gates
from training.paired import FIGURES, Difference, paired

RULE = FigureRule(tolerated=0.01, max_loss=0.05, is_required=False)


@pytest.mark.parametrize(
    ("gain", "low", "high", "result", "by"),
    [
        (+0.02, -0.01, +0.05, "passed", None),
        (-0.01, -0.015, -0.005, "passed", None),  # significant, but tolerated
        (-0.03, -0.08, +0.02, "passed", None),  # may be chance, and not over the limit
        (-0.03, -0.04, -0.02, "refused", 0.02),  # significant: 0.02 more than tolerated
        (-0.08, -0.20, +0.04, "refused", 0.03),  # over the limit, whatever chance says
    ],
)
def test_a_loss_is_judged_by_size_and_chance(
    gain: float, low: float, high: float, result: str, by: float | None
) -> None:
    """Small losses go; middle ones if chance explains them; large ones never."""
    found = judge_loss(Difference("qwk", 0.8, 0.8 + gain, gain, low, high), RULE)
    assert found.result == result
    assert found.by == (None if by is None else pytest.approx(by))


def test_the_same_texts_are_drawn_for_both_models() -> None:
    """A model that is always 0.25 better is so in each sample; equal models differ by nothing."""
    values = np.random.default_rng(3).random(50)

    def mean(rows: np.ndarray) -> float:
        return float(values[rows].mean())

    better = paired("qwk", mean, lambda rows: mean(rows) + 0.25, 50)
    assert (better.gain, better.low, better.high) == pytest.approx((0.25, 0.25, 0.25))
    assert better.is_significant
    assert not paired("qwk", mean, mean, 50).is_significant
    worse = paired("high_ece", mean, lambda rows: mean(rows) + 0.25, 50)
    assert worse.gain == pytest.approx(-0.25)


def test_chance_is_told_from_change() -> None:
    """Of 200 texts 8 mended and 2 broken is chance at 1 %, not at 5 %; 2 and 2 is chance."""
    change = np.zeros(200)
    change[:8], change[8:10] = 1, -1

    def none(rows: np.ndarray) -> float:
        return 0.0 * len(rows)

    found = paired("qwk", none, lambda rows: float(change[rows].mean()), 200)
    # standard error of the mean: sqrt(10/200 - 0.03**2) / sqrt(200) = 0.0157
    assert found.low == pytest.approx(0.03 - 1.96 * 0.0157, abs=0.006)
    assert found.high == pytest.approx(0.03 + 1.96 * 0.0157, abs=0.006)


def test_the_packaged_gates_cover_every_figure() -> None:
    """No loss at all is let go on levels 4-5 and grave signals."""
    gates = load_gates()
    assert set(gates.figures) == set(FIGURES)
    for name in ("high_recall", "grave_recall"):
        assert (gates.figures[name].tolerated, gates.figures[name].max_loss) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[figures.qwk]", "[figures.luck]", "figures.luck is unknown, allowed are high_recall"),
        ("min_ratio = 0.8", "min_ratio = -1", "speed.min_ratio is '-1', a number in 0-100"),
        ('sha256 = ""', 'sha256 = "abc"', "holdout.sha256 is 'abc', 64 hexadecimal digits"),
        ("[size]", "[sise]", "gates.sise is unknown"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """Line, field, value and what is allowed."""
    source = (Path(__file__).parents[2] / "training" / "gates.toml").read_text(encoding="utf-8")
    path = tmp_path / "gates.toml"
    path.write_text(source.replace(old, new), encoding="utf-8")
    with pytest.raises(GatesError) as caught:
        load_gates(path)
    assert message in str(caught.value)
    assert "line " in str(caught.value)
