"""One application over a fake model and a new database, with the keys that tests need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from classifier.policy_file import load_policy
from service import create_app
from service.app import Parts
from service.db import Database, upgrade
from service.keys import create_key
from service.metrics import Metrics
from service.predictor import Predictor
from service.settings import Settings
from service.tables import Scope
from tests.service.client import Service
from tests.service.fakes import load_fake, make_model, make_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings in a temporary folder, with a fake model published."""
    make_model(tmp_path / "models", "v1")
    return make_settings(tmp_path)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A database with the newest schema."""
    database = Database(settings.database_url)
    upgrade(database)
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
