from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from service import audit
from service.keys import create_key
from service.quality.tables import Rating
from service.secret import load_secret
from service.tables import Scope
from tests.service.cases.conftest import Queue
from tests.service.client import error_of
from tests.service.pages.conftest import House
from tests.service.test_openapi import errors_of


def stored(queue: Queue) -> int:
    """How many answers there are."""
    with queue.service.database.session() as session:
        return session.scalar(select(func.count()).select_from(Rating)) or 0


def test_an_answer_is_kept_and_logged(queue: Queue) -> None:
    """Who, when, what: in the reply, the history and the chain; the case's version stays."""
    number = queue.add()
    at = "2026-01-05T08:00:00Z"
    given = queue.post(f"/{number}/feedback", csat=2, nps=6, at=at, id="s-1", actor="li")
    assert given.status_code == 200
    found = given.get_json()
    assert errors_of("RatingReply", found) == []
    assert (found["csat"], found["nps"], found["at"], found["id"]) == (2, 6, at, "s-1")
    assert found["actor"].endswith("/li")
    last = queue.get(f"/{number}/history").get_json()["items"][-1]
    assert (last["action"], last["after"]) == ("rate", {"csat": 2, "nps": 6})
    assert queue.get(f"/{number}").get_json()["version"] == 1
    secret = load_secret(queue.service.settings.home)
    assert audit.verify(queue.service.database, secret).broken is None


def test_the_same_answer_counts_once(queue: Queue) -> None:
    """By its own id or the Idempotency-Key; without one each is another answer."""
    number = queue.add()
    for _ in range(2):
        assert queue.post(f"/{number}/feedback", csat=5, id="s-1").get_json()["csat"] == 5
    assert stored(queue) == 1
    other = queue.post(f"/{number}/feedback", csat=1, id="s-1")
    assert (other.status_code, error_of(other)["code"]) == (409, "rating_id_reused")
    headers = {"Authorization": f"Bearer {queue.key}", "Idempotency-Key": "k-1"}
    for _ in range(2):
        reply = queue.service.client.post(
            f"/v1/cases/{number}/feedback", headers=headers, json={"nps": 9}
        )
        assert reply.get_json()["id"] == "k-1"
    assert stored(queue) == 2
    for _ in range(2):
        queue.post(f"/{number}/feedback", csat=5)
    assert stored(queue) == 4


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "csat"), ({"csat": 0}, "csat"), ({"csat": 6}, "csat"), ({"nps": 11}, "nps"),
        ({"nps": -1}, "nps"), ({"csat": "5"}, "csat"), ({"csat": 5, "id": "a b"}, "id"),
        ({"csat": 5, "stars": 5}, "stars"),
        ({"csat": 5, "at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "at"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(queue: Queue, sent: dict[str, object], field: str) -> None:
    """With the field's name, and nothing is kept."""
    refused = queue.post(f"/{queue.add()}/feedback", **sent)
    assert (refused.status_code, error_of(refused)["field"]) == (422, field)
    assert stored(queue) == 0


def test_it_needs_the_scope_cases_and_a_case(queue: Queue) -> None:
    """A key that only classifies rates nothing."""
    assert queue.post("/99/feedback", csat=5).status_code == 404
    number = queue.add()
    queue.key = create_key(queue.service.database, "c", [Scope.CLASSIFY])
    assert queue.post(f"/{number}/feedback", csat=5).status_code == 403


def test_the_case_page_tells_of_it(house: House) -> None:
    """In the history, in words."""
    number = house.add(customer={"id": "anna"})
    key = create_key(house.service.database, "q", [Scope.CASES])
    reply = house.service.client.post(
        f"/v1/cases/{number}/feedback",
        headers={"Authorization": f"Bearer {key}"},
        json={"csat": 1},
    )
    assert reply.status_code == 200
    html = house.logged_in("viewer").get(f"/cases/{number}").text
    assert "<b>客户评价</b>" in html
    assert "满意度（CSAT）：<b>1</b>" in html
    assert f"对案例 #{number} 的处理不满意" in html
