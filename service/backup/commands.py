"""The operator's commands on backups."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from service.backup.make import make_backup
from service.backup.restore import restore_backup
from service.settings import read_settings


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def backup(folder: Path) -> None:
    """Copy database, secret, model and rules into a new FOLDER while the service runs."""
    os.umask(0o077)
    make_backup(read_settings(os.environ), folder, datetime.now(UTC))
    click.echo(f"made {folder}; keep its secret.key, and TRIAGE_TEXT_KEYS, apart from it")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--secret",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The file secret.key, if it was kept apart.",
)
def restore(folder: Path, secret: Path | None) -> None:
    """Start again from the backup in FOLDER, in an empty TRIAGE_HOME and database."""
    os.umask(0o077)
    done = restore_backup(read_settings(os.environ), folder, secret)
    for name, path in done.rules.items():
        click.echo(f"set {name}={path}")
    if done.audit.broken is not None:
        found = f"entry {done.audit.broken} {done.audit.reason}"
        raise click.ClickException(f"restored, but the audit log is BROKEN: {found}")
    click.echo(f"restored; audit log OK: {done.audit.entries} entries")


COMMANDS = (backup, restore)
