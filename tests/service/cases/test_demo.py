from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from classifier.errors import InputFileError
from service.cases import demo
from service.cases.tables import CaseContent
from service.quality.tables import Rating
from tests.builders import write_csv
from tests.service.cases.conftest import Queue


def test_a_demo_queue_is_lively(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases over many days, some claimed, some closed, some with verdicts."""
    monkeypatch.setattr(demo, "load_parts", lambda _settings: queue.service.parts)
    write_csv(
        tmp_path / "a.csv",
        [("服务太差了", "service", 4, "app"), ("快递丢了", "delivery", 5, "phone")],
        ("text", "category", "intensity", "channel"),
    )
    service = queue.service
    made = demo.fill_demo(service.settings, service.database, tmp_path, 60, seed=3)
    assert made.cases == 60
    assert made.closed > 10
    assert made.verdicts > 5
    everything = queue.get(state="all", limit=200).get_json()["items"]
    assert len(everything) == 60
    assert len({item["created_at"][:10] for item in everything}) > 5
    assert {item["channel"] for item in everything} >= {"app", "phone"}
    with service.database.session() as session:
        talks = session.scalars(select(CaseContent).where(CaseContent.dialogue.is_not(None))).all()
        assert len(talks) == 6
        assert session.scalar(select(func.count()).select_from(Rating)) > 3


def test_a_folder_without_texts_is_one_sentence(tmp_path: Path) -> None:
    """It is named, and so is the option."""
    with pytest.raises(InputFileError, match="--corpus"):
        demo.read_corpus(tmp_path)
