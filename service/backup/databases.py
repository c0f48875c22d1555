"""Copies of a database, made while others write: by SQLite's backup API, by PostgreSQL's tools."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, inspect, make_url

from service.backup.archive import BackupError
from service.db import Database

# Parts of an address that PostgreSQL's tools know by these names; a password never becomes an
# argument, which everybody may read who may list processes.
_OPTIONS = {"host": "PGHOST", "port": "PGPORT", "sslmode": "PGSSLMODE", "sslcert": "PGSSLCERT",
            "sslkey": "PGSSLKEY", "sslrootcert": "PGSSLROOTCERT",
            "connect_timeout": "PGCONNECT_TIMEOUT"}  # fmt: skip


def kind_of(url: str) -> str:
    """Which database an address names: sqlite or postgresql."""
    return make_url(url).get_backend_name()


def save(url: str, target: Path) -> None:
    """Writes the database as it is at one moment; nobody waits meanwhile.

    Raises:
        BackupError: it cannot be read, or a tool is missing.
    """
    if kind_of(url) == "sqlite":
        _copy(_path(url), target)
        return
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    target.chmod(0o600)


def load(source: Path, url: str) -> None:
    """Writes a saved database to where there is none yet.

    Raises:
        BackupError: there is one already, it cannot be written, or a tool is missing.
    """
    check_empty(url)
    if kind_of(url) == "sqlite":
        path = _path(url)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(source, path)
        return
    name = str(make_url(url).database)
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run("pg_restore", url, *options, f"--dbname={name}", str(source))


def check_empty(url: str) -> None:
    """Refuses a database that is there: nothing is ever overwritten.

    Raises:
        BackupError: there is one.
    """
    if kind_of(url) == "sqlite":
        path = _path(url)
        if any(file.exists() for file in (path, Path(f"{path}-wal"))):
            raise BackupError(f"{path} exists; a database is restored only where there is none")
        return
    with closing(Database(url)) as database:
        if inspect(database.engine).get_table_names():
            shown = make_url(url).render_as_string(hide_password=True)
            raise BackupError(f"{shown} has tables; a database is restored only into an empty one")


def _copy(source: Path, target: Path) -> None:
    """In one step: a reader of SQLite's write-ahead log holds nobody up."""
    if not source.is_file():
        raise BackupError(f"{source} cannot be read: there is no such database")
    try:
        target.touch(mode=0o600, exist_ok=False)
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")  # all of it in one file
            (found,) = new.execute("PRAGMA integrity_check").fetchone()
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{source} cannot be copied to {target}: {error}") from error
    if found != "ok":
        raise BackupError(f"{source} is damaged: {found}")


def _run(tool: str, url: str, *options: str) -> None:
    path = shutil.which(tool)
    if path is None:
        raise BackupError(f"{tool} is not installed; it comes with PostgreSQL's client programs")
    done = subprocess.run(  # noqa: S603  (PostgreSQL's own tool)
        [path, "--no-password", *options],
        env={**os.environ, **_environment(make_url(url))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[0]
        raise BackupError(f"{tool} failed: {reason}")


def _environment(url: URL) -> dict[str, str]:
    found = {
        "PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username,
        "PGPASSWORD": url.password, "PGDATABASE": url.database,
    }  # fmt: skip
    for name, value in url.query.items():
        if name not in _OPTIONS:
            allowed = ", ".join(_OPTIONS)
            raise BackupError(
                f"TRIAGE_DATABASE_URL has the option {name}, which cannot be handed to "
                f"PostgreSQL's tools; allowed are {allowed}"
            )
        found[_OPTIONS[name]] = value if isinstance(value, str) else ",".join(value)
    return {name: str(value) for name, value in found.items() if value is not None}


def _path(url: str) -> Path:
    return Path(str(make_url(url).database))
