"""The operator's command on the file of adapters."""

from __future__ import annotations

import os
from pathlib import Path

import click

from service.adapters.file import AdaptersError, load_adapters


@click.group()
def adapters() -> None:
    """Check the ticket systems that are connected."""


@adapters.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def check_adapters(file: Path) -> None:
    """Check a file of adapters: OK, or every mistake on a line of its own (exit code 1)."""
    try:
        found = load_adapters(file, os.environ)
    except AdaptersError as error:
        for mistake in error.mistakes:
            click.echo(mistake, err=True)
        raise click.exceptions.Exit(1) from None
    for one in found.values():
        back = "writes back" if one.writes else "reads only: nothing is written back"
        click.echo(f"{one.name}  {one.settings.system}  POST /v1/adapters/{one.name}  {back}")
        if one.writes and not one.settings.own_users:
            click.echo(f"note: adapters.{one.name}.own_users is empty: name the token's user there")
    click.echo(f"OK: {len(found)} adapters")


COMMANDS: tuple[click.Command, ...] = (adapters,)
