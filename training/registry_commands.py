"""The command line's registry: compare versions, run the gates, promote, roll back, history."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from classifier.artifact import Json, current_version
from classifier.errors import GateRefusedError, ModelError, SettingsError
from classifier.policy_file import load_policy
from classifier.triage import Triage, load
from training.click_types import FILE, FOLDER, PATH
from training.compare import as_html, as_text, compare_models
from training.dataset import Columns, read_dataset
from training.gates import (
    STEPS,
    Outcome,
    Trial,
    contestant,
    duel_of,
    record,
    refusals,
    run_gates,
)
from training.gates_file import Gates, load_gates
from training.registry import (
    CURRENT,
    PROMOTE,
    ROLLBACK,
    Change,
    default_by,
    find_folder,
    find_own,
    previous_version,
    read_history,
    switch,
)
from training.settled import read_settled

models_option = click.option("--models", type=FOLDER, default=Path("models"), show_default=True)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object instead.")
why_option = click.option("--why", default="", help="The reason, for the history.")
by_option = click.option("--by", default=default_by, help="Who; the account's name if not given.")
holdout_option = click.option(
    "--holdout", type=PATH, multiple=True, help="Labelled file or folder that no model has seen."
)
feedback_option = click.option(
    "--feedback",
    type=PATH,
    multiple=True,
    help="Labels that reviewers settled: what `export-feedback` writes, or a labelled table.",
)
gates_option = click.option(
    "--gates", "gates_file", type=FILE, help="The rules; training/gates.toml if not given."
)


def column_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the names of the columns to read, as `train` and `evaluate` have them."""
    for name in ("intensity", "category", "text"):
        add = click.option(f"--{name}-column", default=name, show_default=True)
        command = add(command)
    return command


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--data", "paths", type=PATH, multiple=True, required=True, help="File or folder.")
@click.option("--html", type=FILE, help="Write a self-contained page too.")
@click.option("--limit", type=click.IntRange(0), default=20, show_default=True,
              help="Changed decisions to print.")  # fmt: skip
@models_option
@json_option
@column_options
def compare(
    a: str,
    b: str,
    paths: tuple[Path, ...],
    html: Path | None,
    limit: int,
    models: Path,
    as_json: bool,
    text_column: str,
    category_column: str,
    intensity_column: str,
) -> None:
    """Set two versions side by side on labelled text: figures, slices, changed decisions.

    A and B are versions, model folders, or CURRENT. Texts are shown masked.
    """
    columns = Columns(text_column, category_column, intensity_column)
    folders = (find_folder(models, a), find_folder(models, b))
    dataset, policy = read_dataset(paths, columns), load_policy()
    with click.progressbar(length=4, label="compare", file=sys.stderr) as bar:
        triages = []
        for folder in folders:
            triages.append(load(folder))
            bar.update(1)
        duel = duel_of(triages[0], triages[1], dataset, policy)
        bar.update(1)
        found = compare_models(duel, (triages[0].version, triages[1].version), policy)
        bar.update(1)
    if html:
        html.write_text(as_html(found), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        click.echo(as_text(found, limit=limit))


@click.command()
@click.argument("candidate")
@click.option("--against", default=CURRENT, show_default=True, help="The champion.")
@holdout_option
@feedback_option
@gates_option
@models_option
@json_option
@column_options
def gate(
    candidate: str,
    against: str,
    holdout: tuple[Path, ...],
    feedback: tuple[Path, ...],
    gates_file: Path | None,
    models: Path,
    as_json: bool,
    text_column: str,
    category_column: str,
    intensity_column: str,
) -> None:
    """Say whether CANDIDATE may take the place of the champion; nothing is changed.

    Exit status: 0 it may, 1 a rule refuses, 2 wrong usage.
    """
    columns = Columns(text_column, category_column, intensity_column)
    pair = (find_folder(models, against), find_folder(models, candidate))
    _, outcomes, noted = _run(pair, load_gates(gates_file), holdout, feedback, columns)
    if as_json:
        click.echo(json.dumps(noted, ensure_ascii=False))
    else:
        _show(outcomes)
    _stop_if_refused(candidate, outcomes)


@click.command()
@click.argument("version")
@holdout_option
@feedback_option
@gates_option
@click.option("--force", is_flag=True, help="Without the gates; needs --why.")
@why_option
@by_option
@models_option
@column_options
def promote(
    version: str,
    holdout: tuple[Path, ...],
    feedback: tuple[Path, ...],
    gates_file: Path | None,
    force: bool,
    why: str,
    by: str,
    models: Path,
    text_column: str,
    category_column: str,
    intensity_column: str,
) -> None:
    """Make VERSION the current model if the gates let it pass.

    The first model of a folder has nothing to be compared with and needs no gates. A running
    service takes the model over within seconds.
    """
    current = current_version(models)
    if force and not why.strip():
        raise SettingsError("--why is missing: --force needs a reason for the history")
    if version == current:
        raise ModelError(f"{version} is the current model already")
    noted: Json = {}
    candidate: Triage | None = None
    folder = find_own(models, version)
    if current is not None and not force:
        columns = Columns(text_column, category_column, intensity_column)
        pair = (models / current, folder)
        candidate, outcomes, noted = _run(pair, load_gates(gates_file), holdout, feedback, columns)
        _show(outcomes)
        _stop_if_refused(version, outcomes)
    change = Change(PROMOTE, why, by, is_forced=force, gates=noted)
    switch(models, candidate or load(folder), change, expected=current)
    click.echo(f"current model: {folder.name} (before: {current or 'none'})")


@click.command()
@click.option("--to", "version", help="A version; the one before the current one if not given.")
@why_option
@by_option
@models_option
def rollback(version: str | None, why: str, by: str, models: Path) -> None:
    """Go back to the version that was current before, after checking that it loads.

    Two in a row go two versions back. No gates: what was served before may be served again.
    """
    current = current_version(models)
    target = version or previous_version(read_history(models), current)
    if target is None:
        raise ModelError(f"{models} has no history of an earlier version: name one with --to")
    if target == current:
        raise ModelError(f"{target} is the current model already")
    folder = find_own(models, target)
    switch(models, load(folder), Change(ROLLBACK, why, by), expected=current)
    click.echo(f"current model: {folder.name} (before: {current or 'none'})")


@click.command()
@models_option
@click.option("--json", "as_json", is_flag=True, help="The entries as JSON Lines.")
def history(models: Path, as_json: bool) -> None:
    """List who made which version current, when, why and by which gates; the newest last."""
    entries = read_history(models)
    if not entries:
        click.echo(f"{models} has no history yet", err=True)
    for entry in entries:
        if as_json:
            click.echo(json.dumps(entry, ensure_ascii=False))
            continue
        gates = entry.get("gates")
        how = "forced" if entry.get("forced") else "gates passed" if gates else "no gates"
        where = f"{entry.get('before') or 'none'} -> {entry['version']}"
        why = f": {entry['why']}" if entry.get("why") else ""
        click.echo(
            f"{entry.get('at')}  {entry['action']:8}  {where}  {entry.get('by')}, {how}{why}"
        )


def _run(
    folders: tuple[Path, Path],
    gates: Gates,
    holdout: Sequence[Path],
    feedback: Sequence[Path],
    columns: Columns,
) -> tuple[Triage, list[Outcome], Json]:
    """The candidate, loaded, what each rule says of it, and what the history keeps of that."""
    paths = list(holdout) or ([gates.holdout.file] if gates.holdout.file else [])
    if not paths:
        raise SettingsError(
            "--holdout is missing (with make: HOLDOUT=FILE): the gates need labelled text that "
            "neither model was trained on, or promote without them by --force --why REASON "
            "(FORCE=1 WHY=REASON)"
        )
    other = read_settled(feedback, columns) if feedback else None
    champion, candidate = map(contestant, folders)
    trial = Trial(champion, candidate, read_dataset(paths, columns), other, load_policy())
    with click.progressbar(length=STEPS, label="gates", file=sys.stderr) as bar:

        def progress(step: str) -> None:
            bar.label = f"gates: {step:10}"
            bar.update(1)

        outcomes = run_gates(trial, gates, progress=progress)
    return candidate.triage, outcomes, record(outcomes, trial, gates)


def _show(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        click.echo(f"{outcome.result:12} {outcome.rule:15} {outcome.detail}")


def _stop_if_refused(version: str, outcomes: Sequence[Outcome]) -> None:
    found = refusals(outcomes)
    if found:
        rules = "; ".join(f"{outcome.rule}: {outcome.detail}" for outcome in found)
        number = f"{len(found)} rule{'s' if len(found) > 1 else ''}"
        raise GateRefusedError(f"{version} is refused by {number}: {rules}")
