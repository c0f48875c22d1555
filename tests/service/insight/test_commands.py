from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.__main__ import main
from service.db import Database, upgrade
from service.settings import read_settings
from tests.service.insight.conftest import Stream
from tests.service.insight.test_clusters import CRASH, LATE


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A TRIAGE_HOME whose queue has two problems, eight cases each."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    database = Database(read_settings({"TRIAGE_HOME": str(tmp_path)}).database_url)
    upgrade(database)
    stream = Stream(database)
    for text in (*CRASH, *LATE):
        stream.add([datetime.now(UTC)], text)
    database.close()


def run(*words: str) -> Result:
    """The result of the command."""
    return CliRunner().invoke(main, ["insight", *words])


@pytest.mark.usefixtures("filled")
def test_issues_are_found_and_listed() -> None:
    """The summary and one line for each; the next call lists the same without grouping anew."""
    result = run("--rebuild")
    assert result.exit_code == 0, result.output
    assert "16 cases: 2 frequent issues" in result.stdout
    lines = [line for line in result.stdout.splitlines() if "a week" in line]
    assert len(lines) == 2
    assert any("闪退" in line for line in lines)
    assert run().stdout.splitlines() == lines


@pytest.mark.usefixtures("filled")
def test_machines_get_one_object_a_line() -> None:
    """With nothing else on standard output."""
    result = run("--rebuild", "--json")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["cases"] for one in found] == [8, 8]


@pytest.mark.usefixtures("filled")
def test_before_the_first_grouping_it_says_what_to_do() -> None:
    """Nothing was found because nobody looked."""
    assert "run with --rebuild" in run().stdout
