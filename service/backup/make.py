"""Makes a backup of a running installation."""

from __future__ import annotations

import secrets
import shutil
from datetime import datetime
from pathlib import Path

from classifier.artifact import CURRENT, current_version
from service.backup import archive, databases
from service.backup.archive import MODELS, RULES, SECRET, About, BackupError
from service.secret import FILE_NAME
from service.settings import Settings


def make_backup(settings: Settings, folder: Path, now: datetime) -> Path:
    """Writes everything to start again from into a new folder; it appears there when it is whole.

    The keys of encrypted texts are not in it: they are in the environment alone.

    Raises:
        BackupError: the folder exists, or something cannot be read or written.
        ModelError: CURRENT is damaged.
    """
    if folder.exists():
        raise BackupError(f"{folder} exists; a backup is made in a new folder")
    new = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        new.mkdir(mode=0o700, parents=True)
        kind = databases.kind_of(settings.database_url)
        databases.save(settings.database_url, new / archive.DATABASES[kind])
        archive.copy_in(settings.home / FILE_NAME, new, SECRET)
        version = _copy_model(settings.models, new)
        archive.seal(new, About(now, kind, version, _copy_rules(settings, new)))
        archive.sync(new)
        new.rename(folder)
    except OSError as error:
        raise BackupError(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def _copy_model(models: Path, new: Path) -> str | None:
    """The version that is served; None before the first training."""
    version = current_version(models)
    if version is None:
        return None
    for path in sorted((models / version).rglob("*")):
        if path.is_file():
            archive.copy_in(path, new, f"{MODELS}/{path.relative_to(models).as_posix()}")
    archive.copy_in(models / CURRENT, new, f"{MODELS}/{CURRENT}")
    return version


def _copy_rules(settings: Settings, new: Path) -> dict[str, str]:
    """The files that settings name; by their place in the backup the setting's name."""
    named = {
        "TRIAGE_POLICY": settings.policy,
        "TRIAGE_PLAYBOOK": settings.playbook,
        "TRIAGE_TARGETS": settings.targets,
        "TRIAGE_ADAPTERS": settings.adapters,
    }
    found = {}
    for name, path in named.items():
        if path is not None:
            place = f"{RULES}/{name.removeprefix('TRIAGE_').lower()}.toml"
            archive.copy_in(path, new, place)
            found[place] = name
    return found
