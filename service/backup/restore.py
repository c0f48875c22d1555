"""Starts an installation again from a backup; nothing that is there is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from classifier.artifact import CURRENT, set_current
from service import audit
from service.audit import Verification
from service.backup import archive, databases
from service.backup.archive import MODELS, RULES, SECRET, BackupError, Manifest
from service.db import Database, upgrade
from service.privacy.text_keys import confirm
from service.secret import FILE_NAME, load_secret
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Restored:
    """What the audit log's check found, and which settings should name which files now."""

    audit: Verification
    rules: Mapping[str, Path]


def restore_backup(settings: Settings, folder: Path, secret: Path | None = None) -> Restored:
    """Puts database, secret, model and rules to where the settings say, and checks the audit log.

    `secret` is the file of the secret if it was kept apart from the backup.

    Raises:
        BackupError: the backup is damaged, or something is there already: nothing was changed.
        SettingsError: a key of encrypted texts is missing or wrong.
        DatabaseError: the database cannot be brought up to date.
    """
    manifest = archive.open_backup(folder, without=SECRET if secret else None)
    given = secret or folder / SECRET
    _check(settings, manifest, given)
    try:
        archive.copy_in(given, settings.home, FILE_NAME)
        rules = _copy_rules(settings, folder, manifest)
        _copy_model(settings, folder, manifest)
        databases.load(folder / archive.DATABASES[manifest.database], settings.database_url)
    except OSError as error:
        raise BackupError(f"{folder} cannot be restored: {error.strerror}") from error
    with closing(Database(settings.database_url, settings.keeping)) as database:
        upgrade(database)
        confirm(database)
        return Restored(audit.verify(database, load_secret(settings.home, make=False)), rules)


def _check(settings: Settings, manifest: Manifest, secret: Path) -> None:
    """All that could stop a restore is looked at before anything is written."""
    kind = databases.kind_of(settings.database_url)
    if kind != manifest.database:
        raise BackupError(
            f"the backup is of {manifest.database}, TRIAGE_DATABASE_URL names {kind}; a restore "
            "does not change the kind"
        )
    databases.check_empty(settings.database_url)
    own = settings.home / FILE_NAME
    if not secret.is_file():
        raise BackupError(f"the secret {secret} is not there; --secret names its file")
    if own.exists() and own.read_bytes() != secret.read_bytes():
        raise BackupError(f"{own} exists and is another secret; restore into a new TRIAGE_HOME")


def _copy_rules(settings: Settings, folder: Path, manifest: Manifest) -> dict[str, Path]:
    found = {}
    for place, name in manifest.rules.items():
        target = f"{RULES}/{Path(place).name}"
        archive.copy_in(folder / place, settings.home, target)
        found[name] = settings.home / target
    return found


def _copy_model(settings: Settings, folder: Path, manifest: Manifest) -> None:
    """Models that are there stay; CURRENT names the one of the backup only where it names none."""
    version = manifest.model_version
    if version is None:
        return
    if not (settings.models / version).exists():
        for name in manifest.files:
            if name.startswith(f"{MODELS}/{version}/"):
                archive.copy_in(folder / name, settings.models, name.removeprefix(f"{MODELS}/"))
    if not (settings.models / CURRENT).exists():
        set_current(settings.models, version)
