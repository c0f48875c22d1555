"""The command line's `policy` commands: check a file, explain a decision, replay a change."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from classifier.calendar import is_announced
from classifier.errors import InputFileError
from classifier.files import read_rows
from classifier.lexicon import packaged_rules
from classifier.policy import Context, Policy
from classifier.policy_explain import Explained, as_json, as_lines
from classifier.policy_file import load_policy
from classifier.recorded import Recorded, read_recorded
from classifier.replay import replay as compare
from classifier.replay import table
from classifier.rule_file_check import check_file
from classifier.triage import load

FILE = click.Path(path_type=Path, dir_okay=False)
CHANGED = 3
_SHOWN_FAULTS = 5


@click.group()
def policy() -> None:
    """Work with policy files."""


@policy.command()
@click.argument("path", type=FILE)
def check(path: Path) -> None:
    """Say whether a policy file could decide, or name everything that is wrong with it.

    Exit status: 0 it could, 1 it could not. What is allowed but unusual is noted.
    """
    check_file(path, load_policy, lambda found: _notes(found, datetime.now(UTC)))


@policy.command()
@click.option("--text", required=True, help="The complaint.")
@click.option("--channel", help="Where it came from, as the client sends it.")
@click.option("--tier", help="The customer's tier.")
@click.option("--contacts", type=click.IntRange(1), default=1, show_default=True,
              help="How often this customer has written lately, this time counted.")  # fmt: skip
@click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="May be given many times.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
              help="When it came in, in the policy's zone; now if not given.")  # fmt: skip
@click.option("--policy", "path", type=FILE, help="Policy file; the packaged one if not given.")
@click.option("--model", type=click.Path(path_type=Path, file_okay=False),
              help="Model folder; models/CURRENT if not given.")  # fmt: skip
@click.option("--json", "is_json", is_flag=True, help="One JSON object instead.")
def explain(  # noqa: PLR0913, PLR0917  (one argument per option)
    text: str, channel: str | None, tier: str | None, contacts: int, metadata: tuple[str, ...],
    at: datetime | None, path: Path | None, model: Path | None, is_json: bool,
) -> None:  # fmt: skip
    """Show every rule that fired on a text, and what it changed."""
    rules = load_policy(path)
    prediction = load(model).predict([text])[0]
    start = at.replace(tzinfo=rules.calendar.zone) if at else datetime.now(UTC)
    known = Context(tier, contacts, channel, _pairs(metadata))
    explained = Explained(prediction, rules, known, start)
    if is_json:
        click.echo(json.dumps(as_json(explained), ensure_ascii=False))
    else:
        click.echo("\n".join(as_lines(explained)))


@policy.command()
@click.argument("cases", type=FILE)
@click.option("--against", type=FILE, required=True, help="The changed policy.")
@click.option("--policy", "path", type=FILE,
              help="The policy it is compared with; the packaged one if not given.")  # fmt: skip
@click.option("--examples", type=click.IntRange(0, 1000), default=5, show_default=True,
              help="Ids shown for each kind of change.")  # fmt: skip
@click.option("--json", "is_json", is_flag=True, help="One JSON object instead.")
def replay(
    cases: Path,
    against: Path,
    path: Path | None,
    examples: int,
    is_json: bool,
) -> None:
    """Show what a changed policy would have decided on CASES, JSON Lines.

    CASES is a file of `export-feedback`, or replies of the API, one a line. The predictions in it
    are decided anew by both policies; chance (the audit share) is left out.

    Exit status: 0 every decision stays, 3 some change, 1 a file cannot be used, 2 usage.
    """
    old, new = load_policy(path), load_policy(against)
    faults: list[str] = []
    found = compare(_recorded(cases, faults), old, new, examples=examples)
    for fault in faults[:_SHOWN_FAULTS]:
        click.echo(f"{cases}: {fault}", err=True)
    if faults:
        click.echo(f"{cases}: {len(faults)} lines left out", err=True)
    if not found.complaints:
        raise InputFileError(f"{cases} has no line with a prediction")
    if is_json:
        versions = {"old": [old.version, old.content_hash], "new": [new.version, new.content_hash]}
        shown = {**versions, **found.as_json(), "left_out": len(faults)}
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        click.echo(f"{old.version} ({old.content_hash}) -> {new.version} ({new.content_hash})")
        click.echo("\n".join(table(found)))
    if found.changed:
        sys.exit(CHANGED)


def _notes(policy: Policy, now: datetime) -> Iterator[str]:
    """What a valid policy may have forgotten."""
    known = {rules.code for rules in packaged_rules()}
    for code in sorted(policy.signals.keys() - known):
        yield f"signals.{code} is no signal of the lexicon and never fires"
    for code in sorted(known - policy.signals.keys()):
        yield f"signals.{code} is missing: this risk raises nothing"
    named = {code for rule in policy.combinations for code in rule.signals}
    for code in sorted(named - known):
        yield f"combinations name the signal {code}, which the lexicon does not know"
    years = {now.year, now.year + (now.month > 10)}
    for year in sorted(years):
        if policy.hours and not is_announced(year):
            yield (
                f"the make-up working days of {year} are not known to the library: "
                "put them into open_on and closed_on, or update it"
            )


def _pairs(metadata: tuple[str, ...]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in metadata]
    if any(not equals for _, equals, _ in pairs):
        raise click.BadParameter("KEY=VALUE is needed", param_hint="--metadata")
    return {key: value for key, _, value in pairs}


def _recorded(cases: Path, faults: list[str]) -> Iterator[Recorded]:
    """Every complaint of a file; what cannot be read is put into `faults`."""
    if cases.suffix.lower() not in {".jsonl", ".ndjson"}:
        raise InputFileError(f"{cases}: JSON Lines, a file named .jsonl, are needed")
    for row in read_rows(cases, needs="prediction"):
        if row.fault:
            faults.append(f"row {row.number}: {row.fault}")
            continue
        try:
            yield read_recorded(row.cells)
        except InputFileError as error:
            faults.append(f"row {row.number}: {error}")
