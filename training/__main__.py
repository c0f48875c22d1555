"""Command line of training: `python -m training --help`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from classifier.commands import run
from classifier.triage import load
from training.click_types import FILE, FOLDER, PATH
from training.config import load_config
from training.data_command import data_check, data_options
from training.data_config import DataSettings
from training.dataset import read_sources
from training.drift_command import drift
from training.feedback_command import feedback
from training.judge import judge
from training.label_audit_command import label_audit
from training.labels_commands import next_labels, read_labels_
from training.pipeline_command import export_pipeline
from training.registry_commands import compare, gate, history, promote, rollback
from training.report_command import report
from training.retrain_command import retrain
from training.sources import Flags, sources_of
from training.summary import summary
from training.train_command import train
from training.trial import try_settings
from training.tune_commands import tune


@click.group()
def main() -> None:
    """Train, evaluate and choose models."""


_LABELS = (data_check, feedback, label_audit, next_labels, read_labels_)
_REGISTRY = (tune, compare, gate, promote, rollback, history, drift, report, export_pipeline)
for command in (train, retrain, *_LABELS, *_REGISTRY):
    main.add_command(command)


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
@click.option("--config", type=FILE, help="train.toml")
@click.option("--set", "changes", multiple=True, help="A changed setting: features.min_df=2")
def try_(
    paths: tuple[Path, ...],
    against: tuple[Path, ...],
    config: Path | None,
    changes: tuple[str, ...],
) -> None:
    """Fit once with changed settings and measure on other text; no model is written."""
    settings = load_config(config, changes, data=paths)
    data, other = (read_sources(sources_of(settings.data, Flags(p))) for p in (paths, against))
    found = try_settings(data, other, settings)
    click.echo(f"{'features':30} {found['features']}\n{summary(found)}")


if __name__ == "__main__":
    run(main, "training")
