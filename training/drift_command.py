"""`python -m training drift`: are the texts of today still like those of the training."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import click

from classifier.errors import ModelError
from classifier.files import read_rows
from classifier.profile import labels_of, read_profile
from classifier.triage import load
from training.click_types import FILE, FOLDER, PATH
from training.dataset import files_of
from training.drift import judge_drift, read_feedback, read_stream, worst
from training.drift_report import Drift, as_json, as_text, write_page


@click.command()
@click.option("--data", "paths", type=PATH, multiple=True, required=True,
              help="Texts of today, or what `classify` wrote: file or folder.")  # fmt: skip
@click.option("--model", type=FOLDER, help="Model folder; models/CURRENT if not given.")
@click.option("--feedback", type=PATH, multiple=True,
              help="Verdicts that `service export-feedback` wrote: file or folder.")  # fmt: skip
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only verdicts from this day on.")
@click.option("--output", type=FILE, help="Write a self-contained page too.")
@click.option("--json", "as_object", is_flag=True, help="One JSON object instead of the table.")
@click.option("--fail-on", type=click.Choice(["watch", "act"]), help="Exit code 1 from here on.")
@click.option("--text-column", default="text", show_default=True)
def drift(
    paths: tuple[Path, ...],
    model: Path | None,
    feedback: tuple[Path, ...],
    since: datetime | None,
    output: Path | None,
    as_object: bool,
    fail_on: str | None,
    text_column: str,
) -> None:
    """Compare texts, which need no labels, with those that the model was trained on.

    Each measure is stable, to be watched, or to be acted on; a model says of itself how the texts
    of its training looked when they were held out.
    """
    triage = load(model)
    manifest = triage.describe()
    labels, profile = labels_of(manifest), read_profile(manifest)
    if profile is None:
        raise ModelError(f"model {triage.version} has no profile: it was trained before there were "
                         "any, train again to measure drift")  # fmt: skip
    files = [file for path in paths for file in files_of(path)]
    rows = sum(1 for file in files for _ in read_rows(file, needs=text_column))
    with click.progressbar(length=rows, label="drift", file=sys.stderr, show_pos=True) as bar:
        stream = read_stream(files, triage, labels, text_column, bar.update)
    lines = [file for path in feedback for file in files_of(path)]
    verdicts = read_feedback(lines, triage.version, labels, since) if lines else None
    findings = judge_drift(profile, stream, verdicts, labels)
    found = Drift(triage.version, profile, stream, verdicts, findings)
    if output:
        write_page(output, found, manifest, labels)
    click.echo(json.dumps(as_json(found), ensure_ascii=False) if as_object else as_text(found))
    if fail_on and worst(findings).name.lower() in ("act", fail_on):
        sys.exit(1)
