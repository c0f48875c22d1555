"""Command line of the library: `python -m classifier --help`."""

from __future__ import annotations

import click

from classifier.batch.command import classify
from classifier.commands import run
from classifier.pii import mask as mask_text
from classifier.playbook_commands import playbook as playbook_group
from classifier.policy_commands import policy as policy_group


@click.group()
def main() -> None:
    """Read Chinese complaints: intensity, category, risk signals, priority, route."""


@main.command()
@click.argument("text")
def mask(text: str) -> None:
    """Print TEXT with personal data replaced by tokens."""
    click.echo(mask_text(text))


main.add_command(classify)
main.add_command(policy_group)
main.add_command(playbook_group)


if __name__ == "__main__":
    run(main, "classifier")
