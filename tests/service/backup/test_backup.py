from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from classifier.errors import SettingsError
from classifier.policy_file import packaged_path
from service import audit
from service.__main__ import main
from service.backup import databases
from service.backup.archive import BackupError
from service.backup.make import make_backup
from service.backup.restore import restore_backup
from service.cases.file import get_case
from service.db import Database
from service.secret import load_secret
from service.settings import Settings
from service.texts import KeepText
from tests.service.cases.conftest import TEXT, Queue, queue
from tests.service.postgres import postgres_server

__all__ = ["queue"]
NOW = datetime.now(UTC)


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Another machine: an empty home, no models, and an empty database of the same kind."""
    home, models = tmp_path / "new", tmp_path / "new-models"
    if databases.kind_of(settings.database_url) == "sqlite":
        url = f"sqlite:///{home / 'triage.sqlite3'}"
        yield replace(settings, home=home, models=models, database_url=url)
        return
    server, name = postgres_server(), f"restored_{os.getpid()}"
    server.run(f"CREATE DATABASE {name}")
    url = server.url.set(database=name).render_as_string(hide_password=False)
    yield replace(settings, home=home, models=models, database_url=url)
    server.run(f"DROP DATABASE {name} WITH (FORCE)")


def test_it_starts_again_from_a_backup(queue: Queue, elsewhere: Settings, tmp_path: Path) -> None:
    """Made while others write; everything is there afterwards, and the audit log verifies."""
    settings = replace(queue.service.settings, policy=packaged_path())
    first = queue.add()
    is_over = threading.Event()
    made: list[int] = []

    def write() -> None:
        while not is_over.is_set():
            made.append(queue.add())

    writer = threading.Thread(target=write)
    writer.start()
    try:
        folder = make_backup(settings, tmp_path / "backup", NOW)
    finally:
        is_over.set()
        writer.join()
    assert made
    done = restore_backup(elsewhere, folder)
    assert done.audit.broken is None
    assert 1 <= done.audit.entries <= 1 + len(made)
    assert done.rules["TRIAGE_POLICY"].read_bytes() == packaged_path().read_bytes()
    assert (elsewhere.models / "CURRENT").read_text() == "v1\n"
    assert (elsewhere.models / "v1" / "fake").is_file()
    with closing(Database(elsewhere.database_url)) as database:
        assert get_case(database, first).text == TEXT
    for path in (folder, *(one for one in folder.rglob("*") if one.is_file())):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_nothing_is_overwritten(queue: Queue, elsewhere: Settings, tmp_path: Path) -> None:
    """Neither a backup, nor a database, nor a secret."""
    settings = queue.service.settings
    folder = make_backup(settings, tmp_path / "backup", NOW)
    with pytest.raises(BackupError, match="backup exists"):
        make_backup(settings, folder, NOW)
    with pytest.raises(BackupError, match="is restored only"):
        restore_backup(settings, folder)
    load_secret(elsewhere.home)
    with pytest.raises(BackupError, match="is another secret"):
        restore_backup(elsewhere, folder)
    assert not (elsewhere.models / "CURRENT").exists()
    assert list(tmp_path.glob(".backup*")) == []


def test_a_damaged_backup_changes_nothing(
    queue: Queue, elsewhere: Settings, tmp_path: Path
) -> None:
    """A changed, a missing and an invented file are each named."""
    folder = make_backup(queue.service.settings, tmp_path / "backup", NOW)
    fake = folder / "models" / "v1" / "fake"
    fake.write_text("x")
    with pytest.raises(BackupError, match="fake is not as it was written"):
        restore_backup(elsewhere, folder)
    fake.unlink()
    with pytest.raises(BackupError, match="lacks the file models/v1/fake"):
        restore_backup(elsewhere, folder)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace("models/v1/fake", "../v1/fake"))
    with pytest.raises(BackupError, match="which is not in it"):
        restore_backup(elsewhere, folder)
    manifest.unlink()
    with pytest.raises(BackupError, match="is no backup"):
        restore_backup(elsewhere, folder)
    assert not elsewhere.home.exists()


def test_the_secret_may_be_kept_apart(
    queue: Queue, elsewhere: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the commands: without it nothing is restored, with another one the audit log is not OK."""
    queue.add()
    folder, kept = tmp_path / "backup", tmp_path / "kept.key"
    for name, value in _environment(queue.service.settings).items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke(main, ["backup", str(folder)])
    assert run.exit_code == 0, run.output
    shutil.move(folder / "secret.key", kept)
    for name, value in _environment(elsewhere).items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke(main, ["restore", str(folder)])
    assert run.exit_code == 1
    assert "lacks the file secret.key" in run.output
    other = tmp_path / "other.key"
    other.write_bytes(bytes(32))
    run = CliRunner().invoke(main, ["restore", str(folder), "--secret", str(kept)])
    assert run.exit_code == 0, run.output
    assert "audit log OK: 1 entries" in run.output
    (elsewhere.home / "secret.key").write_bytes(other.read_bytes())
    with closing(Database(elsewhere.database_url)) as database:
        assert audit.verify(database, load_secret(elsewhere.home)).broken == 1


def test_encrypted_texts_need_their_keys(
    settings: Settings, database: Database, elsewhere: Settings, tmp_path: Path
) -> None:
    """They are not in the backup; without them the restored database is refused."""
    key = Fernet.generate_key().decode()
    encrypts = replace(settings, keep_text=KeepText.ENCRYPTED, text_keys=(key,))
    load_secret(settings.home)
    from service.privacy.text_keys import confirm  # noqa: PLC0415

    with closing(Database(settings.database_url, encrypts.keeping)) as opened:
        confirm(opened)
    folder = make_backup(encrypts, tmp_path / "backup", NOW)
    assert all(key.encode() not in path.read_bytes() for path in folder.rglob("*.*"))
    with pytest.raises(SettingsError, match="TRIAGE_TEXT_KEYS is empty"):
        restore_backup(elsewhere, folder)
    assert database.url == settings.database_url


def test_tools_and_addresses_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that is missing, an option that cannot be handed on, a file that is no database."""
    with pytest.raises(BackupError, match="no such database"):
        databases.save(f"sqlite:///{tmp_path / 'none'}", tmp_path / "copy")
    broken = tmp_path / "broken"
    broken.write_text("no database, but long enough to be looked at as if it were one" * 20)
    with pytest.raises(BackupError, match="cannot be copied"):
        databases.save(f"sqlite:///{broken}", tmp_path / "copy2")
    odd = "postgresql://a:secret@127.0.0.1/b?application_name=x"
    monkeypatch.setattr(shutil, "which", lambda tool: f"/bin/{tool}")
    with pytest.raises(BackupError, match="option application_name") as caught:
        databases.save(odd, tmp_path / "dump")
    assert "secret" not in str(caught.value)
    monkeypatch.setattr(shutil, "which", lambda _tool: None)
    with pytest.raises(BackupError, match="pg_dump is not installed"):
        databases.save("postgresql://127.0.0.1/b", tmp_path / "dump")


def _environment(settings: Settings) -> dict[str, str]:
    assert make_url(settings.database_url).database
    return {
        "TRIAGE_HOME": str(settings.home),
        "TRIAGE_MODELS": str(settings.models),
        "TRIAGE_DATABASE_URL": settings.database_url,
    }
