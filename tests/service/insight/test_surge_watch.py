from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from service.cases.record import hour
from service.insight import arrivals
from service.insight.tables import Surge
from tests.service.insight.conftest import NOW, Stream


def test_a_steady_stream_tells_nothing(stream: Stream) -> None:
    """Ten a day as ever."""
    stream.past(70, 10)
    stream.watch().check()
    assert stream.told() == []


def test_a_surge_is_told_once_with_words_and_cases(stream: Stream) -> None:
    """One category jumps: the event names it, not team and channel that rise because of it."""
    stream.past(70, 10)
    stream.past(70, 2, category="refund", text="退款还没有到")
    numbers = stream.add([NOW - timedelta(minutes=2)] * 40, "退款页面闪退打不开", category="refund")
    for watch in (stream.watch(), stream.watch()):
        watch.check()
    assert stream.told() == []  # the hour is not over
    stream.now = NOW + timedelta(hours=1)
    for watch in (stream.watch(), stream.watch()):
        watch.check()
        watch.check()
    (only,) = stream.told()
    assert (only["kind"], only["code"]) == ("category", "refund")
    assert only["seen"] == 40 + (0 if only["window_hours"] == 1 else 2)
    assert float(str(only["expected"])) < 3
    assert only["also"] == ["all:", "channel:app", "team:care"]
    assert {"闪退", "打不开"} <= set(only["words"])
    assert set(only["case_ids"]) <= set(numbers)
    assert len(only["case_ids"]) == 5


def test_a_surge_that_is_over_may_come_again(stream: Stream) -> None:
    """It stays open while windows alarm, ends after a calm day, and the next is told of anew."""
    stream.past(70, 10)
    stream.add([NOW - timedelta(minutes=30)] * 60)
    watch = stream.watch()
    for day in range(1, 11):
        stream.now = NOW + timedelta(days=day)
        stream.past(1, 10)
        watch.check()
    assert len(stream.told()) == 1
    with stream.database.session() as session:
        assert session.scalars(select(Surge)).one().ended_at is not None
    stream.add([stream.now - timedelta(minutes=30)] * 60)
    stream.now += timedelta(hours=1)
    watch.check()
    assert len(stream.told()) == 2


def test_without_two_weeks_of_past_nothing_is_judged(stream: Stream) -> None:
    """A new queue has no usual."""
    stream.past(15, 10)
    stream.add([NOW - timedelta(hours=2)] * 100)
    stream.watch().check()
    assert stream.told() == []


def test_what_was_never_there_is_a_surge_too(stream: Stream) -> None:
    """Six cases in a day of a category that was never seen."""
    stream.past(70, 10)
    stream.add([NOW - timedelta(hours=2)] * 6, category="injury", channel=None)
    stream.watch().check()
    assert [one["code"] for one in stream.told()] == ["injury"]


def test_all_rising_together_is_one_surge_of_all(stream: Stream) -> None:
    """Four categories that triple in one day are not four surges."""
    for code in ("a", "b", "c", "d"):
        stream.past(70, 20, category=code, team=code, channel=code)
    for code in ("a", "b", "c", "d"):
        moments = [NOW - timedelta(hours=number % 12 + 2) for number in range(48)]
        stream.add(moments, category=code, team=code, channel=code)
    stream.watch().check()
    assert [one["kind"] for one in stream.told()] == ["all"]


def test_a_product_surges_within_a_steady_category(stream: Stream) -> None:
    """It is told by the product; rare products beyond the limit have no series."""
    for _ in range(3):
        stream.past(70, 10, product="轻氧2代")
    stream.past(70, 20, product="轻氧1代", region="成都")
    stream.add([NOW - timedelta(hours=2)] * 60, product="轻氧2代")
    stream.watch().check()
    (only,) = stream.told()
    assert (only["kind"], only["code"]) == ("product", "轻氧2代")


def test_only_frequent_products_have_a_series(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each series more makes all others less keen."""
    monkeypatch.setattr(arrivals, "_MOST_VALUES", 2)
    for number, product in enumerate(("甲", "乙", "丙"), 1):
        stream.add([NOW - timedelta(hours=2)] * number, product=product)
    with stream.database.session() as session:
        series = arrivals.read(session, hour(NOW)).series()
    assert {one.code for one in series if one.kind == "product"} == {"乙", "丙"}
    assert int(series[arrivals.ALL].sum()) == 6


def test_demo_cases_tell_nothing(stream: Stream) -> None:
    """They are made up for show, and all come at once."""
    stream.past(70, 10)
    stream.add([NOW - timedelta(hours=2)] * 100, created_by="demo:client")
    stream.watch().check()
    assert stream.told() == []


def test_one_customer_who_insists_is_no_surge(stream: Stream) -> None:
    """Forty messages of one person within hours, of which three count."""
    stream.past(70, 10)
    for contact in range(1, 41):
        stream.add([NOW - timedelta(hours=2)], contacts=contact)
    stream.watch().check()
    assert stream.told() == []
