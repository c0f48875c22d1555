"""`report.html` of a model: what it gets right, what it confuses, what it listens to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, select_autoescape

from classifier.artifact import Json
from training import pictures
from training.dataset import Dataset
from training.evaluate import Scores
from training.fit import Fitted
from training.summary import summary

_TERMS = 15
_MISTAKES = 25


@dataclass(frozen=True, slots=True)
class ConfusionRow:
    """How texts of one label were answered: counts, and shares in 0-1, by answer."""

    label: str
    cells: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A held-out text that was answered wrongly, with how sure the model was."""

    text: str
    truth: str
    answer: str
    prob: float


def write_report(folder: Path, dataset: Dataset, fitted: Fitted, metrics: Json) -> None:
    """Write a self-contained page into the model folder; all figures are held-out ones."""
    scores = fitted.held_out
    page = render(
        "report.html",
        version=folder.name,
        summary=summary(metrics),
        kinds=fitted.kappa_by_kind,
        confusions=_confusions(fitted),
        curves=_curves(scores),
        terms=telling_terms(fitted),
        mistakes=_mistakes(dataset, fitted),
    )
    (folder / "report.html").write_text(page, encoding="utf-8")


def render(template: str, **values: object) -> str:
    """A page of `training/templates`; every value is escaped."""
    environment = Environment(
        loader=PackageLoader("training"), autoescape=select_autoescape(), trim_blocks=True
    )
    return environment.get_template(template).render(**values)


def confusion(truth: np.ndarray, answers: np.ndarray, names: list[str]) -> list[ConfusionRow]:
    """One row per true label, in label order."""
    rows = []
    for number, name in enumerate(names):
        counts = np.bincount(answers[truth == number], minlength=len(names))
        shares = counts / max(1, counts.sum())
        rows.append(ConfusionRow(name, list(zip(counts.tolist(), shares.tolist(), strict=True))))
    return rows


def _confusions(fitted: Fitted) -> dict[str, list[ConfusionRow]]:
    scores = fitted.held_out
    found = {}
    if fitted.category:
        known = scores.category_truth >= 0
        answers = scores.category_probs.argmax(axis=1)
        names = list(fitted.category.names)
        found["类别"] = confusion(scores.category_truth[known], answers[known], names)
    if fitted.intensity:
        known = scores.rank_truth >= 0
        names = _level_names(fitted)
        found["情绪强度"] = confusion(scores.rank_truth[known], scores.ranks[known], names)
    return found


def _level_names(fitted: Fitted) -> list[str]:
    head = fitted.intensity
    return [f"{n} {name}" for n, name in zip(head.levels, head.names, strict=True)] if head else []


def _curves(scores: Scores) -> list[str]:
    found = []
    known = scores.category_truth >= 0
    if scores.codes and known.any():
        probs = scores.category_probs[known]
        right = probs.argmax(axis=1) == scores.category_truth[known]
        found.append(pictures.calibration_curve(probs.max(axis=1), right, "类别：校准曲线"))
    known = scores.rank_truth >= 0
    if scores.levels and known.any():
        is_high = scores.rank_truth[known] >= scores.high_from
        prob = scores.level_probs[known, scores.high_from :].sum(axis=1)
        found.append(pictures.calibration_curve(prob, is_high, "高愤怒：校准曲线"))
        if is_high.any():
            curve = pictures.precision_recall(
                scores.expected[known], is_high, "高愤怒：精确率与召回率"
            )
            found.append(curve)
    return found


def telling_terms(fitted: Fitted) -> dict[str, list[str]]:
    """The terms that push most towards each category, and towards and away from anger."""
    found = {}
    heads = list(fitted.linear)
    if fitted.category:
        weights = heads.pop(0).weights
        for column, name in enumerate(fitted.category.names):
            found[name] = _strongest(fitted, weights[:, column])
    if fitted.intensity:
        anger = heads.pop(0).weights @ fitted.intensity.direction
        found["更愤怒"] = _strongest(fitted, anger)
        found["更平静"] = _strongest(fitted, -anger)
    return found


def _strongest(fitted: Fitted, weights: np.ndarray) -> list[str]:
    order = np.argsort(-weights, kind="stable")[:_TERMS]
    return [fitted.vectoriser.term(int(column)) for column in order]


def _mistakes(dataset: Dataset, fitted: Fitted) -> dict[str, list[Mistake]]:
    scores = fitted.held_out
    texts = [dataset.examples[row].text for row in fitted.rows.tolist()]
    found = {}
    if fitted.category:
        names = fitted.category.names
        answers = scores.category_probs.argmax(axis=1)
        wrong = np.flatnonzero((scores.category_truth >= 0) & (answers != scores.category_truth))
        order = wrong[np.argsort(-scores.category_probs[wrong].max(axis=1), kind="stable")]
        found["类别：最有把握的错误"] = [
            Mistake(
                texts[row], names[scores.category_truth[row]],
                names[answers[row]], float(scores.category_probs[row].max()),
            )
            for row in order[:_MISTAKES].tolist()
        ]  # fmt: skip
    if fitted.intensity:
        names = tuple(_level_names(fitted))
        distance = np.abs(scores.rank_truth - scores.ranks) * (scores.rank_truth >= 0)
        order = np.argsort(-distance, kind="stable")[:_MISTAKES]
        found["情绪强度：差得最远"] = [
            Mistake(
                texts[row], names[scores.rank_truth[row]], names[scores.ranks[row]],
                float(scores.level_probs[row, scores.ranks[row]]),
            )
            for row in order.tolist() if distance[row]
        ]  # fmt: skip
    return found
