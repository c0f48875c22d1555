"""One application over a fake model and a new database, with the keys that tests need.

Every test that asks for a database runs twice: on SQLite, and on PostgreSQL when
TRIAGE_TEST_POSTGRES_URL names a server on which databases may be made.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import make_url, text

from classifier.policy_file import load_policy
from service import create_app, logins, users
from service.app import Parts
from service.db import Database, upgrade
from service.keys import create_key
from service.metrics import Metrics
from service.predictor import Predictor
from service.settings import Settings
from service.tables import Scope
from tests.service.client import Service
from tests.service.fakes import load_fake, make_model, make_settings
from tests.service.postgres import drop_template, postgres_server


@pytest.fixture(scope="session", autouse=True)
def _clean_server() -> Iterator[None]:
    """The server keeps nothing of the tests."""
    yield
    drop_template()


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashes that take no time: each test makes people of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (users, logins):
            quick = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
            patch.setattr(module, "PasswordHasher", quick)
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database of this test's own; empty for SQLite in the test's folder."""
    if request.param == "sqlite":
        yield ""
        return
    server = postgres_server()
    with server.database() as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings in a temporary folder, with a fake model published."""
    make_model(tmp_path / "models", "v1")
    return make_settings(tmp_path, TRIAGE_DATABASE_URL=database_url)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the newest schema: copying it is faster than making it each time."""
    path = tmp_path_factory.mktemp("template") / "triage.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("PRAGMA journal_mode = DELETE"))  # all of it in one file
    database.close()
    return path


@pytest.fixture
def database(settings: Settings, template: Path) -> Iterator[Database]:
    """A database with the newest schema."""
    database = Database(settings.database_url, settings.keeping)
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        path.parent.mkdir(mode=0o700)
        shutil.copyfile(template, path)
        path.chmod(0o600)
    yield database
    database.close()


@pytest.fixture
def service(settings: Settings, database: Database) -> Service:
    """The application with a classify key."""
    predictor = Predictor(settings.models, load_fake, load_policy())
    parts = Parts(settings, database, predictor, Metrics())
    app = create_app(settings, parts)
    key = create_key(database, "测试", [Scope.CLASSIFY])
    return Service(settings, parts, app.test_client(), key)
