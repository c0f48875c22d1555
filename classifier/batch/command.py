"""`python -m classifier classify`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from classifier.batch.folder import Loading, classify_folder
from classifier.batch.run import Plan, Progress, Summary, classify_file
from classifier.batch.score import Tally
from classifier.errors import InputFileError
from classifier.triage import folder_of

PATH = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
_STEPS = 1000  # of the progress bar


@click.command()
@click.option(
    "--input",
    "source",
    type=PATH,
    required=True,
    help="CSV, TSV, JSON Lines, Parquet, Excel; or a folder of Parquet files.",
)
@click.option(
    "--output",
    "target",
    type=PATH,
    required=True,
    help="JSON Lines, CSV or Parquet, by its name; or a folder.",
)
@click.option("--model", type=FOLDER, help="Model folder; models/CURRENT if not given.")
@click.option("--policy", type=FILE, help="Policy file; the packaged one if not given.")
@click.option("--text-column", default="text", show_default=True)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    help="Processes; as many as there are cores if not given.",
)
@click.option("--scheduler", help="Dask scheduler for a folder: its address, or local.")
@click.option("--restart", is_flag=True, help="Throw an unfinished output away and begin anew.")
@click.option("--json", "is_json", is_flag=True, help="Print the summary as JSON too.")
def classify(
    source: Path, target: Path, model: Path | None, policy: Path | None, text_column: str,
    jobs: int | None, scheduler: str | None, restart: bool, is_json: bool,
) -> None:  # fmt: skip
    """Classify every row of a file, in order, with bounded memory.

    The same command goes on where a run was interrupted.
    """
    jobs = jobs or len(os.sched_getaffinity(0))
    plan = Plan(text_column, jobs, restart, scheduler=scheduler)
    if scheduler is not None and not source.is_dir():
        raise InputFileError(f"{source} is no folder; --scheduler scores folders of Parquet files")
    loading = Loading(folder_of(model), policy and policy.absolute())
    with _bar() as progress:
        if source.is_dir():
            folders = source.absolute(), target.absolute()
            summary = classify_folder(loading, *folders, plan, progress)
        else:
            summary = classify_file(loading.load(), source, target, plan, progress)
    click.echo(_sentence(summary, target), err=True)
    if is_json:
        click.echo(json.dumps(_values(summary)))


@contextmanager
def _bar() -> Iterator[Progress]:
    with click.progressbar(  # type: ignore[var-annotated]  # of what, click learns from a length
        length=_STEPS,
        label="classify",
        file=sys.stderr,
        item_show_func=lambda tally: f"{tally.rows:,} rows" if tally else "",
    ) as bar:

        def show(share: float, tally: Tally) -> None:
            bar.update(int(share * _STEPS) - bar.pos, tally)

        yield show


def _values(summary: Summary) -> dict[str, object]:
    tally = summary.tally
    return {
        "rows": tally.rows,
        "resumed_rows": summary.resumed_rows,
        "outcomes": dict(sorted(tally.outcomes.items())),
        "priorities": dict(sorted(tally.priorities.items())),
        "error_rows": tally.error_rows,
        "seconds": round(summary.seconds, 2),
        "texts_per_second": round(tally.rows / summary.seconds) if summary.seconds else None,
    }


def _sentence(summary: Summary, target: Path) -> str:
    """The run in one line for people, and one more where there are errors."""
    tally = summary.tally
    outcomes = ", ".join(f"{name} {n:,}" for name, n in sorted(tally.outcomes.items()))
    judged = max(1, sum(tally.priorities.values()))
    shares = " ".join(f"{p} {n / judged:.1%}" for p, n in sorted(tally.priorities.items()))
    speed = tally.rows / summary.seconds if summary.seconds else 0
    lines = [
        f"{tally.rows:,} rows to {target}: {outcomes or 'nothing'}",
        f"{summary.seconds:.1f} s, {speed:,.0f} texts/s" + (f"; {shares}" if shares else ""),
    ]
    if summary.resumed_rows:
        lines.append(f"{summary.resumed_rows:,} of them were there from a run before")
    if tally.error_rows:
        numbers = ", ".join(map(str, tally.error_rows))
        more = " …" if tally.outcomes["error"] > len(tally.error_rows) else ""
        lines.append(f"errors in rows {numbers}{more}")
    return "\n".join(lines)
