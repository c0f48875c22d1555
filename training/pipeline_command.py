"""The command that writes a model for notebooks."""

from __future__ import annotations

from pathlib import Path

import click

from training.click_types import FOLDER
from training.pipeline import write_pipelines
from training.registry import CURRENT, find_folder


@click.command("export-pipeline")
@click.option(
    "--model",
    type=FOLDER,
    help="Model folder; models/CURRENT if not given.",
)
def export_pipeline(model: Path | None) -> None:
    """Write a model's `pipeline.joblib`: scikit-learn pipelines with equal predictions.

    It is a pickle: load one only if you trust who made it. The service never reads it.
    """
    click.echo(str(write_pipelines(model or find_folder(Path("models"), CURRENT))))
