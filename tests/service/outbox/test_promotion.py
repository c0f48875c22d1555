"""Another model became current: one event, whoever sees it and however often."""

from __future__ import annotations

import threading
from pathlib import Path

from classifier.artifact import set_current
from service.outbox.promotion import PromotionWatch
from tests.service.outbox.conftest import Outbox, Receiver, webhook


def told(outbox: Outbox) -> list[object]:
    """What the events of promotions say."""
    return [one.payload["data"] for one in outbox.events() if one.type == "model.promoted"]


def test_a_change_is_told_once(outbox: Outbox, tmp_path: Path) -> None:
    """The first model is no event; each change is one, for all workers, old and new."""
    first, second = (PromotionWatch(outbox.database, tmp_path) for _ in range(2))
    first.check()  # there is no CURRENT yet
    set_current(tmp_path, "one")
    first.check()
    second.check()
    assert told(outbox) == []
    set_current(tmp_path, "two")
    for watch in (second, first, PromotionWatch(outbox.database, tmp_path), second):
        watch.check()
    assert told(outbox) == [{"model": {"version": "two", "before": "one"}}]
    set_current(tmp_path, "one")  # taken back
    first.check()
    second.check()
    assert told(outbox)[1:] == [{"model": {"version": "one", "before": "two"}}]


def test_a_broken_file_stops_nothing(outbox: Outbox, tmp_path: Path) -> None:
    """A CURRENT that names no folder is logged, and the next good one is told."""
    watch = PromotionWatch(outbox.database, tmp_path)
    set_current(tmp_path, "one")
    watch.check()
    (tmp_path / "CURRENT").write_text("../elsewhere", encoding="utf-8")
    watch.check()
    set_current(tmp_path, "two")
    watch.check()
    assert told(outbox) == [{"model": {"version": "two", "before": "one"}}]


def test_the_worker_looks_and_delivers(outbox: Outbox, receiver: Receiver, tmp_path: Path) -> None:
    """The event is on no case, and goes to who asks for it."""
    watch = PromotionWatch(outbox.database, tmp_path)
    set_current(tmp_path, "one")
    watch.check()
    set_current(tmp_path, "two")
    runner = outbox.runner(webhook(receiver.url, 'events = ["model.*"]'))
    runner.every(0.0, watch.check)
    runner.run(threading.Event(), once=True)
    assert [request.json["data"] for request in receiver.requests] == [
        {"model": {"version": "two", "before": "one"}}
    ]
