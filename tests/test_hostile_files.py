"""Every reader refuses hostile files, or reads them, within a second's time and bounded memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.show.hostile import cases, is_fault, outcome


def test_no_hostile_file_is_more_than_refused(toy_folder: Path, tmp_path: Path) -> None:
    """Bombs, endless cells, deep nests, devices and damaged bytes: an error of our own, or rows."""
    found = {}
    for number, case in enumerate(cases(toy_folder)):
        folder = tmp_path / str(number)
        folder.mkdir()
        found[case.name, case.what] = outcome(case, folder)[0]
    assert {case: said for case, said in found.items() if is_fault(said)} == {}
    bombs = [said for (_, what), said in found.items() if "bomb" in what]
    assert len(bombs) == 3
    assert all("refused" in said for said in bombs)


def test_a_fault_is_told(tmp_path: Path) -> None:
    """The measure itself: another error, and too much memory, are faults."""
    case = next(cases(tmp_path))
    for number, read in enumerate((lambda _: 1 / 0, lambda _: bytearray(10**10))):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert is_fault(outcome(case._replace(read=read), folder)[0])


@pytest.mark.parametrize("content", ["text,n\n退款,1\n", 'text,n\n"退,\n款",1\n'])
def test_limits_do_not_touch_usual_tables(tmp_path: Path, content: str) -> None:
    """Quoted cells with line breaks are read as before."""
    case = next(cases(tmp_path))._replace(content=content.encode())
    assert outcome(case, tmp_path)[0] == "read"
