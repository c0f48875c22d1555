"""The command line's `playbook` commands: check a file, show what it suggests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from classifier.lexicon import packaged_rules
from classifier.playbook import Playbook, suggest
from classifier.playbook_file import load_playbook
from classifier.policy import decide
from classifier.policy_file import load_policy
from classifier.rule_file_check import check_file
from classifier.triage import load

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def playbook() -> None:
    """Work with playbook files, which suggest what to say to a customer."""


@playbook.command()
@click.argument("path", type=FILE)
def check(path: Path) -> None:
    """Say whether a playbook file could be used, or name everything that is wrong with it.

    Exit status: 0 it could, 1 it could not. What is allowed but unusual is noted.
    """
    check_file(path, load_playbook, _notes)


@playbook.command()
@click.option("--text", required=True, help="The complaint.")
@click.option("--playbook", "path", type=FILE, help="Playbook file; the packaged one if not given.")
@click.option("--policy", "policy_path", type=FILE,
              help="Policy file; the packaged one if not given.")  # fmt: skip
@click.option("--model", type=click.Path(path_type=Path, file_okay=False),
              help="Model folder; models/CURRENT if not given.")  # fmt: skip
@click.option("--json", "is_json", is_flag=True, help="One JSON object instead.")
def show(
    text: str, path: Path | None, policy_path: Path | None, model: Path | None, is_json: bool
) -> None:
    """Show what would be suggested for a text, and the entries that it comes from."""
    found, rules = load_playbook(path), load_policy(policy_path)
    prediction = load(model).predict([text])[0]
    suggestion = suggest(prediction, decide(prediction, rules), found)
    if is_json:
        click.echo(json.dumps(suggestion.as_json(), ensure_ascii=False))
        return
    click.echo(suggestion.opening)
    for number, step in enumerate(suggestion.steps, start=1):
        click.echo(f"{number}. {step}")
    click.echo(f"from {', '.join(suggestion.sources)} of version {found.version}")


def _notes(playbook: Playbook) -> Iterator[str]:
    """What a valid playbook may have forgotten."""
    known = {rules.code for rules in packaged_rules()}
    for code in sorted(playbook.signals.keys() - known):
        yield f"signals.{code} is no signal of the lexicon and never comes up"
    for code in sorted(known - playbook.signals.keys()):
        yield f"signals.{code} is missing: this risk changes nothing in a suggestion"
