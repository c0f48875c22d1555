"""A backup on disk: a folder of files with a manifest that names each with its SHA-256."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from classifier.errors import TriageError

MANIFEST, SECRET, RULES, MODELS = "manifest.json", "secret.key", "rules", "models"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
_FORMAT = 1  # to be raised when a backup of this format could not be restored any more


class BackupError(TriageError):
    """A backup cannot be made, read or restored."""


class Manifest(BaseModel):
    """What a backup says of itself; `rules` has the names of settings by file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: int
    made_at: str
    database: str
    model_version: str | None
    rules: dict[str, str]
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class About:
    """What the manifest needs besides the files."""

    made_at: datetime
    database: str
    model_version: str | None
    rules: Mapping[str, str]


def copy_in(source: Path, folder: Path, place: str) -> None:
    """Copies a file to its place in a backup, readable by its owner alone.

    Raises:
        BackupError: it cannot be read or written.
    """
    target = folder / place
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o600)
    except OSError as error:
        raise BackupError(f"{source} cannot be copied to {target}: {error.strerror}") from error


def seal(folder: Path, about: About) -> None:
    """Writes the manifest, the last file of a backup."""
    manifest = {
        "format": _FORMAT,
        "made_at": about.made_at.isoformat(timespec="seconds"),
        "database": about.database,
        "model_version": about.model_version,
        "rules": dict(about.rules),
        "files": {name: _hash(folder / name) for name in _names(folder)},
    }
    path = folder / MANIFEST
    path.write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    path.chmod(0o600)


def open_backup(folder: Path, *, without: str | None = None) -> Manifest:
    """The manifest of a backup all of whose files are as they were written.

    The file `without` may have been taken away: who restores has it from elsewhere.

    Raises:
        BackupError: it is no backup, or a file is missing or was changed.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        raise BackupError(f"{folder} is no backup: {MANIFEST} is missing or damaged") from None
    if manifest.format != _FORMAT or manifest.database not in DATABASES:
        raise BackupError(f"{folder} has format {manifest.format}, {_FORMAT} is needed")
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise BackupError(f"{folder} names the file {name}, which is not in it")
        if not path.is_file():
            if name == without:
                continue
            raise BackupError(f"{folder} lacks the file {name}")
        if _hash(path) != expected:
            raise BackupError(f"{path} is not as it was written")
    return manifest


def _names(folder: Path) -> list[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if path.name != MANIFEST or path.parent.name)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(folder: Path) -> None:
    """Waits until the files of a folder are on the disk."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
