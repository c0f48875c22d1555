"""The library against bare segmentation and a scikit-learn pipeline with the same n-grams."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import rjieba
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from classifier import Triage
from classifier.manifest import read_features
from classifier.tokens import tokeniser, words_of

_ROUNDS = 5
_SINGLE_CALLS = 300


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table: a figure, what it is compared with, and the floor to reach."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    floor: float | None = None

    @property
    def is_reached(self) -> bool:
        """Whether the ratio is at its floor or above."""
        return self.floor is None or (self.ratio is not None and self.ratio >= self.floor)


def texts_per_second(run: Callable[[], object], n_texts: int) -> float:
    """Best of several rounds: the others were disturbed by something else."""
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return n_texts / best


def measure_library(triage: Triage, texts: list[str], labels: list[str]) -> list[Measure]:
    """Throughput and the time of one text, on one thread."""
    bare = rjieba.Jieba()
    bare_rate = texts_per_second(lambda: [bare.cut(text) for text in texts], len(texts))
    fast = texts_per_second(lambda: triage.predict(texts, with_evidence=False), len(texts))
    full = texts_per_second(lambda: triage.predict(texts), len(texts))
    reference = _scikit_learn(triage, texts, labels)
    plain = texts_per_second(
        lambda: [model.predict_proba(texts) for model in reference], len(texts)
    )
    single = [_seconds(lambda t=text: triage.predict([t])) for text in texts[:_SINGLE_CALLS]]
    middle = sorted(single)[len(single) // 2] * 1000
    return [
        Measure("bare rjieba.cut", bare_rate, "texts/s"),
        Measure("predict, no evidence, against rjieba", fast, "texts/s", fast / bare_rate, 0.3),
        Measure("predict with evidence, against rjieba", full, "texts/s", full / bare_rate),
        Measure("scikit-learn pipelines, two heads", plain, "texts/s"),
        Measure("predict, no evidence, against those", fast, "texts/s", fast / plain, 4.0),
        Measure("one text with evidence, median", middle, "ms", 1.0 / middle, 1.0),
    ]


def _scikit_learn(triage: Triage, texts: list[str], labels: list[str]) -> list[object]:
    """Two pipelines, one per head, as a user would write them; fitted on a part of the texts."""
    features = read_features(triage.describe())
    cut = tokeniser().cut

    def pipeline() -> object:
        common = {"lowercase": False, "sublinear_tf": features.sublinear_tf, "min_df": 2}
        return make_pipeline(
            make_union(
                TfidfVectorizer(
                    tokenizer=lambda text: words_of(cut(text)), token_pattern=None,
                    ngram_range=features.word_ngrams, **common,
                ),
                TfidfVectorizer(analyzer="char", ngram_range=features.char_ngrams, **common),
            ),
            LogisticRegression(max_iter=20, tol=0.1),
        )  # fmt: skip

    part = slice(0, 1500)
    return [pipeline().fit(texts[part], labels[part]) for _ in ("category", "intensity")]


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
