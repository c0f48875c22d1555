"""The file of targets under watch."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from service.outbox.targets_file import TargetsFile
from tests.service.outbox.conftest import SECRET, webhook


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SECRET", SECRET)


def write(path: Path, text: str, age: float) -> None:
    """A file that was written to some seconds ago."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time.time() - age,) * 2)


def test_a_file_that_is_just_being_written_is_not_taken_for_whole(tmp_path: Path) -> None:
    """An editor that empties it first would lose every event between two looks."""
    path = tmp_path / "targets.toml"
    write(path, webhook("http://127.0.0.1:9/hook"), age=60)
    file = TargetsFile(path)
    write(path, "", age=0)
    assert not file.refresh()
    assert file.by_name
    write(path, webhook("http://127.0.0.1:9/other"), age=0)
    assert not file.refresh()
    assert file.refresh()  # the same at a second look
    (target,) = file.by_name.values()
    assert target.values["url"].endswith("/other")


def test_a_file_that_was_left_alone_is_read_at_once_and_a_missing_one_keeps_what_was(
    tmp_path: Path,
) -> None:
    """It is refused once, not at every look."""
    path = tmp_path / "targets.toml"
    write(path, webhook("http://127.0.0.1:9/hook"), age=60)
    file = TargetsFile(path)
    write(path, "", age=60)
    assert file.refresh()
    assert not file.by_name
    path.unlink()
    assert [file.refresh() for _ in range(3)] == [False] * 3
    assert not file.by_name
