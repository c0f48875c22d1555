"""Command line of training: `python -m training --help`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from classifier.artifact import current_version, set_current
from classifier.commands import run
from classifier.triage import Triage, load
from training.build import build, write_folder
from training.card import write_card
from training.config import load_config
from training.dataset import Columns, Dataset, read_dataset
from training.evaluate import figures
from training.fit import fit
from training.judge import judge
from training.report import write_report
from training.summary import summary
from training.trial import try_settings
from training.tune_commands import tune

FOLDER = click.Path(path_type=Path, file_okay=False)
PATH = click.Path(path_type=Path, exists=True)


@click.group()
def main() -> None:
    """Train, evaluate and choose models."""


@main.command()
@click.option("--data", "paths", type=PATH, multiple=True, required=True, help="File or folder.")
@click.option("--out", type=FOLDER, default=Path("models"), show_default=True)
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="train.toml")
@click.option(
    "--against", type=PATH, multiple=True, help="Labelled text to measure on, not to fit."
)
@click.option("--text-column", default="text", show_default=True)
@click.option("--category-column", default="category", show_default=True)
@click.option("--intensity-column", default="intensity", show_default=True)
def train(
    paths: tuple[Path, ...],
    out: Path,
    config: Path | None,
    against: tuple[Path, ...],
    text_column: str,
    category_column: str,
    intensity_column: str,
) -> None:
    """Train a model on labelled files; the last line printed is its folder.

    Either label column may be absent: only the heads that have labels are trained. The first model
    of a folder becomes the current one; later ones wait for `promote`.
    """
    settings = load_config(config)
    columns = Columns(text_column, category_column, intensity_column)
    dataset = read_dataset(paths, columns)
    other = read_dataset(against, columns) if against else None
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
        set_current(out, folder.name)
    click.echo(summary(metrics), err=True)
    if other:
        click.echo(f"against other text:\n{summary(judged)}", err=True)
    click.echo(str(folder))


@main.command()
@click.option("--model", type=FOLDER, help="Model folder; models/CURRENT if not given.")
@click.option("--data", "paths", type=PATH, multiple=True, required=True, help="File or folder.")
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON object.")
@click.option("--text-column", default="text", show_default=True)
@click.option("--category-column", default="category", show_default=True)
@click.option("--intensity-column", default="intensity", show_default=True)
def evaluate(
    model: Path | None,
    paths: tuple[Path, ...],
    as_json: bool,
    text_column: str,
    category_column: str,
    intensity_column: str,
) -> None:
    """Measure a model on labelled files that it was not trained on."""
    columns = Columns(text_column, category_column, intensity_column)
    metrics = judge(load(model), read_dataset(paths, columns))
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
    columns = Columns("text", "category", "intensity")
    found = try_settings(read_dataset(paths, columns), read_dataset(against, columns), settings)
    click.echo(f"{'features':30} {found['features']}\n{summary(found)}")


@main.command()
@click.argument("version")
@click.option("--models", type=FOLDER, default=Path("models"), show_default=True)
def promote(version: str, models: Path) -> None:
    """Make VERSION the current model, after checking that it loads."""
    load(models / version)
    before = current_version(models)
    set_current(models, version)
    click.echo(f"current model: {version} (before: {before or 'none'})")


main.add_command(tune)


def _say_what_was_read(dataset: Dataset) -> None:
    rows = sum(count for _, _, count in dataset.files)
    click.echo(f"{rows} rows in {len(dataset.files)} files, {len(dataset.examples)} used", err=True)
    for reason, count in sorted(dataset.left_out.items()):
        click.echo(f"  left out: {count} rows, {reason}", err=True)
    for name, labels in (("category", dataset.categories), ("intensity", dataset.levels)):
        if len(labels) < 2:
            click.echo(f"  no {name} head: {len(labels)} different labels", err=True)


if __name__ == "__main__":
    run(main, "training")
