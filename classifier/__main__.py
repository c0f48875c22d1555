"""Command line of the library: `python -m classifier --help`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from classifier.batch import classify_file, write_json_lines
from classifier.commands import run
from classifier.files import read_rows
from classifier.pii import mask as mask_text
from classifier.playbook_commands import playbook as playbook_group
from classifier.policy_commands import policy as policy_group
from classifier.policy_file import load_policy
from classifier.reply import Json
from classifier.triage import load

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def main() -> None:
    """Read Chinese complaints: intensity, category, risk signals, priority, route."""


@main.command()
@click.option(
    "--input", "source", type=FILE, required=True, help="CSV, TSV, JSON Lines, Parquet, Excel."
)
@click.option("--output", "target", type=FILE, required=True, help="JSON Lines, one object a row.")
@click.option("--model", type=FOLDER, help="Model folder; models/CURRENT if not given.")
@click.option("--policy", type=FILE, help="Policy file; the packaged one if not given.")
@click.option("--text-column", default="text", show_default=True)
def classify(
    source: Path, target: Path, model: Path | None, policy: Path | None, text_column: str
) -> None:
    """Classify every row of a file, in order, with bounded memory."""
    triage, rules = load(model), load_policy(policy)
    gc.freeze()  # what is loaded stays: no collection of garbage has to walk over it
    total = sum(1 for _ in read_rows(source, needs=text_column))
    answers = classify_file(
        triage, rules, source, text_column=text_column, received_at=datetime.now(UTC)
    )
    outcomes = write_json_lines(_shown(answers, total), target)
    counts = ", ".join(f"{name} {count}" for name, count in sorted(outcomes.items()))
    click.echo(f"{total} rows to {target}: {counts or 'nothing'}", err=True)


@main.command()
@click.argument("text")
def mask(text: str) -> None:
    """Print TEXT with personal data replaced by tokens."""
    click.echo(mask_text(text))


main.add_command(policy_group)
main.add_command(playbook_group)


def _shown(answers: Iterator[Json], total: int) -> Iterator[Json]:
    with click.progressbar(answers, length=total, label="classify", file=sys.stderr) as shown:
        yield from shown


if __name__ == "__main__":
    run(main, "classifier")
