"""How much better one model is than another on the same texts, and whether chance explains it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.bootstrap import Statistic, ratio, value_of, values_of
from training.dataset import Dataset
from training.evaluate import Scores, category_ece, category_f1, high_ece, high_recall, kappa
from training.judge import Answers, risk_column, true_signals

_SEED = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two models; `gain` is positive where the second is better.

    `low` and `high`: 2.5 and 97.5 percentiles of the gain over 500 bootstrap samples of the texts,
    the same texts drawn for both models (Efron & Tibshirani 1993).
    """

    name: str
    before: float
    after: float
    gain: float
    low: float
    high: float

    @property
    def loss(self) -> float:
        """How much worse the second model is; negative where it is better."""
        return -self.gain

    @property
    def is_significant(self) -> bool:
        """Whether the interval of the gain leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Why the texts or models cannot tell a difference, in English and Chinese."""

    why: str
    why_zh: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that gates may ask for: the head it judges, which way is better, its names."""

    head: str
    is_better_high: bool
    label: str
    label_zh: str


FIGURES = {
    "high_recall": Figure("intensity", True, "levels 4-5 recall", "高愤怒（4–5 级）召回率"),
    "grave_recall": Figure("signals", True, "grave signals recall", "严重风险信号召回率"),
    "macro_f1": Figure("category", True, "category macro-F1", "类别宏平均 F1"),
    "qwk": Figure("intensity", True, "intensity QWK", "情绪强度 QWK"),
    "category_ece": Figure("category", False, "category calibration error", "类别校准误差"),
    "high_ece": Figure("intensity", False, "high anger calibration error", "高愤怒校准误差"),
}


@dataclass(frozen=True, slots=True)
class Duel:
    """The answers of two models to one dataset, and the codes of the grave signals."""

    dataset: Dataset
    before: Answers
    after: Answers
    grave: frozenset[str]


def differences(duel: Duel) -> dict[str, Difference | Unmeasured]:
    """Every figure of `FIGURES` as a difference, or why the texts cannot tell."""
    return {name: _difference(name, duel) for name in FIGURES}


def _difference(name: str, duel: Duel) -> Difference | Unmeasured:
    if FIGURES[name].head == "signals":
        return _grave_difference(name, duel)
    one, other = duel.before.scores, duel.after.scores
    if FIGURES[name].head == "category":
        if not (one.codes and other.codes):
            return Unmeasured("one of the models has no category head", "有一个模型不判断类别")
        known = one.category_truth >= 0
        missing = Unmeasured("the texts have no category", "文本没有类别标注")
    else:
        if one.levels != other.levels or not one.levels:
            levels = f"{one.levels or 'none'} and {other.levels or 'none'}"
            return Unmeasured(f"the models' levels are {levels}", "两个模型的强度等级不同")
        known = one.rank_truth >= 0
        missing = Unmeasured("the texts have no level", "文本没有强度标注")
    if not known.any():
        return missing
    before, after = one.rows(known), other.rows(known)
    if name == "high_recall" and not (before.rank_truth >= before.high_from).any():
        return Unmeasured("the texts have none of the highest levels", "文本里没有高愤怒的")
    figure = _STATISTICS[name]
    return paired(name, figure(before), figure(after), int(known.sum()))


_STATISTICS: dict[str, Callable[[Scores], Statistic]] = {
    "high_recall": high_recall,
    "macro_f1": category_f1,
    "qwk": kappa,
    "category_ece": category_ece,
    "high_ece": high_ece,
}


def _grave_difference(name: str, duel: Duel) -> Difference | Unmeasured:
    column = risk_column(duel.dataset)
    if column is None:
        return Unmeasured("the texts have no column `risks`", "文本没有 risks 列")
    truth = [true_signals(example, column) & duel.grave for example in duel.dataset.examples]
    true = np.array([float(len(codes)) for codes in truth])
    if not true.any():
        return Unmeasured("no text has a grave signal", "没有文本带严重风险信号")
    before, after = (
        np.array([
            float(len(codes & {signal.code for signal in prediction.signals}))
            for codes, prediction in zip(truth, answers.predictions, strict=True)
        ])
        for answers in (duel.before, duel.after)
    )  # fmt: skip
    return paired(name, ratio(before, true), ratio(after, true), len(true))


def paired(name: str, before: Statistic, after: Statistic, texts: int) -> Difference:
    """The difference of a figure of `FIGURES` over so many texts.

    Samples on which it cannot be measured, such as those without any text of the highest levels,
    are skipped; with none left the interval is -1 to 1.
    """
    sign = 1 if FIGURES[name].is_better_high else -1
    gains = sign * values_of(lambda counts: after(counts) - before(counts), texts, seed=_SEED)
    low, high = np.percentile(gains, [2.5, 97.5]) if len(gains) else (-1.0, 1.0)
    one, other = value_of(before, texts), value_of(after, texts)
    gain = sign * (other - one) + 0.0  # zero, not minus zero
    return Difference(name, one, other, gain, float(low) + 0.0, float(high) + 0.0)
