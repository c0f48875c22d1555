"""A queue behind the API, and the whole database as bytes that planted texts are looked for in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection, MetaData, make_url, select, text, update

from service.actors import Actor
from service.audit import Trail
from service.cases.tables import Case
from service.db import Database
from service.keys import create_key
from service.secret import load_secret
from service.settings import Settings
from service.tables import Role, Scope
from tests.service.cases.conftest import Queue, person, queue
from tests.service.pages.conftest import house

__all__ = ["house", "queue"]
KEY, OLD_KEY = (Fernet.generate_key().decode() for _ in range(2))


@dataclass
class Home:
    """One installation: its queue, its settings, and what its database holds."""

    queue: Queue
    settings: Settings
    admin_key: str

    @property
    def database(self) -> Database:
        """Where everything is kept."""
        return self.queue.service.database

    @property
    def trail(self) -> Trail:
        """Changes at the command line."""
        return Trail(load_secret(self.settings.home), Actor("cli:root", Role.ADMIN, "cli"))

    def close(self, case_id: int, *, days_ago: int = 0, note: str | None = None) -> None:
        """A case that was closed so long ago."""
        by = person("a")
        self.queue.desk.claim(case_id, by)
        self.queue.desk.resolve(case_id, by, note=note)
        at = datetime.now(UTC) - timedelta(days=days_ago)
        with self.database.session() as session:
            session.execute(update(Case).where(Case.id == case_id).values(resolved_at=at))
            session.commit()

    def admin(self, path: str, **body: object) -> dict[str, object]:
        """What an admin's program is answered."""
        headers = {"Authorization": f"Bearer {self.admin_key}"}
        response = self.queue.service.client.post(path, headers=headers, json=body)
        assert response.status_code == 200, response.get_json()
        found: dict[str, object] = response.get_json()
        return found

    def holds(self, planted: str) -> list[str]:
        """Where a text is: tables of the database, the search index, and the files of SQLite."""
        terms = planted.encode("utf-16-be").hex()
        with self.database.engine.connect() as connection:
            found = [name for name, row in _rows(connection) if planted in row or terms[:8] in row]
        url = make_url(self.settings.database_url)
        if url.get_backend_name() == "sqlite":
            self.database.close()
            path = Path(str(url.database))
            for file in path.parent.glob(f"{path.name}*"):
                content = file.read_bytes()
                pieces = (planted.encode(), orjson.dumps(planted)[1:-1], terms[:8].encode())
                found += [file.name for piece in pieces if piece in content]
        return found


def _rows(connection: Connection) -> Iterator[tuple[str, str]]:
    """Every row of every table as one string."""
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        if table.name == "case_terms" and connection.dialect.name == "sqlite":
            continue  # cannot be read as a table; what it is made of can
        for row in connection.execute(select(text("*")).select_from(table)):
            yield table.name, "|".join(map(_shown, row))


def _shown(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)


@pytest.fixture
def home(queue: Queue) -> Home:
    """An installation that masks, as they do by default."""
    key = create_key(queue.service.database, "admin", [Scope.ADMIN])
    return Home(queue, queue.service.settings, key)


def keeps(settings: Settings, mode: str, *keys: str) -> Settings:
    """The same settings with another way to keep texts."""
    from service.texts import KeepText  # noqa: PLC0415

    return replace(settings, keep_text=KeepText(mode), text_keys=keys)
