"""A service that is asked all the time loses nothing (`python -m tests.show.faults` does more)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import delete

from service.cases.tables import Case
from service.db import Database
from tests.show.faults.__main__ import run
from tests.show.faults.serving import check, serving


@pytest.mark.parametrize(
    ("kind", "times"),
    [("kill -9", 3), ("power cut", 2), ("database restart", 2), ("half-written model", 2)],
)
def test_what_was_accepted_is_there_once(kind: str, times: int) -> None:
    """Faults of each kind that needs no rights of root; how fast it is well again is measured."""
    found = run(kind, times)
    assert found.wrong == []
    assert found.accepted > 0
    assert found.slowest < float("inf")


def test_a_lost_case_and_one_that_nobody_asked_for_are_seen() -> None:
    """The measure itself."""
    with serving() as service:
        assert service.stores_after() < float("inf")
        service.stop()
        url, home, accepted = service.database_url, service.home, dict(service.accepted)
        assert check(url, home, accepted, most=0) == []
        assert _wrong(url, home, accepted | {-1: 10_000_000}) == "are not there"
        number, case = accepted.popitem()
        assert _wrong(url, home, accepted) == "nobody was told of"
        accepted |= {number: case, -1: case}
        assert _wrong(url, home, accepted) == "share a case with another"
        database = Database(url)
        with database.writing() as session:
            session.execute(delete(Case).where(Case.id == case))
            session.commit()
        database.close()
        del accepted[-1]
        assert _wrong(url, home, accepted) == "are not there"


def _wrong(url: str, home: Path, accepted: Mapping[int, int]) -> str:
    (sentence,) = check(url, home, accepted, most=0)
    return sentence.split(" ", 2)[2].removeprefix("requests ").removeprefix("accepted requests ")
