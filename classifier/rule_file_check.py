"""What `policy check` and `playbook check` do with a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import click

from classifier.errors import RuleFileError
from classifier.toml_document import Rules

Read = TypeVar("Read", bound=Rules)


def check_file(
    path: Path, load: Callable[[Path], Read], notes: Callable[[Read], Iterable[str]]
) -> None:
    """Prints every mistake and note of a file, and its version if it could be used.

    Raises:
        RuleFileError: of the class that `load` raises; it could not be used.
    """
    try:
        found = load(path)
    except RuleFileError as error:
        for mistake in error.mistakes:
            click.echo(f"{path}: {mistake}", err=True)
        number = len(error.mistakes)
        raise type(error)(f"{path} has {number} mistake{'s' if number > 1 else ''}") from error
    for note in notes(found):
        click.echo(f"{path}: note: {note}", err=True)
    click.echo(f"{path}: version {found.version} ({found.content_hash}) is valid")
