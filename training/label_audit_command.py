"""`python -m training label-audit`: doubtful labels on a page, and their fixes into the tables."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from training.click_types import FILE, FOLDER, PATH
from training.config import load_config
from training.data_command import data_options
from training.dataset import Source, read_sources
from training.label_audit import Audit, audit
from training.label_audit_page import write_page
from training.label_evidence import CATEGORY, LEVEL
from training.label_fixes import LOG, apply_fixes, read_fixes, settled_labels
from training.sources import Flags, sources_of

_SHOWN_PROBLEMS = 20


@click.command("label-audit")
@data_options
@click.option("--output", type=FILE, default=Path("var/label-audit.html"), show_default=True)
@click.option(
    "--number", type=click.IntRange(1), default=300, show_default=True, help="Rows shown."
)
@click.option("--config", type=FILE, help="train.toml")
@click.option("--apply", "fixes", type=PATH, help="Fixes that the page downloaded; no audit then.")
@click.option(
    "--out",
    type=FOLDER,
    default=Path("var/fixed"),
    show_default=True,
    help="Folder of the corrected tables and of the log of fixes.",
)
@click.option("--who", help="Who made the fixes, where the file does not say.")
@click.option("--json", "as_json", is_flag=True, help="The doubts as one JSON object, no texts.")
def label_audit(
    paths: tuple[Path, ...],
    text_column: str | None,
    category_column: str | None,
    intensity_column: str | None,
    weights: tuple[str, ...],
    mapping: Path | None,
    output: Path,
    number: int,
    config: Path | None,
    fixes: Path | None,
    out: Path,
    who: str | None,
    as_json: bool,
) -> None:
    """Find labels that a cross-validated model contradicts, and write a page to mend them.

    With --apply, write the tables with the fixes into --out and record each fix in its log.
    """
    settings = load_config(config, data=paths)
    columns = (text_column, category_column, intensity_column, mapping)
    sources = sources_of(settings.data, Flags(paths, *columns, weights))
    if fixes:
        _apply(sources, fixes, out, who)
        return
    dataset = read_sources(sources)
    steps = settings.folds.number + 3
    with click.progressbar(length=steps, label="label-audit", file=sys.stderr) as bar:

        def progress(step: str) -> None:
            bar.label = f"label-audit: {step:24}"
            bar.update(1)

        jobs = os.cpu_count() or 1
        found = audit(
            dataset,
            settings,
            settled_labels([source.path for source in sources]),
            jobs=jobs,
            progress=progress,
        )
        made_at = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        shown = write_page(found, output, number=number, made_at=made_at)
    if as_json:
        click.echo(json.dumps(as_plain(found), ensure_ascii=False))
        return
    click.echo(f"{'texts':30} {found.texts}")
    click.echo(f"{'doubted categories':30} {found.count(CATEGORY)}")
    click.echo(f"{'doubted levels':30} {found.count(LEVEL)}")
    click.echo(f"{'looked at before and kept':30} {found.reviewed}")
    click.echo(f"{output}: the {shown} gravest of {len(found.doubted)} rows")


def as_plain(found: Audit) -> dict[str, object]:
    """The doubts for machines: keys, labels and figures, no texts."""
    return {
        "texts": found.texts,
        "reviewed": found.reviewed,
        "doubted": [
            {
                "key": row.key,
                "id": row.id,
                "source": row.source,
                "field": view.field,
                "given": view.given,
                "suggested": view.suggested,
                "severity": round(view.severity, 6),
            }
            for row in found.doubted
            for view in row.views
        ],
    }


def _apply(sources: Sequence[Source], fixes: Path, out: Path, who: str | None) -> None:
    wanted = read_fixes(fixes, who=who)
    done = apply_fixes(sources, wanted, out)
    click.echo(
        f"{len(wanted)} fixes: {done.changed} labels changed, {done.kept} kept, "
        f"{done.already} done before, {len(done.missing)} do not fit"
    )
    for fix in done.missing[:_SHOWN_PROBLEMS]:
        click.echo(f"  no row {fix.id} with {fix.field} {fix.before}", err=True)
    click.echo(f"{out / LOG}: every fix, with who, when and why")
    for path in done.files:
        click.echo(str(path))
