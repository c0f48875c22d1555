"""Curves of the report as SVG with real text, so that the reader's own fonts show the Chinese."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

Floats = NDArray[np.float64]
Hits = NDArray[np.bool_]

_BINS = 10
_STYLE: dict[RcKeyType, object] = {
    "svg.fonttype": "none",  # text stays text: no Chinese font is needed here
    "svg.hashsalt": "report",  # the same figures give the same file
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def calibration_curve(confidence: Floats, right: Hits, title: str) -> str:
    """Share of right answers against stated confidence in ten bins, with the bins' sizes."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    used = counts > 0
    stated = np.bincount(bins, confidence, _BINS)[used] / counts[used]
    observed = np.bincount(bins, right, _BINS)[used] / counts[used]
    figure, axes = _axes()
    axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1)
    axes.plot(stated, observed, color="#1f5fa8", marker="o")
    for x, y, n in zip(stated, observed, counts[used], strict=True):
        axes.annotate(str(n), (x, y), textcoords="offset points", xytext=(6, -10), fontsize=8)
    axes.set(title=title, xlabel="模型给出的概率", ylabel="实际比例", xlim=(0, 1), ylim=(0, 1.02))
    return _svg(figure)


def precision_recall(score: Floats, truth: Hits, title: str) -> str:
    """Precision against recall over all thresholds, with the share of positives as a line."""
    precision, recall, _ = precision_recall_curve(truth, score)
    figure, axes = _axes()
    axes.plot(recall, precision, color="#b03a2e")
    axes.axhline(float(truth.mean()), color="#999999", linestyle="--", linewidth=1)
    axes.set(title=title, xlabel="召回率", ylabel="精确率", xlim=(0, 1), ylim=(0, 1.02))
    return _svg(figure)


def two_mixes(bins: Sequence[str], before: Floats, now: Floats, title: str) -> str:
    """Two histograms of shares side by side: grey before, blue now."""
    figure, axes = _axes()
    figure.set_size_inches(6.4, 3.4)
    places = np.arange(len(bins))
    axes.bar(places - 0.2, before, 0.4, color="#a0a0a0", label="训练时")
    axes.bar(places + 0.2, now, 0.4, color="#1f5fa8", label="现在")
    axes.set_xticks(places, bins, rotation=60, ha="right", fontsize=8)
    axes.set(title=title, ylabel="占比")
    axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def search_curve(scores: Floats, errors: Floats, chosen: int, fresh: float, title: str) -> str:
    """Score of each trial in turn with its standard error, the best so far, the chosen one's ring.

    `fresh` is the chosen trial's score on fresh folds, a dashed line.
    """
    figure, axes = _axes()
    order = np.arange(1, len(scores) + 1)
    axes.errorbar(order, scores, errors, fmt="o", color="#7f9fc4", markersize=4, linewidth=1)
    best = np.maximum.accumulate(scores)
    axes.step(order, best, where="post", color="#1f5fa8", label="到此为止最好")
    axes.plot(
        order[chosen], scores[chosen], "o", markersize=11, markerfacecolor="none",
        markeredgecolor="#b03a2e", label="选定",
    )  # fmt: skip
    axes.axhline(fresh, color="#b03a2e", linestyle="--", linewidth=1, label="选定，换一组折")
    axes.set(title=title, xlabel="第几次尝试", ylabel="交叉验证得分")
    axes.legend(loc="lower right", fontsize=8)
    return _svg(figure)


def _axes() -> tuple[Figure, Axes]:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(4.6, 3.6), layout="constrained")
        return figure, figure.add_subplot()


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # Glyphs that matplotlib's own font lacks: the page's reader draws the text, not matplotlib.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]
