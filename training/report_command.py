"""`python -m training report`: the figures of a trained model, and where its report lies."""

from __future__ import annotations

import json
from pathlib import Path

import click

from classifier.errors import ModelError
from training.registry import CURRENT, find_folder
from training.registry_commands import models_option
from training.summary import summary


@click.command()
@click.argument("version", default=CURRENT)
@models_option
def report(version: str, models: Path) -> None:
    """Show the figures of VERSION (the current one), and the paths of its report and card."""
    folder = find_folder(models, version)
    try:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / 'metrics.json'} cannot be read: {error}") from error
    click.echo(f"{folder.name}, on held-out folds of its training data\n{summary(metrics)}")
    if "against" in metrics:
        click.echo(f"against other text\n{summary(metrics['against'])}")
    for name in ("report.html", "card.md"):
        if (folder / name).is_file():
            click.echo(str(folder / name))
