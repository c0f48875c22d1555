"""Runs a click command line the way all of ours end."""

from __future__ import annotations

import sys

import click

from classifier.errors import TriageError


def run(main: click.Group, name: str) -> None:
    """Run a command line; errors are one sentence on standard error, status 1 (2 for usage)."""
    try:
        main.main(prog_name=f"python -m {name}", standalone_mode=False)
    except TriageError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
