"""`python -m training next-labels` and `read-labels`: out to a labelling tool, and back."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click

from classifier.artifact import read_artifact
from classifier.errors import InputFileError
from classifier.neutral import as_read
from classifier.triage import Triage
from training.click_types import FILE, FOLDER, PATH
from training.config import load_config
from training.consensus import Status, weight_of
from training.dataset import Columns, read_dataset
from training.labelling_tools import WRITERS, names_of
from training.labels_read import Labelled, read_labels
from training.next_labels import choose, read_candidates
from training.registry import CURRENT, find_folder
from training.table_files import write_table

_LABELLED = ("id", "text", "category", "intensity", "label_weight", "source", "status", "reviewers")


@click.command("next-labels")
@click.option("--data", "paths", type=PATH, multiple=True, required=True, help="File or folder.")
@click.option("--model", type=FOLDER, help="Model folder.")
@click.option("--labelled", type=PATH, multiple=True, help="Labelled files: not chosen again.")
@click.option("--number", type=click.IntRange(1, 10_000), default=200, show_default=True)
@click.option("--output", type=FILE, required=True)
@click.option("--format", "kind", type=click.Choice(list(WRITERS)), default="csv")
@click.option("--text-column", default="text", show_default=True)
@click.option("--show-model", is_flag=True, help="Fill in the model's answers; people follow them.")
@click.option("--seed", default=0, show_default=True)
def next_labels(
    paths: tuple[Path, ...],
    model: Path | None,
    labelled: tuple[Path, ...],
    number: int,
    output: Path,
    kind: str,
    text_column: str,
    show_model: bool,
    seed: int,
) -> None:
    """Choose the texts to label next: those the model doubts most, unlike each other."""
    artifact = read_artifact(model or find_folder(Path("models"), CURRENT))
    with click.progressbar(length=3, label="next-labels", file=sys.stderr) as bar:
        known = _known(labelled, text_column)
        triage = Triage(artifact)
        candidates, left_out = read_candidates(paths, text_column, triage, known=known)
        bar.update(1)
        chosen = choose(candidates, artifact, number, seed=seed)
        bar.update(1)
        written = WRITERS[kind](output, chosen, names_of(artifact), shows_model=show_model)
        bar.update(1)
    click.echo(f"{len(chosen)} of {len(candidates)} texts chosen", err=True)
    for reason, count in sorted(left_out.items()):
        click.echo(f"  left out: {count} rows, {reason}", err=True)
    for path in written:
        click.echo(str(path))


@click.command("read-labels")
@click.argument("files", type=PATH, nargs=-1, required=True)
@click.option("--output", type=FILE, required=True, help="Labelled table, CSV.")
@click.option("--config", type=FILE, help="train.toml")
def read_labels_(files: tuple[Path, ...], output: Path, config: Path | None) -> None:
    """Turn labels from Label Studio (.json), doccano (.jsonl) or next-labels' .csv into a table.

    Of several people's labels, two who agree or a ground truth count; disagreement stays out.
    """
    settings = load_config(config).feedback
    found = read_labels(files)
    if not found:
        raise InputFileError(f"{', '.join(map(str, files))}: nobody has labelled anything yet")

    def row(one: Labelled) -> dict[str, object]:
        ruling = one.ruling
        return {
            "id": one.row_id,
            "text": one.text,
            "category": ruling.category,
            "intensity": ruling.level,
            "label_weight": weight_of(ruling, settings, is_correction=True, is_hard=False),
            "source": "labelling",
            "status": ruling.status.value,
            "reviewers": len({opinion.by for opinion in one.opinions}),
        }

    count = write_table(output, _LABELLED, (row(one) for one in found if one.ruling.has_label))
    statuses = Counter(one.ruling.status for one in found)
    click.echo(", ".join(f"{status.value} {statuses[status]}" for status in Status))
    for one in found:
        if one.ruling.disputed:
            click.echo(f"disputed: {one.row_id}, {', '.join(one.ruling.disputed)}")
    click.echo(f"{output}: {count} rows")


def _known(paths: tuple[Path, ...], text_column: str) -> frozenset[str]:
    if not paths:
        return frozenset()
    dataset = read_dataset(paths, Columns(text_column))
    return frozenset(as_read(example.text) for example in dataset.examples)
