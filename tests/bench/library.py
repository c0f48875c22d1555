"""The library against bare segmentation and a scikit-learn pipeline with the same n-grams."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import rjieba
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from classifier import Triage
from classifier.manifest import read_features
from classifier.tokens import tokeniser, words_of
from tests.bench.peers import peers

_ROUNDS = 7
_SINGLE_CALLS = 300
_LIMIT_MS = 0.3  # of one text
_PEER_TEXTS = 300  # some of them read a few hundred texts a second


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table: a figure, its ratio to what it is compared with, the floor to reach.

    Figures and ratios are medians of rounds. In a round everything is measured once, one right
    after the other: a machine that is slower for a while is so for both sides of a ratio.
    """

    name: str
    value: float
    unit: str
    ratio: float | None = None
    floor: float | None = None

    @property
    def is_reached(self) -> bool:
        """Whether the ratio is at its floor or above."""
        return self.floor is None or (self.ratio is not None and self.ratio >= self.floor)


def ratio(values: Sequence[float], references: Sequence[float]) -> float:
    """The median of the ratios of each round."""
    return median(value / other for value, other in zip(values, references, strict=True))


def batches(
    triage: Triage, texts: list[str], labels: list[str], *, at_once: int | None = None
) -> list[Callable[[], object]]:
    """What is timed over all texts: rjieba, predict without evidence and with it, scikit-learn.

    Predict gets so many texts at once, or all.
    """
    size = at_once or len(texts)
    parts = [texts[start : start + size] for start in range(0, len(texts), size)]
    segmenter = rjieba.Jieba()
    reference = scikit_learn(triage, texts, labels)
    return [
        lambda: [segmenter.cut(text) for text in texts],
        lambda: [triage.predict(part, with_evidence=False) for part in parts],
        lambda: [triage.predict(part) for part in parts],
        lambda: [model.predict_proba(texts) for model in reference],  # type: ignore[attr-defined]
    ]


def measure_library(triage: Triage, texts: list[str], labels: list[str]) -> list[Measure]:
    """Throughput of a batch, in one process, and the time of one text."""
    runs = batches(triage, texts, labels)
    others = dict(peers(texts[:_PEER_TEXTS], labels[:_PEER_TEXTS]))
    rounds = [[len(texts) / _seconds(run) for run in runs] for _ in range(_ROUNDS)]
    bare, fast, full, plain = zip(*rounds, strict=True)
    single = [_seconds(lambda t=text: triage.predict([t])) for text in texts[:_SINGLE_CALLS]]
    middle = median(single) * 1000
    return [
        Measure("bare rjieba.cut", median(bare), "texts/s"),
        Measure(
            "predict, no evidence, against rjieba", median(fast), "texts/s", ratio(fast, bare), 0.45
        ),
        Measure(
            "predict with evidence, against rjieba",
            median(full),
            "texts/s",
            ratio(full, bare),
            0.25,
        ),
        Measure("scikit-learn pipelines, two heads", median(plain), "texts/s"),
        Measure(
            "predict, no evidence, against those", median(fast), "texts/s", ratio(fast, plain), 4.0
        ),
        Measure("one text with evidence, median", middle, "ms", _LIMIT_MS / middle, 1.0),
        *(
            _peer(name, run, min(_PEER_TEXTS, len(texts)), median(fast))
            for name, run in others.items()
        ),
    ]


def _peer(name: str, run: Callable[[], object], texts: int, own: float) -> Measure:
    run()
    speed = texts / median(_seconds(run) for _ in range(3))
    return Measure(f"{name} (ratio: predict over it)", speed, "texts/s", own / speed)


def scikit_learn(triage: Triage, texts: list[str], labels: list[str]) -> list[object]:
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
