"""An application with one ticket system, and the worker that writes back to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from classifier.policy_file import load_policy
from service import create_app
from service.adapters.file import Adapter, load_adapters
from service.adapters.tables import AdapterMessage
from service.adapters.writer import TicketWriter
from service.app import Parts
from service.cases.tables import Case
from service.db import Database
from service.metrics import Metrics
from service.outbox.runner import Runner
from service.outbox.tables import DeliveryState, OutboxDelivery, OutboxEvent
from service.outbox.targets_file import TargetsFile
from service.policy_watch import PolicyWatch
from service.predictor import Predictor
from service.secret import load_secret
from service.settings import Settings
from tests.service.adapters.fakes import TOKEN, note_text
from tests.service.adapters.kits import KITS, SECRET, Json, Kit
from tests.service.adapters.server import FakeSystem
from tests.service.client import Service
from tests.service.fakes import load_fake
from tests.service.postgres import postgres_server

TEAM = "triage"  # the policy's default team


@dataclass
class Site:
    """One ticket system, our application and its worker."""

    kit: Kit
    fake: FakeSystem
    service: Service
    adapters: dict[str, Adapter]

    @property
    def database(self) -> Database:
        """The application's database."""
        return self.service.database

    def send(self, payload: object, *, secret: str = SECRET, **headers: str) -> TestResponse:
        """A webhook, signed."""
        body = json.dumps(payload, ensure_ascii=False).encode()
        return self.raw(body, {**self.kit.sign(body, secret), **headers})

    def raw(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        """Any request."""
        return self.service.client.post("/v1/adapters/desk", data=body, headers=headers)

    def say(self, text: str | None = None, number: int = 104, by: str = "customer") -> Json:
        """Somebody writes in the ticket; our answer."""
        response = self.send(self.kit.payload(number, text, by))
        assert response.status_code == 200, response.get_json()
        return response.get_json()

    def runner(self) -> Runner:
        """A worker."""
        secret = load_secret(self.service.settings.home)
        file = TargetsFile(None, TicketWriter(self.adapters, self.database, secret))
        return Runner(self.database, secret, file, PolicyWatch(None))

    def deliver(self) -> None:
        """Writes back what is due."""
        self.runner().run(threading.Event(), once=True)

    def settle(self, rounds: int = 30) -> None:
        """Delivers until everything is, without the pauses between attempts."""
        for _ in range(rounds):
            with self.database.session() as session:
                session.execute(
                    update(OutboxDelivery)
                    .where(OutboxDelivery.first_attempt_at.is_not(None))
                    .values(next_at=OutboxDelivery.first_attempt_at)
                )
                session.commit()
            self.deliver()
            if all(one.state is DeliveryState.DELIVERED for one in self.deliveries()):
                return
        pytest.fail(str(self.deliveries()[0].last_error))

    def deliveries(self) -> list[OutboxDelivery]:
        """All deliveries in order."""
        with self.database.session() as session:
            return list(
                session.scalars(select(OutboxDelivery).order_by(OutboxDelivery.event_number))
            )

    def count(self, table: type = AdapterMessage) -> int:
        """How many rows a table has."""
        with self.database.session() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def counts(self) -> tuple[int, int, int]:
        """Messages, cases, and events for the ticket system."""
        with self.database.session() as session:
            events = session.scalar(
                select(func.count()).where(OutboxEvent.addressee == "adapter:desk")
            )
        return self.count(), self.count(Case), events or 0

    @property
    def notes(self) -> list[str]:
        """The notes in the ticket as people read them."""
        assert self.fake.ticket.public == []
        return [note_text(one) for one in self.fake.ticket.notes]


def toml(kit: Kit, url: str, more: str = "") -> str:
    """A file with one adapter."""
    path = "/triage.php" if kit.system == "osticket" else ""
    return f"""
[adapters.desk]
system = "{kit.system}"
base_url = "{url}{path}"
allow_http = true
secret_env = "DESK_SECRET"
token_env = "DESK_TOKEN"
group_modes = ["auto", "suggest", "manual"]
page_url = "https://triage.example.com/cases/{{case_id}}"
groups = {{{TEAM} = "{kit.group}"}}
{kit.toml}
{more}
[adapters.desk.tags]
always = ["triage"]
category = {{service = "attitude"}}
signals = {{regulator = "regulator"}}
level = {{"4" = "angry"}}
[adapters.desk.delivery]
first_retry_seconds = 0.1
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every system on SQLite; on PostgreSQL one, as the database knows nothing of systems."""
    if "kit" in metafunc.fixturenames:
        names = ["zammad"] if "zammad" in metafunc.fixturenames else sorted(KITS)
        pairs = [*((name, "sqlite") for name in names), ("zammad", "postgresql")]
        metafunc.parametrize(("kit", "database_url"), pairs, indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """As for all other tests, but chosen by `pytest_generate_tests`; else SQLite."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield ""
        return
    with postgres_server().database() as url:
        yield url


@pytest.fixture
def kit(request: pytest.FixtureRequest) -> Kit:
    """Each system in turn."""
    return KITS[request.param]


def build(kit: Kit, settings: Settings, database: Database, folder: Path, fake: FakeSystem) -> Site:
    """An application with this system."""
    path = folder / "adapters.toml"
    path.write_text(toml(kit, fake.url), encoding="utf-8")
    adapters = load_adapters(path, {"DESK_SECRET": f"{'o' * 20} {SECRET}", "DESK_TOKEN": TOKEN})
    predictor = Predictor(settings.models, load_fake, load_policy())
    parts = Parts(settings, database, predictor, Metrics(), adapters=adapters)
    return Site(
        kit, fake, Service(settings, parts, create_app(settings, parts).test_client(), ""), adapters
    )


@pytest.fixture
def site(kit: Kit, settings: Settings, database: Database, tmp_path: Path) -> Iterator[Site]:
    """Each system in turn, with everything around it; no request of ours was wrong."""
    fake = kit.fake()
    yield build(kit, settings, database, tmp_path, fake)
    fake.close()
    assert fake.wrong == []


@pytest.fixture
def zammad(site: Site) -> Site:
    """One system, for what is the same for all."""
    return site
