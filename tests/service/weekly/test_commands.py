from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.__main__ import main
from service.db import Database, upgrade
from service.settings import read_settings
from tests.service.insight.conftest import Stream
from tests.service.weekly.conftest import SHANGHAI, World
from tests.service.weekly.test_pdf import WRITES, install


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A TRIAGE_HOME whose last whole week has nine cases; no model and no browser."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    monkeypatch.setenv("TRIAGE_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    database = Database(read_settings({"TRIAGE_HOME": str(tmp_path)}).database_url)
    upgrade(database)
    now = datetime.now(UTC)
    today = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday() + 7)
    World(Stream(database), monday, now).add(9)
    database.close()
    year, number, _ = monday.isocalendar()
    return f"{year}-W{number:02d}"


def run(*words: str) -> Result:
    """The result of the command."""
    return CliRunner().invoke(main, ["weekly-report", *words])


def test_without_a_file_it_says_the_summary(code: str) -> None:
    """The week, the sentences, the steps."""
    result = run()
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(code)
    assert "进来 9 件投诉" in result.stdout
    assert "--output" in result.stdout


def test_machines_get_one_object(code: str, tmp_path: Path) -> None:
    """With nothing else on standard output, also when a file is written."""
    result = run("--week", code, "--json", "--output", str(tmp_path / "report.html"))
    found = json.loads(result.stdout)
    assert (found["week"], found["whole"]["cases"]) == (code, 9)


def test_files_are_written(code: str, tmp_path: Path) -> None:
    """HTML into a new folder; PDF by the browser."""
    install(tmp_path / "bin", WRITES)
    html, pdf = tmp_path / "new" / "report.html", tmp_path / "report.pdf"
    result = run("--output", str(html), "--pdf", str(pdf))
    assert result.exit_code == 0, result.output
    assert f"投诉周报 {code}" in html.read_text(encoding="utf-8")
    assert pdf.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(("words", "status", "said"), [
    (("--week", "2026-W99"), 2, "2026-W99"), (("--week", "9000-W01"), 2, "such as 2026-W46"),
    (("--pdf", "x.pdf"), 1, "no browser"), (("--output", "/proc/no/report.html"), 1, "/proc/no"),
])  # fmt: skip
@pytest.mark.usefixtures("code")
def test_errors_are_one_sentence(words: tuple[str, ...], status: int, said: str) -> None:
    """With the value, and what is allowed."""
    result = run(*words)
    assert result.exit_code == status
    assert said in result.stderr
    assert "Traceback" not in result.output
