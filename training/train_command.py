"""`python -m training train`: a labelled table becomes a model folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from classifier.artifact import current_version
from classifier.cluster import runner
from classifier.triage import Triage, load
from training.build import build, write_folder
from training.card import write_card
from training.click_types import FILE, FOLDER, PATH
from training.config import load_config
from training.data_command import data_options
from training.dataset import Dataset, read_sources
from training.evaluate import figures
from training.fit import fit
from training.judge import judge
from training.registry import FIRST, Change, default_by, switch
from training.report import write_report
from training.sources import Flags, sources_of
from training.summary import summary


@click.command()
@data_options
@click.option("--out", type=FOLDER, default=Path("models"), show_default=True)
@click.option("--config", type=FILE, help="train.toml")
@click.option(
    "--against", type=PATH, multiple=True, help="Labelled text to measure on, not to fit."
)
@click.option("--scheduler", help="Dask scheduler for terms and features: its address, or local.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    help="Processes or threads, and workers of --scheduler local; as many as there are cores if "
    "not given.",
)
def train(
    paths: tuple[Path, ...],
    text_column: str | None,
    category_column: str | None,
    intensity_column: str | None,
    weights: tuple[str, ...],
    mapping: Path | None,
    out: Path,
    config: Path | None,
    against: tuple[Path, ...],
    scheduler: str | None,
    jobs: int | None,
) -> Path:
    """Train a model on labelled files; the last line printed is its folder.

    Either label column may be absent: only the heads that have labels are trained. The first model
    of a folder becomes the current one; later ones wait for `promote`.
    """
    settings = load_config(config, data=paths)
    columns = (text_column, category_column, intensity_column, mapping)
    dataset = read_sources(sources_of(settings.data, Flags(paths, *columns, weights)))
    other = read_sources(sources_of(settings.data, Flags(against, *columns))) if against else None
    _say_what_was_read(dataset)
    steps = settings.folds.number + 5
    with click.progressbar(length=steps, label="train", file=sys.stderr, show_pos=True) as bar:

        def progress(step: str) -> None:
            bar.label = f"train: {step:24}"
            bar.update(1)

        jobs = jobs or len(os.sched_getaffinity(0))
        with runner(scheduler, jobs) as run:
            fitted = fit(dataset, settings, jobs=jobs, progress=progress, run=run)
        progress("measure")
        metrics = figures(fitted.held_out, seed=settings.seed)
        metrics["intensity_kinds"] = {"qwk": fitted.kappa_by_kind}
        progress("write")
        artifact = build(dataset, fitted, settings, metrics)
        if other:
            judged = metrics["against"] = judge(Triage(artifact), other)
        folder = write_folder(artifact, out, metrics)
        write_card(folder, artifact.manifest, metrics)
        write_report(folder, dataset, fitted, metrics)
        progress("done")
    if current_version(out) is None:
        why = "the first model of the folder"
        switch(out, load(folder), Change(FIRST, why, default_by()), expected=None)
    click.echo(summary(metrics), err=True)
    if other:
        click.echo(f"against other text:\n{summary(judged)}", err=True)
    click.echo(str(folder))
    return folder


def _say_what_was_read(dataset: Dataset) -> None:
    rows = sum(file.rows for file in dataset.files)
    click.echo(f"{rows} rows in {len(dataset.files)} files, {len(dataset.examples)} used", err=True)
    for reason, count in sorted(dataset.left_out.items()):
        click.echo(f"  left out: {count} rows, {reason}", err=True)
    for name, labels in (("category", dataset.categories), ("intensity", dataset.levels)):
        if len(labels) < 2:
            click.echo(f"  no {name} head: {len(labels)} different labels", err=True)
