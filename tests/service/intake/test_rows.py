"""Tables of complaints: each row taken once, whatever happens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from classifier.errors import InputFileError, SettingsError
from service.__main__ import main
from service.intake.commands import Options, open_source
from service.intake.cursor import Cursor
from service.intake.source import Position, SourceError
from service.secret import load_secret
from tests.conftest import ROOT
from tests.service.intake.conftest import Desk


def table(folder: Path, rows: int) -> Path:
    """Complaints with their numbers."""
    lines = [f'{{"text": "第{n}单，我要举报", "id": {n}}}' for n in range(1, rows + 1)]
    path = folder / "in.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_at_any_statement_nothing_is_lost_and_nothing_comes_twice(
    desk: Desk, tmp_path: Path
) -> None:
    """By kill -9, each run going on where the one before was ended."""
    settings = desk.settings
    environment = {
        **os.environ,
        "TRIAGE_HOME": str(settings.home),
        "TRIAGE_MODELS": str(settings.models),
        "TRIAGE_DATABASE_URL": settings.database_url,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.service.intake.killed", str(table(tmp_path, 110))],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 10
    assert [name for name, _ in desk.cases()] == [str(n) for n in range(1, 111)]


def test_what_is_added_later_is_taken_later(desk: Desk, tmp_path: Path) -> None:
    """And a last line that is still being written waits until it is whole."""
    path = table(tmp_path, 3)
    assert desk.take(path).taken == 3
    with path.open("a", encoding="utf-8") as file:
        file.write('{"text": "第四单，我要举')
    assert (desk.take(path).taken, desk.take(path).faulty) == (0, 0)
    with path.open("a", encoding="utf-8") as file:
        file.write('报"}')
    assert desk.take(path).taken == 1
    assert [name for name, _ in desk.cases()] == ["1", "2", "3", "row-4"]


def test_a_file_that_was_changed_is_not_read_on(desk: Desk, tmp_path: Path) -> None:
    """Nobody knows what was taken: the operator decides."""
    path = table(tmp_path, 3)
    desk.take(path)
    content = path.read_text(encoding="utf-8")
    for changed in (content.replace("举报", "表扬", 1), content.split("\n", 1)[1], ""):
        path.write_text(changed, encoding="utf-8")
        with pytest.raises(SourceError, match="not the file that was read before"):
            desk.take(path)
    path.write_text('{"text": "新的一天，我要举报"}\n', encoding="utf-8")
    assert desk.take(path, from_start=True).cases == 1
    assert len(desk.cases()) == 4


def test_bad_rows_are_told_by_number_and_left_behind(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never with their text; the others are taken."""
    path = tmp_path / "in.jsonl"
    lines = ['{"text": "一单，我要举报"}', "{no 13800001111}", '{"text": 7}', '{"content": "x"}',
             '{"text": "x", "occurred_at": "yesterday"}', '{"text": "二单，我要举报"}']  # fmt: skip
    path.write_text("\n".join(lines), encoding="utf-8")
    report = desk.take(path)
    assert (report.taken, report.cases, report.faulty) == (2, 2, 4)
    told = capsys.readouterr()
    assert [line.split(":")[0] for line in told.err.splitlines()] == ["2", "3", "4", "5"]
    assert "occurred_at 是字符串，需要 RFC 3339 时间" in told.err
    assert "13800001111" not in told.out + told.err


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_a_table_out_of_a_spreadsheet(desk: Desk, tmp_path: Path, encoding: str) -> None:
    """GB18030 as Excel writes it in China; own column for the text; times without a zone."""
    path = tmp_path / "in.csv"
    path.write_text(
        "内容,id,channel,customer_id,customer_tier,occurred_at,备注\r\n"
        '"服务太差，\r\n电话13800001111，我要举报",A-1,app,C9,vip,2026-11-20 09:30,㐀\r\n'
        "只有内容我要举报,,,,,,\r\n",
        encoding=encoding,
        newline="",
    )
    assert desk.take(path, text_column="内容", channel="store").cases == 2
    assert desk.cases()[0] == ("A-1", "服务太差，\n电话[手机]，我要举报".replace("\n", "\r\n"))
    first, second = desk.case(1), desk.case(2)
    assert (first.channel, first.customer_tier, second.channel) == ("app", "vip", "store")
    assert first.clock_start_at.isoformat() == "2026-11-20T01:30:00+00:00"
    assert first.customer_hash is not None
    assert (second.client_id, second.customer_hash) == ("row-2", None)


def test_two_that_read_the_same_file_take_nothing_twice(desk: Desk, tmp_path: Path) -> None:
    """The one that comes second to a step is told so, and has stored nothing."""
    path = table(tmp_path, 150)
    secret = load_secret(desk.settings.home)
    source = open_source(Options(str(path)), secret, {})
    slow = Cursor(desk.database, secret, source.identity).read()
    assert desk.take(path).taken == 150
    cursor = Cursor(desk.database, secret, source.identity)
    move = cursor.moving(slow, Position(100, "mark"))
    with (
        pytest.raises(SourceError, match="another process reads the same source"),
        desk.database.engine.begin() as connection,
    ):
        move(connection, [])
    assert cursor.read().number == 150
    assert desk.take(path).taken == 0


def test_wrong_options_are_named(desk: Desk, tmp_path: Path) -> None:
    """With what is allowed."""
    path = tmp_path / "in.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputFileError, match="has no column 'text'; it has a, b"):
        desk.take(path)
    with pytest.raises(SettingsError, match="--zone is 'Mars/City'"):
        desk.take(path, zone="Mars/City")
    with pytest.raises(SourceError, match="a file that exists"):
        desk.take(tmp_path / "none.csv")
    (tmp_path / "in.docx").write_bytes(b"")
    with pytest.raises(SourceError, match=r"\.mbox is needed"):
        desk.take(tmp_path / "in.docx")


def test_the_command_says_what_it_did(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong source ends it with one sentence and exit code 1."""
    monkeypatch.setenv("TRIAGE_HOME", str(desk.settings.home))
    monkeypatch.setenv("TRIAGE_DATABASE_URL", desk.settings.database_url)
    done = CliRunner().invoke(main, ["intake", "--source", str(tmp_path / "none.csv")])
    assert done.exit_code == 1
    assert "--source is" in done.output
