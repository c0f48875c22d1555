"""Once a night, when there is something to group, and not again by another worker."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import structlog

from service.insight.nightly import MIN_CASES, NightlyRebuild
from service.insight.rebuild import rebuild
from tests.service.insight.conftest import NOW, Stream


class Rebuilds:
    """Counts the starts; each one ends when it is told to."""

    def __init__(self) -> None:
        self.started = 0
        self.status: int | None = 0

    def __call__(self) -> Rebuilds:
        """Starts one."""
        self.started += 1
        return self

    def poll(self) -> int | None:
        """How it ended."""
        return self.status


@pytest.fixture
def rebuilds() -> Rebuilds:
    """No start so far."""
    return Rebuilds()


def nightly(stream: Stream, rebuilds: Rebuilds) -> NightlyRebuild:
    """The part of a worker that starts now."""
    return NightlyRebuild(stream.database, clock=lambda: stream.now, start=rebuilds)


def test_once_a_night(stream: Stream, rebuilds: Rebuilds) -> None:
    """At the start what the last night missed, then after three in the morning in China."""
    stream.now = datetime.fromisoformat("2026-06-03T12:00:00+08:00")
    stream.add([stream.now - timedelta(hours=2)] * MIN_CASES)
    part = nightly(stream, rebuilds)
    starts = []
    for _ in range(48):
        part.check()
        starts.append(rebuilds.started)
        stream.now += timedelta(hours=1)
    assert starts == [1] * 15 + [2] * 24 + [3] * 9


def test_a_queue_of_few_cases_is_left_alone(stream: Stream, rebuilds: Rebuilds) -> None:
    """Nothing recurs in them."""
    stream.add([NOW - timedelta(hours=2)] * (MIN_CASES - 1))
    nightly(stream, rebuilds).check()
    assert rebuilds.started == 0


def test_what_another_worker_did_is_not_done_again(stream: Stream, rebuilds: Rebuilds) -> None:
    """The tables say when it was."""
    stream.past(40, 5)
    stream.add([NOW - timedelta(hours=2)] * MIN_CASES, text="充电宝鼓包，客服不理")
    assert rebuild(stream.database, NOW, step=lambda _: None).words > 0
    nightly(stream, rebuilds).check()
    assert rebuilds.started == 0


def test_one_that_runs_is_waited_for_and_one_that_failed_is_told(
    stream: Stream, rebuilds: Rebuilds
) -> None:
    """Two at once would do the same work."""
    stream.add([NOW - timedelta(hours=2)] * MIN_CASES)
    part = nightly(stream, rebuilds)
    part.check()
    rebuilds.status = None
    stream.now += timedelta(days=1)
    part.check()
    assert rebuilds.started == 1
    rebuilds.status = 1
    with structlog.testing.capture_logs() as logs:
        part.check()
    assert [(one["event"], one["exit_status"]) for one in logs] == [("insight_rebuild_failed", 1)]
    assert rebuilds.started == 2
