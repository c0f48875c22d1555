"""Settings found by `tune` on public labelled sets, against given floors.

`python -m tests.show.benchmarks --data FOLDER`: for each set of `benchmarks.toml` that the folder
has, settings are searched within a budget, then the default and the found settings are fitted and
measured on the held-out folds of all texts, calibrated as `train` does it, and a plain scikit-learn
pipeline in the same folds. Nobody chooses anything by hand. The texts stay where they are. Results
are kept in `--output`: a second run goes on.

Reference and floor of a set were measured on a part that is kept back, with a plain pipeline fitted
on all texts. Held-out folds leave a fifth out and keep near duplicates together, so their figures
are lower: what is compared with the floor is the reference plus what is gained on the plain
pipeline in the same folds. A set of categories that has a part of its own to measure on (`dev`) is
measured there, fitted on all texts. The exit status is 1 if a set is under its floor.
"""

from __future__ import annotations

import io
import json
import sys
import tomllib
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import click
import jieba
import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from training.config import TrainingConfig, load_config
from training.crossval import macro_f1
from training.dataset import Columns, Dataset, read_dataset
from training.fit import fit, folds_of
from training.parts import fit_part
from training.targets import targets_of
from training.tune_commands import tune

_TABLE = Path(__file__).with_suffix(".toml")
_ROUNDS = 500
_COUNTING = {"sublinear_tf": True, "min_df": 2}
_HEADER = """\
| set | texts | measure | plain | default settings | by `tune` | reached | floor | goal |
|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True)
class Set:
    """A line of `benchmarks.toml`."""

    file: str
    measure: str
    truth: str
    reference: float
    floor: float
    goal: float
    dev: str = ""  # file to measure categories on, instead of held-out folds


@dataclass(frozen=True, slots=True)
class Figure:
    """A held-out figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def measured(answers: Answers, dataset: Dataset, benchmark: Set) -> Figure:
    """The set's measure on held-out answers."""
    if benchmark.measure == "macro_f1":
        truth, given, statistic = answers.truth, answers.given, macro_f1
    else:
        cells = [dataset.examples[row].cells.get(benchmark.truth) for row in answers.rows]
        truth = np.array([float(str(cell)) for cell in cells])
        given, statistic = answers.given, _pearson
    interval = bootstrap(
        (truth, given), statistic, paired=True, vectorized=False, method="percentile",
        n_resamples=_ROUNDS, rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    return Figure(statistic(truth, given), float(interval.low), float(interval.high))


@dataclass(frozen=True, slots=True)
class Answers:
    """Held-out answers for the labelled rows: categories by number, or expected levels."""

    rows: NDArray[np.intp]
    truth: NDArray[np.intp]
    given: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts to fit on, and texts to measure on if there are some of their own."""

    dataset: Dataset
    dev: Dataset | None

    def codes_of_dev(self) -> NDArray[np.intp]:
        """The dev texts' categories, by number among those of the fitted texts."""
        codes = self.dataset.categories
        return np.array([codes.index(str(e.category)) for e in self.dev.examples])


def dev_answers(data: Labelled, config: TrainingConfig) -> Answers:
    """What our model says of the dev texts; calibration would change no choice."""
    targets = targets_of(data.dataset)
    texts, unseen = _texts(data.dataset), _texts(data.dev)
    logits = fit_part(texts, targets, unseen, config).logits["category"]
    return Answers(np.arange(len(unseen)), data.codes_of_dev(), logits.argmax(1))


def own_answers(dataset: Dataset, config: TrainingConfig, benchmark: Set) -> Answers:
    """What our model says."""
    scores = fit(dataset, config, jobs=1, progress=lambda _: None).held_out
    if benchmark.measure == "macro_f1":
        rows = np.flatnonzero(scores.category_truth >= 0)
        return Answers(rows, scores.category_truth[rows], scores.category_probs[rows].argmax(1))
    rows = np.flatnonzero(scores.rank_truth >= 0)
    return Answers(rows, scores.rank_truth[rows], scores.expected[rows])


def plain_dev_answers(data: Labelled) -> Answers:
    """What words and characters with logistic regression say of the dev texts."""
    model = _plain().fit(_texts(data.dataset), targets_of(data.dataset).category)
    truth = data.codes_of_dev()
    return Answers(np.arange(len(truth)), truth, model.predict(_texts(data.dev)))


def plain_answers(dataset: Dataset, config: TrainingConfig, benchmark: Set) -> Answers:
    """What words and characters with logistic regression say, in the folds that `fit` makes."""
    texts = _texts(dataset)
    targets = targets_of(dataset)
    folds = folds_of(texts, targets, config)
    is_category = benchmark.measure == "macro_f1"
    truth = targets.category if is_category else targets.rank
    rows = np.flatnonzero(truth >= 0)
    kept = np.array(texts, dtype=object)
    given = np.zeros(len(texts))
    for fold in range(config.folds.number):
        seen, unseen = rows[folds[rows] != fold], rows[folds[rows] == fold]
        model = _plain().fit(kept[seen], truth[seen])
        if is_category:
            given[unseen] = model.predict(kept[unseen])
        else:
            given[unseen] = model.predict_proba(kept[unseen]) @ model.classes_
    return Answers(rows, truth[rows], given[rows])


def _plain() -> Pipeline:
    words = TfidfVectorizer(
        tokenizer=jieba.lcut, token_pattern=None, ngram_range=(1, 2), **_COUNTING
    )
    chars = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **_COUNTING)
    return make_pipeline(make_union(words, chars), LogisticRegression(C=10, max_iter=300))


def _texts(dataset: Dataset) -> list[str]:
    return [example.clean for example in dataset.examples]


def _pearson(truth: np.ndarray, answers: np.ndarray) -> float:
    return float(np.corrcoef(truth, answers)[0, 1])


def figure_of(
    benchmark: Set, data: Labelled, config: Path | None, kept: Path, *, plain: bool = False
) -> Figure:
    """The figure of a configuration, or of the plain pipeline; from `kept` if it is known there."""
    dataset = data.dataset
    settings = "plain" if plain else str(config and config.read_text(encoding="utf-8"))
    name = settings + str(len(dataset.examples)) + benchmark.dev
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    if name not in known:
        settings = load_config(config)
        if data.dev:
            answers = plain_dev_answers(data) if plain else dev_answers(data, settings)
        else:
            answers = (plain_answers if plain else own_answers)(dataset, settings, benchmark)
        figure = measured(answers, dataset, benchmark)
        known[name] = [figure.value, figure.low, figure.high]
        kept.write_text(json.dumps(known), encoding="utf-8")
    return Figure(*known[name])


def sampled(dataset: Dataset, most: int) -> Dataset:
    """At most so many texts, always the same."""
    order = np.random.default_rng(0).permutation(len(dataset.examples))[:most]
    return replace(dataset, examples=tuple(dataset.examples[row] for row in np.sort(order)))


@click.command()
@click.option(
    "--data", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True
)
@click.option("--output", type=click.Path(path_type=Path), default=Path("var/benchmarks"))
@click.option("--budget-minutes", type=float, default=10, show_default=True, help="For each set.")
@click.option("--search-rows", type=int, default=6000, show_default=True)
@click.option("--most-rows", type=int, default=1_000_000, help="Texts of a set that are fitted.")
def main(
    folder: Path, output: Path, budget_minutes: float, search_rows: int, most_rows: int
) -> None:
    """Search, fit and measure each set; print the table."""
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["set"]
    lines, failed = [_HEADER], False
    for benchmark in (Set(**line) for line in table):
        data = folder / benchmark.file
        if not data.exists():
            continue
        place = output / data.stem
        options = ["--budget-minutes", str(budget_minutes), "--rows", str(search_rows)]
        command = ["--data", str(data), "--output", str(place), "--jobs", "1", "--json", *options]
        with redirect_stdout(io.StringIO()):
            tune.main(command, standalone_mode=False)
        dataset = sampled(read_dataset([data], Columns()), most_rows)
        own = folder / benchmark.dev
        labelled = Labelled(dataset, read_dataset([own], Columns()) if own.is_file() else None)
        kept = place / "figures.json"
        before = figure_of(benchmark, labelled, None, kept)
        found = figure_of(benchmark, labelled, place / "train.toml", kept)
        plain = figure_of(benchmark, labelled, None, kept, plain=True)
        reached = benchmark.reference + found.value - plain.value
        failed |= reached < benchmark.floor
        lines.append(
            f"| {data.stem} | {len(dataset.examples)} | {benchmark.measure} | {plain} | {before} "
            f"| {found} | {reached:.3f} | {benchmark.floor} | {benchmark.goal} |"
        )
        click.echo(lines[-1], err=True)
    click.echo("\n".join(lines))
    sys.exit(failed)


if __name__ == "__main__":
    main()
