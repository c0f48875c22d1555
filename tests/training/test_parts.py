"""Parts that are fitted elsewhere, or on many texts, equal those fitted here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from classifier.artifact import VOCABULARY, WEIGHTS
from classifier.cluster import Run, runner
from classifier.features import FeatureSettings
from classifier.vocabulary import CHUNK
from tests.builders import TOY_ROWS, toy_csv
from tests.cluster import killing
from tests.training.test_train import folder_of, train
from training.config import TrainingConfig
from training.linear import MANY, fit_linear
from training.parts import Part, Work, fit_parts
from training.targets import Targets

CONFIG = TrainingConfig(features=FeatureSettings(concept_weight=0.5))


@pytest.fixture(scope="module")
def work() -> Work:
    """Toy texts with endings of their own, three chunks of them, and their labels."""
    texts = [f"{TOY_ROWS[n % 20][0]}{n // 20}" for n in range(2 * CHUNK + 500)]
    codes = sorted({row[1] for row in TOY_ROWS})
    levels = sorted({row[2] for row in TOY_ROWS})
    category = np.array([codes.index(TOY_ROWS[n % 20][1]) for n in range(len(texts))])
    rank = np.array([levels.index(TOY_ROWS[n % 20][2]) for n in range(len(texts))])
    return Work(texts, Targets(codes, levels, category, rank), CONFIG)


def parts_of(work: Work) -> list[Part]:
    """What is fitted on all texts, and without the first of three folds."""
    return list(fit_parts(work, np.arange(len(work.texts)) % 3, 1))


@pytest.fixture(scope="module")
def alone(work: Work) -> list[Part]:
    """What one process fits in a plain loop."""
    return parts_of(work)


def assert_same(left: list[Part], right: list[Part]) -> None:
    """Terms, idf, weights, bias, logits and words, to the bit."""
    for one, other in zip(left, right, strict=True):
        assert one.vectoriser.terms == other.vectoriser.terms
        assert (one.vectoriser.idf == other.vectoriser.idf).all()
        for name, head in one.linear.items():
            assert (head.weights == other.linear[name].weights).all()
            assert (head.bias == other.linear[name].bias).all()
            assert (one.logits[name] == other.logits[name]).all()
        assert np.array_equal(one.words, other.words)


def test_a_cluster_that_loses_workers_fits_the_same(
    work: Work, alone: list[Part], cluster: Run
) -> None:
    """A worker is killed while terms are counted, and one while features are made."""
    killed: list[int] = []
    on_cluster = parts_of(replace(work, run=killing(cluster, killed)))
    assert len(set(killed)) == 2
    assert_same(on_cluster, alone)


def test_threads_and_a_plain_loop_fit_the_same(work: Work, alone: list[Part]) -> None:
    """Chunks that are counted side by side add up to the same."""
    with runner(None, 3) as run:
        assert_same(parts_of(replace(work, run=run)), alone)


def test_the_command_line_trains_the_same_on_a_cluster(toy_folder: Path, tmp_path: Path) -> None:
    """Weights, vocabulary and figures byte for byte."""
    pytest.importorskip("distributed")
    options = ["--scheduler", "local", "--jobs", "1"]
    folder = folder_of(train(tmp_path, toy_csv(tmp_path), *options))
    for name in (WEIGHTS, VOCABULARY, "metrics.json"):
        assert (folder / name).read_bytes() == (toy_folder / name).read_bytes()


@pytest.mark.parametrize("heaviest", [None, 20.0])
def test_many_texts_are_fitted_as_few_are(heaviest: float | None) -> None:
    """Passes over many texts find nearly the logits of a fit without, though one label is heavy."""
    random = np.random.default_rng(3)
    wide = sp.random_array((MANY - 1, 60), density=0.1, rng=random, format="csr")
    few = sp.csr_array(wide * (1 / np.sqrt(wide.multiply(wide).sum(axis=1) + 1e-9))[:, None])
    truth, rank = (
        (few @ random.normal(size=(60, 3)) + random.gumbel(size=(MANY - 1, 3))).argmax(axis=1)
        for _ in range(2)
    )
    many = sp.csr_array(sp.vstack([few, few[:1]])).astype(np.float32)
    logits = []
    for matrix, rows in ((few, slice(None)), (many, [*range(MANY - 1), 0])):
        weight = None if heaviest is None else np.where(truth[rows] == 0, heaviest, 0.5)
        targets = Targets(["a", "b", "c"], [1, 2, 3], truth[rows], rank[rows], weight)
        found = fit_linear(matrix, [slice(0, 60)], targets, CONFIG, jobs=2)
        logits.append({name: few @ head.weights + head.bias for name, head in found.items()})
    for name, expected in logits[0].items():
        # newton-cg stops early, too: it is up to 2 % away from where both go
        assert abs(logits[1][name] - expected).mean() < 0.1 * abs(expected).mean()
