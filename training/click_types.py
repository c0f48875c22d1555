"""The kinds of paths that the commands of training take."""

from __future__ import annotations

from pathlib import Path

import click

PATH = click.Path(path_type=Path, exists=True)
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
