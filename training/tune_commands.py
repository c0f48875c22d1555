"""The command `tune`: searches the settings that matter, and writes them as a train.toml."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from training.click_types import FILE, FOLDER
from training.config import load_config
from training.config_text import config_text
from training.crossval import sample_of
from training.data_command import data_options
from training.dataset import read_sources
from training.journal import Journal
from training.sources import Flags, sources_of
from training.space import load_space
from training.tune import Limits, Search
from training.tune_report import Outcome, as_json, outcome, picture, table

_SEARCH_SHARE = 0.8  # of the budget; the rest is for the check on fresh folds


@click.command()
@data_options
@click.option("--config", type=FILE, help="train.toml to start from")
@click.option("--space", type=FILE, help="TOML of the values to try; the packaged one if absent.")
@click.option("--budget-minutes", type=click.FloatRange(min=0), default=10, show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True)
@click.option(
    "--rows", type=click.IntRange(20), default=6000, show_default=True,
    help="Texts to search on: a random sample of larger data.",
)  # fmt: skip
@click.option(
    "--output", type=FOLDER, required=True,
    help="Folder of train.toml, tune.json, tune.svg and the journal.",
)  # fmt: skip
@click.option("--json", "to_json", is_flag=True, help="All that was found as one JSON object.")
def tune(
    paths: tuple[Path, ...],
    text_column: str | None,
    category_column: str | None,
    intensity_column: str | None,
    weights: tuple[str, ...],
    mapping: Path | None,
    config: Path | None,
    space: Path | None,
    budget_minutes: float,
    jobs: int,
    rows: int,
    output: Path,
    to_json: bool,
) -> None:
    """Search settings by cross-validation; the last line printed is a train.toml with the best.

    One setting after the other is tried, near duplicates kept in one fold. Category is measured by
    macro-F1, intensity by the Pearson correlation of its score with the levels; with both labels
    their mean counts. Stopped or out of time, the same command goes on where it was.
    """
    started = time.monotonic()
    columns = (text_column, category_column, intensity_column, mapping)
    start, steps = load_config(config, data=paths), load_space(space)
    dataset = read_sources(sources_of(start.data, Flags(paths, *columns, weights)))
    sample = sample_of(dataset, start, rows)
    used, whole = len(sample.texts), len(dataset.examples)
    click.echo(f"search on {used} of {whole} texts, heads: {', '.join(sample.heads)}", err=True)
    output.mkdir(parents=True, exist_ok=True)
    journal = Journal(output / "journal.jsonl", sample.about)
    if len(journal):
        click.echo(f"{len(journal)} results of the journal are taken over", err=True)
    seconds = budget_minutes * 60
    with click.progressbar(length=max(1, round(seconds)), label="tune", file=sys.stderr) as bar:

        def progress(step: str) -> None:
            bar.label = f"tune: {step:32}" if step else bar.label
            bar.update(round(time.monotonic() - started) - bar.pos)

        limits = Limits(jobs, started + _SEARCH_SHARE * seconds, progress)
        search = Search(sample, journal, limits)
        chosen = search.run(start, steps)
        progress("fresh folds")
        found = outcome(search, chosen, start, steps)
    _write(output, found)
    if to_json:
        click.echo(json.dumps(as_json(found), ensure_ascii=False))
    else:
        click.echo(f"{table(found)}\n{output / 'train.toml'}")


def _write(folder: Path, found: Outcome) -> None:
    note = ", ".join(f"{head} {s.mean():.3f}" for head, s in found.fresh.of_heads.items())
    head = f"# Chosen by `tune` on {found.texts} texts; on fresh folds: {note}.\n"
    config = head + config_text(found.chosen.config)
    (folder / "train.toml").write_text(config, encoding="utf-8")
    text = json.dumps(as_json(found), ensure_ascii=False, indent=1)
    (folder / "tune.json").write_text(text + "\n", encoding="utf-8")
    (folder / "tune.svg").write_text(picture(found), encoding="utf-8")
