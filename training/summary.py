"""Figures as a few readable lines."""

from __future__ import annotations

from collections.abc import Mapping

_LINES = (
    ("category", "accuracy", "category accuracy"),
    ("category", "macro_f1", "category macro-F1"),
    ("category", "top3_accuracy", "category in top 3"),
    ("category", "ece", "category calibration error"),
    ("intensity", "qwk", "intensity QWK"),
    ("intensity", "mae", "intensity mean error"),
    ("intensity", "high_average_precision", "high anger average precision"),
    ("intensity", "high_recall", "high anger recall"),
    ("intensity", "high_precision", "high anger precision"),
    ("intensity", "high_ece", "high anger calibration error"),
    ("signals", "recall", "signals recall"),
    ("signals", "precision", "signals precision"),
)


def summary(metrics: Mapping[str, object]) -> str:
    r"""One line a figure, with its 95 % interval where there is one.

    >>> summary({"texts": 2, "signals": {"recall": 0.5}})
    'texts                          2\nsignals recall                 0.500'
    """
    lines = [f"{'texts':30} {metrics['texts']}"]
    for section, name, label in _LINES:
        table = metrics.get(section)
        value = table.get(name) if isinstance(table, Mapping) else None
        if isinstance(value, Mapping):
            low, high = value["low"], value["high"]
            lines.append(f"{label:30} {value['value']:.3f}  [{low:.3f}, {high:.3f}]")
        elif isinstance(value, float):
            lines.append(f"{label:30} {value:.3f}")
    return "\n".join(lines)
