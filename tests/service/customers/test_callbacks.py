from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import update

from service.cases.tables import Case
from service.keys import create_key
from service.tables import Scope
from tests.service.cases.conftest import Queue
from tests.service.client import error_of
from tests.service.pages.conftest import House
from tests.service.test_openapi import errors_of


def leaves(house: House | Queue, number: int, **more: object) -> None:
    """The customer of a case says that they leave, and that the press will hear of it."""
    values = {"signals": " churn media ", **more}
    with house.service.database.session() as session:
        session.execute(update(Case).where(Case.id == number).values(**values))
        session.commit()


def test_customers_who_may_leave_are_listed_by_their_newest_case(queue: Queue) -> None:
    """One line for each customer, with reasons; others and unknown ones are not there."""
    first = queue.add(customer={"id": "anna", "tier": "vip"})
    newest = queue.add(id="A-2", customer={"id": "anna", "tier": "vip"})
    calm, unknown = queue.add(customer={"id": "bo"}), queue.add()
    leaves(queue, first)
    leaves(queue, unknown)
    with queue.service.database.session() as session:
        session.execute(update(Case).where(Case.id == calm).values(signals=" ", level=1))
        session.commit()
    reply = queue.service.client.get(
        "/v1/customers/at-risk", headers={"Authorization": f"Bearer {queue.key}"}
    )
    found = reply.get_json()
    assert errors_of("AtRiskListReply", found) == []
    (one,) = found["items"]
    assert (one["case_id"], one["id"], one["cases"], one["open_cases"]) == (newest, "A-2", 2, 2)
    codes = {reason["code"]: reason["points"] for reason in one["risk"]["reasons"]}
    assert codes["signal:churn"] == 40
    assert codes["tier"] == 8
    assert codes["contacts"] == 8
    assert one["risk"]["points"] == sum(codes.values())
    assert "anna" not in reply.text
    assert "hash" not in reply.text


def test_it_needs_the_scope_cases_and_a_right_limit(queue: Queue) -> None:
    """As the case endpoints do."""
    client = queue.service.client
    assert client.get("/v1/customers/at-risk").status_code == 401
    other = create_key(queue.service.database, "c", [Scope.CLASSIFY])
    refused = client.get("/v1/customers/at-risk", headers={"Authorization": f"Bearer {other}"})
    assert refused.status_code == 403
    wrong = client.get(
        "/v1/customers/at-risk?limit=201", headers={"Authorization": f"Bearer {queue.key}"}
    )
    assert error_of(wrong)["field"] == "limit"


def test_the_page_lists_whom_to_call(house: House) -> None:
    """Reasons and the case; nothing where there is nobody, and only after logging in."""
    assert house.browser().get("/callbacks").status_code == 303
    browser = house.logged_in("viewer")
    assert "今天没有需要回访的客户" in browser.get("/callbacks").text
    number = house.add("等了四十分钟，我要举报，打13800001111", customer={"id": "anna"})
    leaves(house, number)
    html = browser.get("/callbacks").text
    assert f'<a href="/cases/{number}">' in html
    assert "有“流失”信号" in html
    assert "13800001111" not in html
    assert "style=" not in html
    case = browser.get(f"/cases/{number}").text
    assert "流失风险高" in case
    assert "媒体曝光" in case


@pytest.mark.parametrize("move", ["respond", "snooze", "wait", "close"])
def test_who_needs_no_call_today_is_not_listed(house: House, move: str) -> None:
    """Answered today, put off, waited for, or closed."""
    number = house.add(customer={"id": "anna"})
    leaves(house, number)
    browser, by = house.logged_in("viewer"), house.actor("reviewer")
    assert f"/cases/{number}" in browser.get("/callbacks").text
    house.desk.claim(number, by)
    moves = {
        "respond": lambda: house.desk.respond(number, by),
        "snooze": lambda: house.desk.snooze(number, by, house.desk.clock() + timedelta(days=2)),
        "wait": lambda: house.desk.wait_for_customer(number, by),
        "close": lambda: house.desk.dismiss(number, by),
    }
    moves[move]()
    assert f"/cases/{number}" not in browser.get("/callbacks").text


def test_the_download_is_no_formula(house: House) -> None:
    """One line for each customer with every reason; text that begins with = is guarded."""
    number = house.add("=HYPERLINK(1) 我要举报", customer={"id": "anna"})
    leaves(house, number)
    reply = house.logged_in("viewer").get("/callbacks.csv")
    assert reply.headers["Content-Disposition"] == 'attachment; filename="callbacks.csv"'
    head, row = csv.reader(io.StringIO(reply.get_data().decode("utf-8-sig")))
    line = dict(zip(head, row, strict=True))
    assert line["案例"] == str(number)
    assert line["文本（已脱敏）"].startswith("'=")
    assert "（+40）" in line["原因"]
    assert 0.5 <= float(line["流失风险"]) <= 1
