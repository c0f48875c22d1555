"""Settings found by `tune` on public labelled sets, against given floors.

`python -m tests.show.benchmarks --data FOLDER`: for each set of `benchmarks.toml` that the folder
has, settings are searched within a budget, then the default and the found settings are fitted and
measured on the held-out folds of all texts, calibrated as `train` does it. Nobody chooses anything
by hand. The texts stay where they are. Results are kept in `--output`: a second run goes on. The
exit status is 1 if a set is under its floor.
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
import numpy as np
from scipy.stats import bootstrap

from training.config import load_config
from training.crossval import macro_f1
from training.dataset import Columns, Dataset, read_dataset
from training.evaluate import Scores
from training.fit import fit
from training.tune_commands import tune

_TABLE = Path(__file__).with_suffix(".toml")
_ROUNDS = 500
_HEADER = """\
| set | texts | measure | default settings | found by `tune` | reference | floor | goal |
|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True)
class Set:
    """A line of `benchmarks.toml`."""

    file: str
    measure: str
    truth: str
    reference: float
    floor: float
    goal: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A held-out figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def measured(held_out: Scores, dataset: Dataset, benchmark: Set) -> Figure:
    """The set's measure on held-out answers."""
    if benchmark.measure == "macro_f1":
        known = held_out.category_truth >= 0
        truth = held_out.category_truth[known]
        answers = held_out.category_probs[known].argmax(axis=1)
        statistic = macro_f1
    else:
        cells = [example.cells.get(benchmark.truth) for example in dataset.examples]
        known = held_out.rank_truth >= 0
        truth = np.array([float(str(cell)) for cell, is_known in zip(cells, known, strict=True)
                          if is_known])  # fmt: skip
        answers = held_out.expected[known]
        statistic = _pearson
    interval = bootstrap(
        (truth, answers), statistic, paired=True, vectorized=False, method="percentile",
        n_resamples=_ROUNDS, rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    return Figure(statistic(truth, answers), float(interval.low), float(interval.high))


def _pearson(truth: np.ndarray, answers: np.ndarray) -> float:
    return float(np.corrcoef(truth, answers)[0, 1])


def figure_of(benchmark: Set, dataset: Dataset, config: Path | None, kept: Path) -> Figure:
    """The figure of a configuration, from `kept` if it is known there."""
    name = str(config and config.read_text(encoding="utf-8")) + str(len(dataset.examples))
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    if name not in known:
        fitted = fit(dataset, load_config(config), jobs=1, progress=lambda _: None)
        figure = measured(fitted.held_out, dataset, benchmark)
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
        before = figure_of(benchmark, dataset, None, place / "figures.json")
        found = figure_of(benchmark, dataset, place / "train.toml", place / "figures.json")
        failed |= found.value < benchmark.floor
        lines.append(
            f"| {data.stem} | {len(dataset.examples)} | {benchmark.measure} | {before} | {found} "
            f"| {benchmark.reference} | {benchmark.floor} | {benchmark.goal} |"
        )
        click.echo(lines[-1], err=True)
    click.echo("\n".join(lines))
    sys.exit(failed)


if __name__ == "__main__":
    main()
