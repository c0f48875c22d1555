from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from service.cases.record import hour
from service.cases.states import State
from service.cases.tables import Case, CaseVolume, Contact
from service.keys import create_key
from service.quality.figures import Figures, quality
from service.quality.measures import MEASURES
from service.quality.servqual import packaged_servqual
from service.quality.tables import Rating
from service.tables import Scope
from tests.service.cases.conftest import Queue
from tests.service.client import error_of
from tests.service.pages.conftest import House
from tests.service.test_openapi import errors_of

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday, 08:00 in Shanghai
NOW = MONDAY + timedelta(days=3)


def put(queue: Queue, number: int, at: datetime, **values: object) -> None:
    """Let a case have come in at a moment, with a clock of one hour."""
    row = {"created_at": at, "created_hour": hour(at), "due_at": at + timedelta(hours=1), **values}
    with queue.service.database.session() as session:
        session.execute(update(Case).where(Case.id == number).values(**row))
        session.commit()


def resolved(at: datetime, hours: int, **values: object) -> dict[str, object]:
    """The columns of a case that was answered and resolved after some hours."""
    end = at + timedelta(hours=hours)
    return {
        "state": State.RESOLVED, "is_open": False, "first_response_at": end,
        "response_seconds": hours * 3600, "resolved_at": end, "resolution_seconds": hours * 3600,
        **values,
    }  # fmt: skip


def test_figures_are_those_counted_by_hand(queue: Queue) -> None:
    """Four cases of two teams and two weeks; each share from its own cases."""
    database = queue.service.database
    numbers = [queue.add(customer={"id": name}) for name in "abc"] + [queue.add()]
    first, again, waiting, unknown = numbers
    before = MONDAY - timedelta(hours=9)  # 23:00 on Sunday in Shanghai
    put(queue, first, MONDAY, team="t1", channel="app", **resolved(MONDAY, 1))
    put(queue, again, MONDAY, team="t1", channel="app", **resolved(MONDAY, 3))
    put(queue, waiting, MONDAY, team="t2", channel=None)
    put(queue, unknown, before, team="t2", channel=None, **resolved(before, 1))
    with database.session() as session:
        hash_ = session.get_one(Case, again).customer_hash
        session.execute(
            insert(Contact), [{"customer_hash": hash_, "at": MONDAY + timedelta(hours=2)}]
        )
        rows = [(first, 5, 9), (first, 4, None), (again, 1, 0), (waiting, None, 8)]
        session.execute(
            insert(Rating),
            [
                {"case_id": n, "rating_id": None, "at": NOW, "actor": "x", "csat": c, "nps": s}
                for n, c, s in rows
            ],
        )
        session.commit()
    found = quality(database, now=NOW, weeks=2)
    assert [week.isoformat() for week in found.weeks] == ["2026-05-25", "2026-06-01"]
    assert [one.cases for one in found.by_week.values()] == [1, 3]
    assert list(found.by_team) == ["t1", "t2"]
    one = found.by_team["t1"]
    assert one.first_response_seconds == one.mean_resolution_seconds == 7200
    assert (one.overdue_share, one.first_contact_share) == (0.5, 0.5)
    assert (one.csat, one.csat_answers) == (pytest.approx(10 / 3), 3)
    assert (one.nps, one.nps_answers) == (0.0, 2)
    other = found.by_channel[None]
    assert (other.cases, other.overdue_share, other.first_contact_share) == (2, 0.5, None)
    assert (found.whole.cases, found.whole.overdue) == (4, 2)
    assert quality(database, now=NOW, weeks=1).whole.cases == 3


def test_a_case_that_is_opened_again_was_not_solved_at_once(queue: Queue) -> None:
    """It counts as opened again, whether it is open or closed by now, once."""
    numbers = [queue.add(customer={"id": name}) for name in "abc"]
    for number in numbers:
        queue.post(f"/{number}/claim")
        queue.post(f"/{number}/resolve")
    for number in numbers[:2]:
        queue.post(f"/{number}/reopen")
    queue.post(f"/{numbers[1]}/claim")
    queue.post(f"/{numbers[1]}/resolve")
    found = quality(queue.service.database, now=queue.desk.clock(), weeks=2).whole
    assert (found.closed, found.reopened) == (3, 2)
    assert (found.known, found.first_contact) == (2, 1)


def test_nothing_gives_no_figures() -> None:
    """No division by zero, no aim reached or missed."""
    values = [measure.value(Figures()) for measure in MEASURES]
    assert values == [None] * len(MEASURES)
    assert all(measure.is_met(Figures(), None) is None for measure in MEASURES)


def test_every_category_of_the_table_has_a_dimension() -> None:
    """Five dimensions, a reason for each category, and nothing made up for others."""
    servqual = packaged_servqual()
    codes = {one.code for one in servqual.dimensions}
    assert codes == {"reliability", "responsiveness", "assurance", "empathy", "tangibles"}
    assert {dimension for dimension, _ in servqual.categories.values()} <= codes
    assert all(reason for _, reason in servqual.categories.values())
    assert servqual.dimension_of("attitude") == "empathy"
    assert servqual.dimension_of("nonsense") is servqual.dimension_of(None) is None


def test_the_endpoint_gives_figures_and_targets(queue: Queue) -> None:
    """As the document says; parameters are checked."""
    queue.add()
    client, headers = queue.service.client, {"Authorization": f"Bearer {queue.key}"}
    found = client.get("/v1/quality?weeks=3&actor=li", headers=headers).get_json()
    assert errors_of("QualityReply", found) == []
    assert (len(found["weeks"]), found["whole"]["cases"]) == (3, 1)
    assert found["targets"]["overdue_share"] == 0.05
    for wrong in ("weeks=0", "weeks=54", "utc_offset_hours=20", "days=3"):
        refused = client.get(f"/v1/quality?{wrong}", headers=headers)
        assert error_of(refused)["field"] == wrong.partition("=")[0]
    queue.key = create_key(queue.service.database, "c", [Scope.CLASSIFY])
    headers = {"Authorization": f"Bearer {queue.key}"}
    assert client.get("/v1/quality", headers=headers).status_code == 403


def test_the_page_shows_tables_with_targets_and_downloads(house: House) -> None:
    """By week, team and channel; every table as CSV, where a name is no formula."""
    assert house.browser().get("/quality").status_code == 303
    browser = house.logged_in("viewer")
    assert "这段时间没有案例" in browser.get("/quality").text
    number = house.add(channel="=1+1")
    house.desk.claim(number, house.actor("reviewer"))
    house.desk.resolve(number, house.actor("reviewer"))
    html = browser.get("/quality", weeks="4").text
    for shown in ("按周", "按团队", "按渠道", "达标", "目标至多 4 小时", "SERVQUAL", "可靠性"):
        assert shown in html, shown
    assert "style=" not in html
    for slug, rows in (("weeks", 5), ("teams", 2), ("channels", 2), ("servqual", 7)):
        reply = browser.get(f"/quality/{slug}.csv", weeks="4")
        name = f'attachment; filename="quality-{slug}-4.csv"'
        assert reply.headers["Content-Disposition"] == name
        assert len(list(csv.reader(io.StringIO(reply.get_data().decode("utf-8-sig"))))) == rows
    assert "'=1+1" in browser.get("/quality/channels.csv").text
    assert browser.get("/quality/nothing.csv").status_code == 404
    assert browser.get("/quality", weeks="x").status_code == 422


def test_dimensions_are_counted_from_the_kept_sums(queue: Queue) -> None:
    """A category that is not listed is told apart."""
    now = queue.desk.clock()
    queue.add()
    with queue.service.database.session() as session:
        assert session.scalars(select(CaseVolume.label)).all()
        session.execute(
            insert(CaseVolume),
            [
                {"created_hour": hour(now), "label": "category:attitude", "cases": 4},
                {"created_hour": hour(now), "label": "category:refund", "cases": 2},
            ],
        )
        session.commit()
    found = quality(queue.service.database, now=now, weeks=1).dimensions
    assert found["empathy"] == 4
    assert found["responsiveness"] == 2
    assert found[None] == 1
