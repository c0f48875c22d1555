"""Pieces of work on this machine and on a cluster of two worker processes."""

from __future__ import annotations

import sys

import pytest

from classifier.cluster import Run, here, runner
from classifier.errors import InputFileError
from tests.cluster import killing

ITEMS = list(range(40))


def power(base: int, exponent: int) -> int:
    """A piece of work."""
    return base**exponent


@pytest.mark.parametrize("scheduler", [None, "local"])
def test_results_are_in_order_wherever_the_work_is_done(scheduler: str | None) -> None:
    """Threads and worker processes give what a plain loop gives."""
    if scheduler:
        pytest.importorskip("distributed")
    with runner(scheduler, 2) as run:
        assert list(run(power, 3, ITEMS)) == [3**n for n in ITEMS] == list(here(power, 3, ITEMS))


def test_few_items_are_taken_before_they_are_needed() -> None:
    """A million texts are not all sent at once."""
    taken = []
    with runner(None, 2) as run:
        results = run(power, 1, (taken.append(n) or n for n in ITEMS))
        next(results)
        assert len(taken) <= 5
        assert len(list(results)) == len(ITEMS) - 1


def test_a_killed_worker_costs_time_only(cluster: Run) -> None:
    """What it was doing and what it held for all pieces is made anew."""
    killed: list[int] = []
    assert list(killing(cluster, killed)(power, 3, ITEMS)) == [3**n for n in ITEMS]
    assert killed


def test_an_error_of_a_piece_is_raised(cluster: Run) -> None:
    """As it would be in this process."""
    with pytest.raises(ZeroDivisionError):
        list(cluster(power, 0, [1, -1]))


def test_without_dask_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one sentence, with the extra that has it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    named = pytest.raises(InputFileError, match=r"needs the package distributed \(extra dask\)")
    with named, runner("local", 1):
        pass


def test_a_scheduler_that_does_not_answer_is_named() -> None:
    """In one sentence with its address."""
    dask = pytest.importorskip("dask")
    pytest.importorskip("distributed")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "200ms"}),
        pytest.raises(InputFileError, match=r"no Dask scheduler answers at 'tcp://127.0.0.1:9'"),
        runner("tcp://127.0.0.1:9", 1),
    ):
        pass
