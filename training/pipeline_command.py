"""The command that writes a model for notebooks."""

from __future__ import annotations

from pathlib import Path

import click

from classifier.artifact import CURRENT, current_version
from classifier.errors import ModelError
from training.pipeline import write_pipelines


@click.command("export-pipeline")
@click.option(
    "--model",
    type=click.Path(path_type=Path, file_okay=False),
    help="Model folder; models/CURRENT if not given.",
)
def export_pipeline(model: Path | None) -> None:
    """Write a model's `pipeline.joblib`: scikit-learn pipelines with equal predictions.

    It is a pickle: load one only if you trust who made it. The service never reads it.
    """
    if model is None:
        models = Path("models")
        version = current_version(models)
        if version is None:
            raise ModelError(f"{models / CURRENT} does not exist: train a model or give --model")
        model = models / version
    click.echo(str(write_pipelines(model)))
