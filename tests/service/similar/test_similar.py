from __future__ import annotations

import pytest

from service.keys import create_key
from service.tables import Scope
from tests.service.cases.conftest import Queue
from tests.service.client import error_of
from tests.service.pages.conftest import House
from tests.service.test_openapi import errors_of

FREEZER = "冰柜送来就不制冷，商家一直拖着不给换，我要举报"
LIKE = "新买的冰柜不制冷，商家拖着不给换，举报你们"
OTHER = "昨晚地铁口有人发传单拦住孩子，吓得直哭"


def close(queue: Queue, number: int, note: str | None = None, end: str = "resolve") -> None:
    """Work a case to its end."""
    assert queue.post(f"/{number}/claim").status_code == 200
    assert queue.post(f"/{number}/{end}", note=note).status_code == 200


def test_a_closed_case_like_this_one_is_found_with_its_end(queue: Queue) -> None:
    """State, time, last note and verdict; open, unlike and own cases are left out."""
    like, other = queue.add(LIKE, id="L-1"), queue.add(OTHER)
    queue.post(f"/{like}/claim")
    queue.post(f"/{like}/note", note="已联系 13800001111")
    queue.post(f"/{like}/verdict", category="quality", reason="说的是质量")
    queue.post(f"/{like}/resolve", note="已换新机，客户认可")
    close(queue, other)
    queue.add(LIKE)  # still open
    asked = queue.add(FREEZER)
    found = queue.get(f"/{asked}/similar").get_json()
    assert errors_of("SimilarReply", found) == []
    (one,) = found["items"]
    assert (one["case_id"], one["id"], one["state"]) == (like, "L-1", "resolved")
    assert one["last_note"]["text"] == "已换新机，客户认可"
    assert one["last_verdict"]["category"] == one["category"] == "quality"
    assert one["resolution_seconds"] is not None
    assert "冰柜" in one["terms"] or "不制" in one["terms"]
    assert 0.25 <= one["likeness"] <= 1
    assert found["model_version"] == "v1"


def test_the_most_alike_come_first_and_no_more_than_asked(queue: Queue) -> None:
    """The same words entirely, before most of them; a dismissed case counts too."""
    for text, end in ((LIKE, "resolve"), (FREEZER, "dismiss"), (LIKE, "resolve")):
        close(queue, queue.add(text), end=end)
    asked = queue.add(FREEZER)
    items = queue.get(f"/{asked}/similar").get_json()["items"]
    assert [(one["case_id"], one["state"]) for one in items] == [
        (2, "dismissed"), (3, "resolved"), (1, "resolved"),
    ]  # fmt: skip
    assert items[0]["likeness"] == 1.0
    assert [o["case_id"] for o in queue.get(f"/{asked}/similar", limit=1).get_json()["items"]] == [
        2
    ]


@pytest.mark.parametrize("text", [FREEZER, "!", "？？？"])
def test_nothing_found_is_an_empty_list(queue: Queue, text: str) -> None:
    """Also for a text without a word in it."""
    close(queue, queue.add(OTHER))
    found = queue.get(f"/{queue.add(text)}/similar")
    assert (found.status_code, found.get_json()["items"]) == (200, [])


def test_what_is_shown_is_masked_and_short(queue: Queue) -> None:
    """No telephone number leaves; a long text is cut and says so."""
    text = LIKE + "，打13800001111没人接" + "，一直在等" * 90
    close(queue, queue.add(text))
    (one,) = queue.get(f"/{queue.add(text)}/similar").get_json()["items"]
    assert "13800001111" not in one["text"]
    assert (len(one["text"]), one["text_is_cut"]) == (300, True)


@pytest.mark.parametrize("limit", ["0", "21", "x"])
def test_a_wrong_limit_is_said(queue: Queue, limit: str) -> None:
    """With the parameter's name; an unknown parameter too, and a case that is not there."""
    number = queue.add(FREEZER)
    assert error_of(queue.get(f"/{number}/similar", limit=limit))["field"] == "limit"
    assert error_of(queue.get(f"/{number}/similar", top="5"))["field"] == "top"
    assert error_of(queue.get("/99/similar"))["code"] == "case_not_found"


def test_it_needs_the_scope_cases(queue: Queue) -> None:
    """As everything else about cases."""
    number = queue.add(FREEZER)
    queue.key = create_key(queue.service.database, "c", [Scope.CLASSIFY])
    assert queue.get(f"/{number}/similar").status_code == 403


def test_the_case_page_shows_them(house: House) -> None:
    """With how they ended; where there are none it says so."""
    first = house.add(LIKE)
    browser = house.logged_in("viewer")
    assert "没有找到相似的已结束案例" in browser.get(f"/cases/{first}").text
    house.desk.claim(first, house.actor("reviewer"))
    house.desk.resolve(first, house.actor("reviewer"), note="换了<b>新机</b>")
    html = browser.get(f"/cases/{house.add(FREEZER)}").text
    assert f'<a href="/cases/{first}">#{first} ' in html
    assert "已解决</b>，用时" in html
    assert "换了&lt;b&gt;新机&lt;/b&gt;" in html
