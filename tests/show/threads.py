"""Predictions of many threads at once, while models are swapped, against those of one thread.

`python -m tests.show.threads --threads 32 --predictions 10000`: every thread asks for so many
predictions of corpus texts, in batches of 1 to 64, from the predictor of a service whose CURRENT
goes to and fro between the current model and a small one. Each answer must equal, in every field,
what its model said alone. The exit status is 1 if one does not.
"""

from __future__ import annotations

import logging
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import structlog

from classifier import Triage, load
from classifier.artifact import CURRENT
from classifier.policy_file import load_policy
from classifier.prediction import Prediction
from service.predictor import Predictor
from tests.conftest import ROOT
from tests.show.fuzz import small_model
from tests.show.masking import corpus

_TEXTS, _MOST_IN_BATCH = 2000, 64
_SWAP_SECONDS = 0.2

Expected = dict[tuple[str, str], Prediction]  # by version and text


def expected_of(models: Sequence[Triage], texts: Sequence[str]) -> Expected:
    """What each model says of each text when asked by one thread, one text at a time."""
    return {(m.version, text): m.predict([text])[0] for m in models for text in texts}


def ask(
    predictor: Predictor, texts: Sequence[str], expected: Expected, number: int, seed: int
) -> tuple[Counter[str], int]:
    """How many predictions each version gave to one thread, and how many were not as expected."""
    draws = random.Random(seed)  # noqa: S311  (no secret)
    served: Counter[str] = Counter()
    wrong = 0
    while served.total() < number:
        most = min(_MOST_IN_BATCH, number - served.total())
        batch = draws.choices(texts, k=draws.randint(1, most))
        with_evidence = draws.random() < 0.9
        found = predictor.model.predict(batch, with_evidence=with_evidence)
        served.update(one.model_version for one in found)
        for text, one in zip(batch, found, strict=True):
            alone = expected[one.model_version, text]
            same = one == alone if with_evidence else _bare(one) == _bare(alone)
            wrong += not same
    return served, wrong


def _bare(one: Prediction) -> object:
    return one.category, one.intensity, one.signals, one.outcome, one.outcome_reasons


def run(
    predictor: Predictor, models: Path, texts: Sequence[str], threads: int, predictions: int
) -> tuple[Counter[str], int, int]:
    """Predictions by version, wrong ones, and how often a model was swapped in meanwhile."""
    versions = sorted(folder.name for folder in models.iterdir() if folder.is_dir())
    expected = expected_of([load(models / version) for version in versions], texts)
    done, swaps = threading.Event(), 0
    served: Counter[str] = Counter()
    wrong = 0
    with ThreadPoolExecutor(threads + 1) as pool:

        def swap() -> int:
            count = 0
            while not done.wait(_SWAP_SECONDS):
                count += 1
                (models / CURRENT).write_text(versions[count % len(versions)], encoding="utf-8")
                predictor.refresh()
            return count

        swapping = pool.submit(swap)
        runs = [
            pool.submit(ask, predictor, texts, expected, predictions, seed)
            for seed in range(threads)
        ]
        for one in runs:
            found, mistakes = one.result()
            served += found
            wrong += mistakes
        done.set()
        swaps = swapping.result()
    return served, wrong, swaps


@click.command()
@click.option("--threads", type=click.IntRange(1, 256), default=32, show_default=True)
@click.option("--predictions", type=click.IntRange(1), default=10_000, show_default=True)
def main(threads: int, predictions: int) -> None:
    """Compare the predictions of many threads with those of one."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    texts = random.Random(1).sample(corpus(), _TEXTS)  # noqa: S311  (no secret)
    with tempfile.TemporaryDirectory() as place:
        models = Path(place) / "models"
        models.mkdir()
        whole = load(models=ROOT / "models")
        shutil.copytree(ROOT / "models" / whole.version, models / whole.version)
        small_model(models / "small")
        (models / CURRENT).write_text(whole.version, encoding="utf-8")
        predictor = Predictor(models, load, load_policy())
        start = time.perf_counter()
        served, wrong, swaps = run(predictor, models, texts, threads, predictions)
        seconds = time.perf_counter() - start
    for version, count in served.most_common():
        click.echo(f"{version:<28} {count:>9,} predictions")
    click.echo(f"{threads} threads, {swaps} swaps, {seconds:.0f} s: {wrong} differ")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
