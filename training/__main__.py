"""Command line of training: `python -m training --help`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from classifier.artifact import current_version
from classifier.commands import run
from classifier.triage import Triage, load
from training.build import build, write_folder
from training.card import write_card
from training.config import load_config
from training.data_command import data_check, data_options
from training.data_config import DataSettings
from training.dataset import Dataset, read_sources
from training.drift_command import drift
from training.evaluate import figures
from training.feedback_command import feedback
from training.fit import fit
from training.judge import judge
from training.label_audit_command import label_audit
from training.labels_commands import next_labels, read_labels_
from training.pipeline_command import export_pipeline
from training.registry import FIRST, Change, default_by, switch
from training.registry_commands import compare, gate, history, promote, rollback
from training.report import write_report
from training.sources import Flags, sources_of
from training.summary import summary
from training.trial import try_settings
from training.tune_commands import tune

FOLDER = click.Path(path_type=Path, file_okay=False)
PATH = click.Path(path_type=Path, exists=True)


@click.group()
def main() -> None:
    """Train, evaluate and choose models."""


_LABELS = (data_check, feedback, label_audit, next_labels, read_labels_)
_REGISTRY = (tune, compare, gate, promote, rollback, history, drift, export_pipeline)
for command in (*_LABELS, *_REGISTRY):
    main.add_command(command)


@main.command()
@data_options
@click.option("--out", type=FOLDER, default=Path("models"), show_default=True)
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="train.toml")
@click.option(
    "--against", type=PATH, multiple=True, help="Labelled text to measure on, not to fit."
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
) -> None:
    """Train a model on labelled files; the last line printed is its folder.

    Either label column may be absent: only the heads that have labels are trained. The first model
    of a folder becomes the current one; later ones wait for `promote`.
    """
    settings = load_config(config)
    columns = (text_column, category_column, intensity_column, mapping)
    dataset = read_sources(sources_of(settings.data, Flags(paths, *columns, weights)))
    other = read_sources(sources_of(settings.data, Flags(against, *columns))) if against else None
    _say_what_was_read(dataset)
    steps = settings.folds.number + 5
    with click.progressbar(length=steps, label="train", file=sys.stderr, show_pos=True) as bar:

        def progress(step: str) -> None:
            bar.label = f"train: {step:24}"
            bar.update(1)

        fitted = fit(dataset, settings, jobs=os.cpu_count() or 1, progress=progress)
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


@main.command()
@click.option("--model", type=FOLDER, help="Model folder; models/CURRENT if not given.")
@data_options
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON object.")
def evaluate(
    model: Path | None,
    paths: tuple[Path, ...],
    text_column: str | None,
    category_column: str | None,
    intensity_column: str | None,
    weights: tuple[str, ...],
    mapping: Path | None,
    as_json: bool,
) -> None:
    """Measure a model on labelled files that it was not trained on; weights change nothing here."""
    flags = Flags(paths, text_column, category_column, intensity_column, mapping, weights)
    metrics = judge(load(model), read_sources(sources_of(DataSettings(), flags)))
    click.echo(json.dumps(metrics, ensure_ascii=False) if as_json else summary(metrics))


@main.command("try")
@click.option("--data", "paths", type=PATH, multiple=True, required=True, help="File or folder.")
@click.option("--against", type=PATH, multiple=True, required=True, help="To measure on only.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="train.toml")
@click.option("--set", "changes", multiple=True, help="A changed setting: features.min_df=2")
def try_(
    paths: tuple[Path, ...],
    against: tuple[Path, ...],
    config: Path | None,
    changes: tuple[str, ...],
) -> None:
    """Fit once with changed settings and measure on other text; no model is written."""
    settings = load_config(config, changes)
    data, other = (read_sources(sources_of(settings.data, Flags(p))) for p in (paths, against))
    found = try_settings(data, other, settings)
    click.echo(f"{'features':30} {found['features']}\n{summary(found)}")


def _say_what_was_read(dataset: Dataset) -> None:
    rows = sum(file.rows for file in dataset.files)
    click.echo(f"{rows} rows in {len(dataset.files)} files, {len(dataset.examples)} used", err=True)
    for reason, count in sorted(dataset.left_out.items()):
        click.echo(f"  left out: {count} rows, {reason}", err=True)
    for name, labels in (("category", dataset.categories), ("intensity", dataset.levels)):
        if len(labels) < 2:
            click.echo(f"  no {name} head: {len(labels)} different labels", err=True)


if __name__ == "__main__":
    run(main, "training")
