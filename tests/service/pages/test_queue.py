"""The queue page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from service.tables import Role
from tests.service.pages.conftest import House

_LINK = re.compile(r'class="row-link" href="/cases/(\d+)')


def _shown(html: str) -> list[int]:
    return [int(number) for number in _LINK.findall(html)]


def test_the_list_says_why_at_a_glance(house: House) -> None:
    """Priority, time left, category, level, signals and the strongest words stand in a row."""
    number = house.add()
    html = house.logged_in("viewer").get("/cases").text
    assert _shown(html) == [number]
    row = html.split('<ol class="queue">')[1]
    for word in ("P1", "剩 1 小时 59 分钟", "监管投诉", "4", "等了"):
        assert word in row
    assert '<mark class="ev sig sig-a sig-z" title="风险信号：监管投诉">举报</mark>' in row


def test_filters_become_chips_that_can_be_taken_away(house: House) -> None:
    """Each chosen value is a chip whose link leads to the list without it."""
    house.add()
    html = house.logged_in("viewer").get("/cases?priority=P1,P2&overdue=true&q=菜").text
    chips = html.split('aria-label="已选条件"')[1].split("</ul>")[0]
    assert re.findall("<bdi>(.*?)</bdi>", chips) == [
        "优先级：P1",
        "优先级：P2",
        "已超时",
        "查找：菜",
    ]
    assert 'href="/cases?priority=P2&amp;overdue=true&amp;q=%E8%8F%9C"' in chips


def test_every_filter_of_the_form_is_understood(house: House) -> None:
    """Choosing everything that the form offers is no fault."""
    house.add()
    browser = house.logged_in("reviewer")
    html = browser.get("/cases").text
    form = html.split('role="search"')[1].split("</form>")[0]
    offered = re.findall(r'type="checkbox" name="(\w+)" value="([^"]+)"', form)
    for select in re.findall(r'<select[^>]* name="(\w+)">(.*?)</select>', form, re.DOTALL):
        offered += [(select[0], value) for value in re.findall(r'value="([^"]+)"', select[1])]
    assert {"priority", "signal", "team", "state", "sort", "mine"} <= {name for name, _ in offered}
    for name, value in offered:
        assert browser.get("/cases", **{name: value}).status_code == 200, (name, value)


def test_a_wrong_filter_is_told_and_the_page_stays(house: House) -> None:
    """An address that somebody changed by hand says what is allowed."""
    response = house.logged_in("viewer").get("/cases?priority=P9")
    assert response.status_code == 422
    assert "允许的值：P0、P1、P2、P3" in response.text


def test_paging_leads_on_and_back_to_the_beginning(house: House) -> None:
    """The pages hold every case once, and the last one has no next."""
    for _ in range(52):
        house.add()
    browser = house.logged_in("viewer")
    first = browser.get("/cases?sort=oldest").text
    (following,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = browser.get(following.replace("&amp;", "&")).text
    assert (len(_shown(first)), len(_shown(second))) == (50, 2)
    assert not set(_shown(first)) & set(_shown(second))
    assert 'rel="next"' not in second
    assert '<a class="button" href="/cases?sort=oldest" rel="first">' in second


def test_many_cases_are_claimed_at_once(house: House) -> None:
    """The ticked ones are the person's, and the list comes back as it was."""
    numbers = [house.add(), house.add()]
    browser = house.logged_in("reviewer")
    response = browser.post("/cases/claim", case_id=numbers, view="sort=newest")
    assert response.location == "/cases?sort=newest&claimed=2"
    mine = browser.get("/cases?mine=true").text
    assert sorted(_shown(mine)) == numbers
    assert "已认领 2 个案例" in browser.get(response.location).text


def test_what_somebody_else_claimed_first_is_told_by_name(house: House) -> None:
    """Of the ticked ones the free are claimed, the others say who has them."""
    free, taken = house.add(), house.add()
    house.desk.claim(taken, house.actor("second"))
    response = house.logged_in("reviewer").post("/cases/claim", case_id=[free, taken])
    assert response.status_code == 409
    html = response.text
    assert "1 个已认领，1 个未能认领" in html
    assert "已由 second 认领" in html
    assert house.logged_in("reviewer").post("/cases/claim").status_code == 422


def test_an_empty_queue_says_what_to_do(house: House) -> None:
    """Without cases the page explains; with filters it offers to drop them."""
    browser = house.logged_in("viewer")
    assert "make demo" in browser.get("/cases").text
    assert "没有符合条件的案例" in browser.get("/cases?q=没有").text


def test_overdue_is_written_not_only_coloured(house: House) -> None:
    """A late case says by how much, in words."""
    late = (datetime.now(UTC) - timedelta(hours=5)).isoformat()
    house.add(occurred_at=late)
    html = house.logged_in("viewer").get("/cases").text
    assert re.search(r'class="clock overdue"[^>]*>超时 (2 小时 59 分钟|3 小时)<', html)


def test_the_number_of_new_p0_cases_is_asked_without_a_page(house: House) -> None:
    """Pages ask for JSON, which somebody who is logged out does not get."""
    assert house.logged_in("viewer").get("/live.json").get_json() == {"new_p0": 0}
    refused = house.browser().get("/live.json")
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (401, "login_needed")


def test_the_export_holds_what_the_view_shows(house: House) -> None:
    """CSV of the filtered list, formulas made harmless."""
    house.add("=HYPERLINK(1)，等了四十分钟，我要举报")
    house.add()
    response = house.logged_in("viewer").get("/cases/export.csv?q=HYPERLINK")
    lines = response.text.splitlines()
    assert len(lines) == 2
    assert ",'=HYPERLINK" in lines[1] or ",\"'=HYPERLINK" in lines[1]


def test_a_viewer_sees_no_control_that_would_be_refused(house: House) -> None:
    """Neither ticks nor a button to claim."""
    house.add()
    html = house.logged_in(Role.VIEWER.name.lower()).get("/cases").text
    assert 'name="case_id"' not in html
    assert 'action="/cases/claim"' not in html
