"""The weekly report on paper, by the browser that the service would use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.weekly.pdf import Printer
from tests.e2e.conftest import Site


@pytest.mark.usefixtures("chromium")
def test_the_report_fits_three_sheets(site: Site, tmp_path: Path) -> None:
    """The file of the demo cases becomes a PDF of at most three pages, with text in it."""
    page, target = tmp_path / "report.html", tmp_path / "report.pdf"
    site.run("weekly-report", "--output", str(page), "--pdf", str(target))
    content = target.read_bytes()
    assert content.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", content)) <= 3
    assert b"/ToUnicode" in content
    assert Printer(tmp_path).is_there
    assert "本周要点" in page.read_text(encoding="utf-8")
