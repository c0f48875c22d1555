from __future__ import annotations

import stat
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from service.__main__ import main
from service.audit_log import AuditQuery, list_entries
from service.privacy.export import explained
from tests.service.cases.conftest import person
from tests.service.privacy.conftest import Home

TEXT = "碧梧栖老凤凰枝，我要举报"
OTHERS = "江碧鸟逾白，我要举报"


def plant(home: Home) -> int:
    """A case of one customer with a note, and one of another."""
    case = home.queue.add(TEXT, customer={"id": "客户-7731"}, id="TS-1")
    home.queue.desk.note(case, person("a"), "已致电说明")
    home.queue.post(f"/{case}/feedback", csat=2)
    home.queue.post(f"/{case}/verdict", priority="P0", reason="有安全隐患")
    home.queue.add(OTHERS, customer={"id": "C2"})
    return case


def test_everything_about_a_person_and_nobody_else(home: Home) -> None:
    """Texts, notes, verdicts, ratings, contacts, history, readable; the audit log notes it."""
    case = plant(home)
    found = home.admin("/v1/customers/export", customer_id="客户-7731")
    held = found["内容"]
    assert isinstance(held, dict)
    assert held["cases"][0]["client_id"] == "TS-1"
    assert held["case_contents"][0]["text"] == TEXT
    assert held["case_notes"][0]["text"] == "已致电说明"
    assert held["verdicts"][0]["reason"] == "有安全隐患"
    assert held["case_ratings"][0]["csat"] == 2
    assert len(held["contacts"]) == 1
    actions = [entry["action"] for entry in held["audit_entries"]]
    assert actions == ["enqueue", "note", "rate", "review"]
    assert {entry["subject"] for entry in held["audit_entries"]} == {f"case:{case}"}
    assert OTHERS not in str(found)
    entry = list_entries(home.database, AuditQuery(action="export_customer")).entries[0]
    assert '"cases":1' in entry.after
    assert "7731" not in entry.before + entry.after + entry.subject


def test_each_field_is_explained(home: Home) -> None:
    """In Chinese; no table and no field is left out, and none is explained that is not there."""
    plant(home)
    found = home.admin("/v1/customers/export", customer_id="客户-7731")
    held, told = found["内容"], found["说明"]
    assert isinstance(held, dict)
    assert isinstance(told, dict)
    assert set(held) == set(told) == set(explained())
    for name, rows in held.items():
        for row in rows:
            assert set(row) == set(told[name]) - {"about"}, name
        assert all(not meaning.isascii() for meaning in told[name].values())


def test_tables_without_rows_are_explained_too(home: Home) -> None:
    """Columns of every exported table, whether this person has rows in it or not."""
    from service.columns import Base  # noqa: PLC0415

    hidden = {"customer_hash", "text_hash", "created_hour", "searchable", "source", "link"}
    for name, told in explained().items():
        columns = {column.name for column in Base.metadata.tables[name].columns}
        assert set(told) - {"about"} == columns - hidden, name
    assert home.admin("/v1/customers/export", customer_id="nobody")["内容"]


def test_the_command_writes_a_file_of_its_owner_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The id comes from standard input; the file is readable JSON."""
    plant(home)
    monkeypatch.setenv("TRIAGE_HOME", str(home.settings.home))
    monkeypatch.setenv("TRIAGE_DATABASE_URL", home.settings.database_url)
    file = tmp_path / "own.json"
    run = CliRunner().invoke(main, ["export-customer", "--output", str(file)], input="客户-7731\n")
    assert (run.exit_code, run.output) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert orjson.loads(file.read_bytes())["内容"]["case_contents"][0]["text"] == TEXT
    assert TEXT in file.read_text(encoding="utf-8")
    run = CliRunner().invoke(main, ["export-customer"], input="C2")
    assert OTHERS in run.output
