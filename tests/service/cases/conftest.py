"""A queue behind the API, with a key that may see it, and actors of each role."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from werkzeug.test import TestResponse

from classifier.policy import Policy
from classifier.policy_file import packaged_path, parse_policy
from service.actors import Actor
from service.cases.desk import Desk
from service.cases.verdicts import Verdicts
from service.keys import create_key
from service.secret import load_secret
from service.tables import Role, Scope
from tests.service.client import Service

TEXT = "等了四十分钟才上菜，我要举报"


@dataclass
class Queue:
    """The case endpoints as a client sees them."""

    service: Service
    key: str
    desk: Desk
    verdicts: Verdicts

    def add(self, text: str = TEXT, **fields: object) -> int:
        """Classify a complaint that becomes a case; the case's number."""
        reply = self.service.classify({"text": text, **fields}).get_json()
        assert reply["stored"] is True
        return int(reply["case_id"])

    def get(self, path: str = "", **query: object) -> TestResponse:
        """GET below /v1/cases."""
        return self.service.client.get(
            f"/v1/cases{path}", headers=self._headers, query_string=query
        )

    def post(self, path: str, **body: object) -> TestResponse:
        """POST below /v1/cases."""
        return self.service.client.post(f"/v1/cases{path}", headers=self._headers, json=body)

    def ids(self, **query: object) -> list[int]:
        """The numbers of the cases that a query finds, in order."""
        response = self.get(**query)
        assert response.status_code == 200, response.get_json()
        return [item["case_id"] for item in response.get_json()["items"]]

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture
def queue(service: Service) -> Queue:
    """The queue of the application."""
    predictor = service.parts.predictor
    desk = Desk(service.database, load_secret(service.settings.home), lambda: predictor.policy)
    verdicts = Verdicts(desk, predictor)
    return Queue(service, create_key(service.database, "q", [Scope.CASES]), desk, verdicts)


def in_team_hours(priority: str, within: str) -> Policy:
    """The packaged policy with one clock that runs in the hours of the team."""
    lines = packaged_path().read_text(encoding="utf-8").splitlines()
    (place,) = [n for n, line in enumerate(lines) if re.match(rf"{priority} = \d", line)]
    lines[place] = f'{priority} = {{ within = "{within}", hours = "team" }}'
    return parse_policy("\n".join(lines).encode())


def person(name: str, role: Role = Role.REVIEWER) -> Actor:
    """Somebody on the pages."""
    return Actor(f"user:{name}", role, "127.0.0.1")
