"""Figures as a few readable lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Headline = Mapping[str, float] | float

_LINES = (
    ("category", "accuracy", "category accuracy", "类别准确率"),
    ("category", "macro_f1", "category macro-F1", "类别宏平均 F1"),
    ("category", "top3_accuracy", "category in top 3", "类别前三命中率"),
    ("category", "ece", "category calibration error", "类别校准误差"),
    ("intensity", "qwk", "intensity QWK", "情绪强度 QWK"),
    ("intensity", "mae", "intensity mean error", "情绪强度平均误差（级）"),
    ("intensity", "high_average_precision", "high anger average precision", "高愤怒平均精确率"),
    ("intensity", "high_recall", "high anger recall", "高愤怒召回率"),
    ("intensity", "high_precision", "high anger precision", "高愤怒精确率"),
    ("intensity", "high_ece", "high anger calibration error", "高愤怒校准误差"),
    ("signals", "recall", "signals recall", "风险信号召回率"),
    ("signals", "precision", "signals precision", "风险信号精确率"),
)


def summary(metrics: Mapping[str, object]) -> str:
    r"""One line a figure, with its 95 % interval where there is one.

    >>> summary({"texts": 2, "signals": {"recall": 0.5}})
    'texts                          2\nsignals recall                 0.500'
    """
    lines = [f"{'texts':30} {metrics['texts']}"]
    for label, _, found in headlines(metrics):
        if isinstance(found, Mapping):
            low, high = found["low"], found["high"]
            lines.append(f"{label:30} {found['value']:.3f}  [{low:.3f}, {high:.3f}]")
        else:
            lines.append(f"{label:30} {found:.3f}")
    return "\n".join(lines)


def headlines(metrics: Mapping[str, object]) -> Iterator[tuple[str, str, Headline]]:
    """English label, Chinese label, and value, or value with low and high, of what was measured."""
    for section, name, label, label_zh in _LINES:
        table = metrics.get(section)
        found = table.get(name) if isinstance(table, Mapping) else None
        if isinstance(found, Mapping | float):
            yield label, label_zh, found
