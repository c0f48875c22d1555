"""`python -m training retrain`: from verdicts to a candidate, in one command."""

from __future__ import annotations

from pathlib import Path

import click

from classifier.errors import InputFileError
from training.click_types import FILE, FOLDER, PATH
from training.feedback_command import feedback
from training.feedback_tables import TRAIN
from training.registry import CURRENT
from training.registry_commands import gate, gates_option
from training.train_command import train


@click.command()
@click.option(
    "--data", "paths", type=PATH, multiple=True, default=[Path("data/corpus")], show_default=True,
    help="What the model is trained on besides: file or folder.",
)  # fmt: skip
@click.option(
    "--verdicts", type=PATH, multiple=True, default=[Path("data/feedback")], show_default=True,
    help="What export-feedback wrote: file or folder.",
)  # fmt: skip
@click.option(
    "--holdout", type=PATH, multiple=True, required=True,
    help="Labelled file or folder that no model has seen, for the gates.",
)  # fmt: skip
@click.option("--work", type=FOLDER, default=Path("var/feedback"), show_default=True,
              help="Folder of the tables made of verdicts.")  # fmt: skip
@click.option("--models", type=FOLDER, default=Path("models"), show_default=True)
@click.option("--config", type=FILE, help="train.toml")
@gates_option
@click.pass_context
def retrain(
    context: click.Context,
    paths: tuple[Path, ...],
    verdicts: tuple[Path, ...],
    holdout: tuple[Path, ...],
    work: Path,
    models: Path,
    config: Path | None,
    gates_file: Path | None,
) -> None:
    """Turn verdicts into labels, train on them too, and hold the candidate against the gates.

    Nothing is promoted; the last line printed says how to. Exit status 1 if a gate refuses.
    """
    rows = context.invoke(feedback, paths=verdicts, out=work, config=config)
    if not rows[TRAIN]:
        raise InputFileError(
            f"{work / TRAIN} has no row: no case that a rule picked out has a verdict that counts"
        )
    click.echo(err=True)
    folder = context.invoke(train, paths=(*paths, work / TRAIN), out=models, config=config)
    click.echo(err=True)
    context.invoke(
        gate, candidate=folder.name, against=CURRENT, holdout=holdout, feedback=verdicts,
        models=models, gates_file=gates_file,
    )  # fmt: skip
    files = " ".join(f"--holdout {path}" for path in holdout)
    click.echo(f"to serve it: python -m training promote {folder.name} {files}")
