"""The weekly report on paper, by the browser that the service would use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.db import Database, upgrade
from service.weekly.pdf import Printer
from service.weekly.render import render_file
from tests.service.insight.conftest import Stream
from tests.service.weekly.conftest import World
from tests.service.weekly.test_report import angry_week


@pytest.mark.usefixtures("chromium")
def test_the_report_fits_three_sheets(tmp_path: Path) -> None:
    """A week with every part becomes a PDF of at most three pages, with text and not pictures."""
    database = Database(f"sqlite:///{tmp_path}/triage.sqlite3")
    upgrade(database)
    world = World(Stream(database))
    angry_week(world)
    content = Printer(tmp_path).pdf(render_file(world.report()))
    database.close()
    assert content.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", content)) <= 3
    assert b"/ToUnicode" in content
