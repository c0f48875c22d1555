"""`python -m training data-check`, and the flags that say how data is read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from training.check import check, steps_of
from training.check_report import as_json, as_text, must_be_fixed, write_rows
from training.click_types import FILE, PATH
from training.config import load_config
from training.dataset import files_of
from training.sources import Flags, sources_of

Command = TypeVar("Command", bound=Callable[..., object])
FOUND = 3


def data_options(command: Command) -> Command:
    """Add the flags that `Flags` holds; each goes before what `train.toml` says."""
    for option in (
        click.option("--mapping", type=FILE, help="Table of their codes to ours, CSV or TOML."),
        click.option("--weight", "weights", multiple=True, help="How much rows count: FILE=2.0"),
        click.option("--intensity-column", help="[default: intensity]"),
        click.option("--category-column", help="[default: category]"),
        click.option("--text-column", help="[default: text]"),
        click.option("--data", "paths", type=PATH, multiple=True, help="File or folder."),
    ):
        command = option(command)
    return command


@click.command("data-check")
@data_options
@click.option("--holdout", type=PATH, multiple=True, help="Text that must not be in the data.")
@click.option("--config", type=FILE, help="train.toml")
@click.option("--rows", type=FILE, help="Write the rows with each problem to this CSV file.")
@click.option("--json", "as_json_", is_flag=True, help="Everything found as one JSON object.")
def data_check(
    paths: tuple[Path, ...],
    text_column: str | None,
    category_column: str | None,
    intensity_column: str | None,
    weights: tuple[str, ...],
    mapping: Path | None,
    holdout: tuple[Path, ...],
    config: Path | None,
    rows: Path | None,
    as_json_: bool,
) -> None:
    """Check labelled files before training; exit status 3 if something has to be mended first."""
    settings = load_config(config, data=paths)
    columns = (text_column, category_column, intensity_column, mapping)
    sources = sources_of(settings.data, Flags(paths, *columns, weights))
    held = sources_of(settings.data, Flags(holdout, *columns)) if holdout else []
    if rows and rows.resolve() in {file.resolve() for s in sources for file in files_of(s.path)}:
        raise click.UsageError(f"--rows {rows} is one of the files to check, name another")
    steps = len(steps_of([*sources, *held]))
    with click.progressbar(length=steps, label="data-check", file=sys.stderr, show_pos=True) as bar:

        def progress(step: str) -> None:
            bar.label = f"data-check: {step:24.24}"
            bar.update(1)

        checked = check(sources, held, settings, progress=progress)
    if rows:
        try:
            count = write_rows(checked, rows)
        except OSError as error:
            raise click.FileError(str(rows), error.strerror) from error
        click.echo(f"{count} problems of rows written to {rows}", err=True)
    shown = json.dumps(as_json(checked), ensure_ascii=False) if as_json_ else as_text(checked)
    click.echo(shown)
    if checked.hits and not rows:
        click.echo("every row with a problem: add --rows FILE.csv", err=True)
    if must_be_fixed(checked):
        sys.exit(FOUND)
