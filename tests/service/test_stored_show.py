"""The run that says what a stored case costs sees all that is written for one."""

from __future__ import annotations

from pathlib import Path

from service.db import Database
from tests.service.postgres import postgres_server
from tests.show.stored import measure, with_keys


def test_a_small_run_sees_every_table_that_grows(tmp_path: Path) -> None:
    """Case, text, audit log and kept reply, each at its share of the whole."""
    with postgres_server().database() as url:
        database = Database(url)
        found = measure(database, tmp_path, rounds=1)
        database.close()
    by_table = found["bytes_a_case_by_table"]
    assert isinstance(by_table, dict)
    assert {"cases", "case_contents", "audit_entries", "idempotency_records"} <= set(by_table)
    assert found["bytes_a_case"] == sum(by_table.values())
    assert by_table["case_contents"] > 500
    assert isinstance(found["cases"], int)
    assert found["cases"] > 20


def test_each_request_gets_a_key_of_its_own() -> None:
    """The body stays; otherwise the kept reply of the first would be all that is measured."""
    request = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
    first, second = with_keys([request, request])
    assert first != second
    assert first.endswith(b"\r\n\r\n{}")
    assert first.count(b"\r\nIdempotency-Key: ") == 1
