"""Taking sources in with a fake model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from service.cases.tables import Case, CaseContent
from service.db import Database
from service.intake.commands import Options, run_intake
from service.intake.run import Report
from service.settings import Settings
from tests.service.fakes import load_fake


@dataclass
class Desk:
    """An installation whose operator runs the command."""

    settings: Settings
    database: Database

    def take(self, source: Path | str, **options: object) -> Report:
        """One run."""
        return run_intake(self.settings, self.database, Options(str(source), **options), load_fake)

    def cases(self) -> list[tuple[str | None, str]]:
        """The cases in order: what they are known by, and their masked texts."""
        with self.database.session() as session:
            rows = session.execute(
                select(Case.client_id, CaseContent.text)
                .join(CaseContent, CaseContent.case_id == Case.id)
                .order_by(Case.id)
            )
            return [(row[0], row[1]) for row in rows]

    def case(self, number: int = 1) -> Case:
        """A case."""
        with self.database.session() as session:
            return session.get_one(Case, number)


@pytest.fixture
def desk(settings: Settings, database: Database) -> Desk:
    """An empty queue."""
    return Desk(settings, database)
